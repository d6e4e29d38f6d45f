package views_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"counterfoil/views"
)

var (
	called = regexp.MustCompile(`\.(?:t|T|N)\("([^"]+)"`)
	quoted = regexp.MustCompile(`"([a-z_]+(?:\.[a-z0-9_]+)+)"`)
)

// sources returns the text of every hand-written file that may name a message.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range []string{".", "../handlers", "../worker", "../auth", "../cmd"} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || entry.IsDir() {
				return err
			}
			templ := strings.HasSuffix(path, ".templ")
			plain := strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_templ.go") && !strings.HasSuffix(path, "_test.go")
			if !templ && !plain {
				return nil
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func catalogueIDs(t *testing.T, file string) map[string]bool {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var entries map[string]any
	if err := json.Unmarshal(raw, &entries); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for id := range entries {
		ids[id] = true
	}
	return ids
}

// TestCatalogueIsWhole: no page names a text that is missing, no text is unused.
func TestCatalogueIsWhole(t *testing.T) {
	ids, text := catalogueIDs(t, "messages/en.json"), sources(t)
	var families []string
	for _, m := range called.FindAllStringSubmatch(text, -1) {
		if strings.HasSuffix(m[1], ".") || strings.HasSuffix(m[1], "_") {
			families = append(families, m[1]) // the rest of the id comes from a table or a kind
			continue
		}
		if !ids[m[1]] {
			t.Errorf("message %q is used and not in messages/en.json", m[1])
		}
	}
	used := map[string]bool{}
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		used[m[1]] = true
	}
	for id := range ids {
		inFamily := slices.ContainsFunc(families, func(family string) bool { return strings.HasPrefix(id, family) })
		if !used[id] && !inFamily {
			t.Errorf("message %q is in messages/en.json and never used", id)
		}
	}
}

// TestNoPageShowsAnID: an id on a page is a text that somebody forgot.
func TestNoPageShowsAnID(t *testing.T) {
	ids := catalogueIDs(t, "messages/en.json")
	for _, s := range newSampler(t).all() {
		html := render(t, s)
		for id := range ids {
			if strings.Contains(html, ">"+id+"<") || strings.Contains(html, `"`+id+`"`) {
				t.Errorf("%s shows the id %q", s.name, id)
			}
		}
	}
}

func TestSecondLanguage(t *testing.T) {
	catalogue, err := views.ReadCatalogue(fstest.MapFS{
		"en.json": {Data: []byte(`{"number.group": ",", "number.point": ".", "hello": "Hello, {{.Name}}", "only": "Only here",
			"days": {"one": "{{.Count}} day", "other": "{{.Count}} days"}}`)},
		"pl.json": {Data: []byte(`{"number.group": " ", "number.point": ",", "hello": "Cześć, {{.Name}}",
			"days": {"one": "{{.Count}} dzień", "few": "{{.Count}} dni", "many": "{{.Count}} dni (wiele)", "other": "{{.Count}} dnia"}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	polish := catalogue.Translator("pl-PL,en;q=0.5", nil)
	unknown := catalogue.Translator("xx", nil)
	tests := []struct{ name, got, want string }{
		{"the reader's language", polish.T("hello", "Name", "Noor"), "Cześć, Noor"},
		{"its plural for one", polish.N("days", 1), "1 dzień"},
		{"its plural for few", polish.N("days", 3), "3 dni"},
		{"its plural for many", polish.N("days", 12), "12 dni (wiele)"},
		{"its numbers", polish.Credits(1_234_500_000), "1 234,5"},
		{"a text it lacks is English", polish.T("only"), "Only here"},
		{"an unknown language is English", unknown.N("days", 2), "2 days"},
		{"an unknown id shows itself", polish.T("no.such"), "no.such"},
		{"a missing value shows its name", polish.T("hello"), "Cześć, {Name}"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, test.got, test.want)
		}
	}
	if polish.Lang() != "pl" {
		t.Errorf("lang is %q, want pl", polish.Lang())
	}
}

func TestReadCatalogueRefuses(t *testing.T) {
	tests := map[string]fstest.MapFS{
		"no English":           {"de.json": {Data: []byte(`{"a": "b"}`)}},
		"broken JSON":          {"en.json": {Data: []byte(`{"a": `)}},
		"more than a name":     {"en.json": {Data: []byte(`{"a": "{{.Name | upper}}"}`)}},
		"an open placeholder":  {"en.json": {Data: []byte(`{"a": "{{.Name"}`)}},
		"an empty placeholder": {"en.json": {Data: []byte(`{"a": "{{.}}"}`)}},
	}
	for name, dir := range tests {
		if _, err := views.ReadCatalogue(dir); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
