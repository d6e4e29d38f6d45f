package polar_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// evidence is which tests called a route, or had a type of event built: what the twin
// logs about itself at debug level.
var evidence = struct {
	sync.Mutex
	tests map[string]map[string]bool // by route or event type
}{tests: map[string]map[string]bool{}}

// witness is a log that keeps the evidence and prints nothing.
type witness struct{ test string }

func (witness) Enabled(context.Context, slog.Level) bool { return true }

func (w witness) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "route" || a.Key == "type" {
			evidence.Lock()
			defer evidence.Unlock()
			if evidence.tests[a.Value.String()] == nil {
				evidence.tests[a.Value.String()] = map[string]bool{}
			}
			top, _, _ := strings.Cut(w.test, "/")
			evidence.tests[a.Value.String()][top] = true
		}
		return true
	})
	return nil
}

func (w witness) WithAttrs([]slog.Attr) slog.Handler { return w }
func (w witness) WithGroup(string) slog.Handler      { return w }

// TestMain runs the tests and then holds docs/twin.md against what they did: every
// route that is served has a row, and the test that a row names really called it.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if run := flag.Lookup("test.run").Value.String(); code == 0 && run == "" && !testing.Short() {
		code = compareWithDocument()
	}
	os.Exit(code)
}

func compareWithDocument() (code int) {
	rows, err := documentRows("../../docs/twin.md")
	if err != nil {
		fmt.Println("FAIL: docs/twin.md:", err)
		return 1
	}
	for _, subject := range slices.Sorted(maps.Keys(rows)) {
		if test := rows[subject]; strings.HasPrefix(test, "Test") && !evidence.tests[subject][test] {
			fmt.Printf("FAIL: docs/twin.md says that %s proves %q; these did: %v\n", test, subject, slices.Sorted(maps.Keys(evidence.tests[subject])))
			code = 1
		}
	}
	served, err := servedRoutes()
	if err != nil {
		fmt.Println("FAIL: read the route tables:", err)
		return 1
	}
	for subject := range evidence.tests {
		if !strings.Contains(subject, "/") && subject != "" {
			served = append(served, subject) // an event type
		}
	}
	for _, subject := range served {
		if _, listed := rows[subject]; !listed {
			fmt.Printf("FAIL: docs/twin.md has no row for %q; these prove it: %v\n", subject, slices.Sorted(maps.Keys(evidence.tests[subject])))
			code = 1
		}
	}
	return code
}

var routePattern = regexp.MustCompile(`"((?:GET|POST|PATCH|PUT|DELETE) /v1/[^"]*)":`)

// servedRoutes reads the patterns that stand in the route tables of this package; those
// that a loop puts together are known by the evidence only.
func servedRoutes() (routes []string, err error) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for _, match := range routePattern.FindAllStringSubmatch(string(source), -1) {
			routes = append(routes, match[1])
		}
	}
	if len(routes) < 110 {
		return nil, fmt.Errorf("only %d routes were found", len(routes))
	}
	return routes, nil
}

// documentRows reads the served rows of the document's tables: subject -> test, which
// is one of this package or, after "clients:", one of the ring of foreign clients.
func documentRows(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		subject, test := strings.Trim(cells[1], " `"), strings.Trim(cells[len(cells)-2], " `")
		if strings.HasPrefix(test, "Test") || strings.HasPrefix(test, "clients:") {
			rows[subject] = test
		}
	}
	if len(rows) < 100 {
		return nil, fmt.Errorf("only %d rows name a test", len(rows))
	}
	return rows, nil
}
