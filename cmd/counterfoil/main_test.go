package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrongCommandLines: what is no command line says so in a line and ends with 2; every
// command tells what it does.
func TestWrongCommandLines(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"bakcup"}, {"-port", "80"}, {"backup"}, {"backup", "a", "b"}, {"serve", "x"}, {"reconcile", "-custmer", "x"}, {"replay"}} {
		err := run(t.Context(), args, io.Discard)
		if exitCode(t.Context(), err) != 2 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, with exit code %d", args, err, exitCode(t.Context(), err))
		}
	}
	for name := range commands() {
		var said strings.Builder
		if err := run(t.Context(), []string{name, "-h"}, &said); err != nil || !strings.Contains(said.String(), commands()[name].about) || commands()[name].about == "" {
			t.Errorf("counterfoil %s -h: %v\n%s", name, err, said.String())
		}
		if !strings.Contains(usage, "counterfoil "+name) && name != "serve" {
			t.Errorf("the help does not name %s", name)
		}
	}
	if _, err := os.Stat("data"); err == nil {
		t.Error("a wrong command line made a data folder")
	}
}

// TestExitCodes: a shell can tell a wrong command line, a failure and a signal apart.
func TestExitCodes(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, tt := range []struct {
		ctx  context.Context
		err  error
		want int
	}{
		{t.Context(), nil, 0}, {stopped, nil, 0}, {t.Context(), errors.New("no"), 1}, {stopped, errors.New("no"), 1},
		{t.Context(), fmt.Errorf("replay: %w", errUsage), 2}, {stopped, fmt.Errorf("pass: %w", context.Canceled), 130},
	} {
		if got := exitCode(tt.ctx, tt.err); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.err, got, tt.want)
		}
	}
}

// TestCommandsMakeNoDatabase: what works on a database, and finds none, says so and leaves
// no empty one behind, which the next start would take for its own.
func TestCommandsMakeNoDatabase(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"POLAR_ACCESS_TOKEN", "POLAR_WEBHOOK_SECRET", "DATABASE_URL", "COUNTERFOIL_BASE_URL"} {
		t.Setenv(name, "")
	}
	for _, args := range [][]string{{"reconcile"}, {"replay", "-id", "x"}, {"backup", "copy.db"}} {
		if err := run(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), "no database") {
			t.Errorf("%q: %v", args, err)
		}
	}
	if left, err := filepath.Glob("*"); err != nil || len(left) > 0 {
		t.Errorf("they left %q", left)
	}
}
