//go:build linux || darwin

package db_test

import (
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestD5FailedCommit lets the kernel refuse a write of a commit, by the limit of file sizes:
// the store is broken from then on, tries nothing again, and what was acknowledged is there
// after the restart.
func TestD5FailedCommit(t *testing.T) {
	dbtest.SQLiteOnly(t, "PostgreSQL has a disk of its own")
	url := dbtest.URL(t)
	store, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	receive := func(s *db.Store, id string, size int) error {
		_, err := s.Receive(t.Context(), billing.Delivery{Provider: "polar", ID: id, Type: "x.y", SentAt: nine, Body: make([]byte, size)}, "/webhooks/polar", nine)
		return err
	}
	if err := receive(store, "acknowledged", 100); err != nil {
		t.Fatal(err)
	}
	lift := limitFiles(t, strings.TrimPrefix(url, "file:")+"-wal")
	err = receive(store, "lost", 1<<20)
	lift()
	if !errors.Is(err, db.ErrBroken) || errors.Is(err, db.ErrFull) {
		t.Fatalf("a failed commit answers %v", err)
	}
	select {
	case <-store.Broken():
	default:
		t.Error("nobody is told that the process must end")
	}
	if err := receive(store, "after", 100); !errors.Is(err, db.ErrBroken) {
		t.Errorf("the next write answers %v: it must not be tried", err)
	}
	if err := store.Failure(); err == nil || !strings.Contains(err.Error(), "the disk failed while a commit was written") {
		t.Errorf("the reason is %v", err)
	}
	after := restart(t, url)
	backlog, err := after.InboxBacklog(t.Context())
	if err != nil || len(backlog) != 1 || backlog[0].Count != 1 {
		t.Errorf("after the restart: %+v (%v), want the acknowledged one alone", backlog, err)
	}
	if err := after.CheckIntegrity(t.Context()); err != nil {
		t.Error(err)
	}
}

// restart opens a copy of what is on the disk: the lock of a process that is still there
// would stand in the way.
func restart(t *testing.T, url string) *db.Store {
	t.Helper()
	from, to := strings.TrimPrefix(url, "file:"), t.TempDir()+"/test.db"
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(from + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dbtest.OpenAt(t, "file:"+to)
}

// limitFiles lets no file grow beyond the size of one, until it is lifted.
func limitFiles(t *testing.T, path string) (lift func()) {
	t.Helper()
	about, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := before
	limit.Cur = uint64(about.Size()) + 1000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
	}
}
