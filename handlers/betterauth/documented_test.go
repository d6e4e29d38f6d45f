package betterauth

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEveryEndpointIsDocumented: the table of docs/better-auth.md has each endpoint of the
// router and no other, and the tests that it names are there.
func TestEveryEndpointIsDocumented(t *testing.T) {
	root := filepath.Join("..", "..")
	tests := testsOf(t, ".", filepath.Join(root, "handlers"))
	listed := documented(t)
	for endpoint, names := range testedBy(t) {
		for _, name := range strings.Split(names, ",") {
			name = strings.TrimSpace(name)
			_, err := os.Stat(filepath.Join(root, "clients", name))
			if !tests[name] && (err != nil || !strings.HasSuffix(name, ".test.mjs")) {
				t.Errorf("%s: there is no test %q", endpoint, name)
			}
		}
	}
	routed := map[string]bool{}
	for _, e := range newRig(t).server.endpoints() {
		routed[e.method+" "+e.path] = true
		if _, ok := listed[e.method+" "+e.path]; !ok {
			t.Errorf("docs/better-auth.md does not name %s %s", e.method, e.path)
		}
	}
	for endpoint := range listed {
		if !routed[endpoint] && endpoint != "POST /polar/webhooks" { // it is a route of the portal's own
			t.Errorf("docs/better-auth.md names %s, which is no endpoint", endpoint)
		}
	}
}

// table reads the rows of the endpoints in docs/better-auth.md: one column by the first.
func table(t *testing.T, column int) map[string]string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "better-auth.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) == 6 && regexp.MustCompile(`^ (GET|POST) /`).MatchString(cells[1]) {
			rows[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[column])
		}
	}
	return rows
}

// documented says who may call each endpoint.
func documented(t *testing.T) map[string]string { return table(t, 2) }

// testedBy names the tests of each endpoint.
func testedBy(t *testing.T) map[string]string { return table(t, 4) }

// testsOf are the names of the test functions in folders.
func testsOf(t *testing.T, folders ...string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
				names[string(match[1])] = true
			}
		}
	}
	return names
}

// TestEveryRowOfTheChecklistIsTold: the conformance checklist is whole and in order, and the
// story that each row names has a test with its number.
func TestEveryRowOfTheChecklistIsTold(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "better-auth.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (\d+) \| .* \| (\S+) \|$`).FindAllStringSubmatch(string(page), -1)
	if len(rows) != 20 {
		t.Fatalf("%d rows, want 20", len(rows))
	}
	for i, row := range rows {
		if row[1] != strconv.Itoa(i+1) {
			t.Errorf("row %d has the number %s", i+1, row[1])
		}
		story, err := os.ReadFile(filepath.Join("..", "..", "clients", row[2]))
		if err != nil || !regexp.MustCompile(`(?m)^test\(.*\(`+row[1]+`\)"`).Match(story) {
			t.Errorf("%s has no test with (%s) %v", row[2], row[1], err)
		}
	}
}
