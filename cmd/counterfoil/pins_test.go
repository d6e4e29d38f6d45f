package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestLibcMatchesSQLite holds a pin that a well-meant upgrade breaks: the SQLite
// driver runs on exactly the libc that its own go.mod names (modernc.org/sqlite,
// README, "Fragile modernc.org/libc dependency").
func TestLibcMatchesSQLite(t *testing.T) {
	list := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-m"}, args...)...).Output()
		if err != nil {
			t.Fatalf("go list -m %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	used := list("-f", "{{.Version}}", "modernc.org/libc")
	graph, err := exec.CommandContext(t.Context(), "go", "mod", "graph").Output()
	if err != nil {
		t.Fatalf("go mod graph: %v", err)
	}
	sqlite := "modernc.org/sqlite@" + list("-f", "{{.Version}}", "modernc.org/sqlite")
	for line := range strings.Lines(string(graph)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		if wanted, ok := strings.CutPrefix(to, "modernc.org/libc@"); ok && from == sqlite {
			if wanted != used {
				t.Errorf("%s wants libc %s, go.mod gives it %s", sqlite, wanted, used)
			}
			return
		}
	}
	t.Errorf("%s names no libc: the test no longer sees what it guards", sqlite)
}
