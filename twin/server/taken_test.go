package server

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStartNeedsItsAddressFirst: an address that cannot be had is told before the history
// is played, and no file is there.
func TestStartNeedsItsAddressFirst(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	folder := t.TempDir()
	if _, err := Start(t.Context(), Config{Addr: taken.Addr().String(), Path: filepath.Join(folder, "twin.db"), Seed: true, Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Fatal("started on an address that somebody has")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestOneTwinHasAFile: a second one would keep other objects in memory and write over the
// first one's.
func TestOneTwinHasAFile(t *testing.T) {
	config := Config{Addr: "127.0.0.1:0", Path: filepath.Join(t.TempDir(), "twin.db"), Log: slog.New(slog.DiscardHandler)}
	first, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := Start(t.Context(), config); err == nil {
		t.Error("two twins work on one file", second.Close())
	} else if !strings.Contains(err.Error(), "another twin has this file") {
		t.Error(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
