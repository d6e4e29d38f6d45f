package polar_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
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
		if test := rows[subject]; !evidence.tests[subject][test] {
			fmt.Printf("FAIL: docs/twin.md says that %s proves %q; these did: %v\n", test, subject, slices.Sorted(maps.Keys(evidence.tests[subject])))
			code = 1
		}
	}
	for _, subject := range slices.Sorted(maps.Keys(evidence.tests)) {
		route := strings.Contains(subject, " /v1/") || !strings.Contains(subject, "/") // or an event type
		if _, listed := rows[subject]; route && !listed && subject != "" {
			fmt.Printf("FAIL: docs/twin.md has no row for %q; these prove it: %v\n", subject, slices.Sorted(maps.Keys(evidence.tests[subject])))
			code = 1
		}
	}
	return code
}

// documentRows reads the served rows of the document's tables: subject -> test.
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
		if strings.HasPrefix(test, "Test") {
			rows[subject] = test
		}
	}
	if len(rows) < 100 {
		return nil, fmt.Errorf("only %d rows name a test", len(rows))
	}
	return rows, nil
}
