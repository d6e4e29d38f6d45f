package db_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// backedUp is a SQLite database that no process has open, and a copy of it.
func backedUp(t *testing.T) (path, copied string) {
	t.Helper()
	dbtest.SQLiteOnly(t, "PostgreSQL is restored by its own programs")
	path = filepath.Join(t.TempDir(), "data", "live.db")
	store, err := db.Open(t.Context(), "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	record(t, store, use("e1", "ada", noon, 40))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	copied = filepath.Join(t.TempDir(), "copy.db")
	if _, err := db.Backup(t.Context(), "file:"+path, copied, noon); err != nil {
		t.Fatal(err)
	}
	return path, copied
}

// TestARestoreNeverLeavesThePlaceEmpty: a portal that is started on a place without a
// database begins with an empty one. So at every moment of a restore, and wherever it is
// cut short, the old database or the new one is there.
func TestARestoreNeverLeavesThePlaceEmpty(t *testing.T) {
	path, copied := backedUp(t)
	done, missed := make(chan struct{}), 0
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for {
			if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
				missed++
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for i := range 5 {
		at := noon.Add(time.Duration(i) * time.Hour)
		restored, err := db.Restore(t.Context(), copied, "file:"+path, true, at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(restored.KeptAs); err != nil {
			t.Errorf("the old database is not kept: %v", err)
		}
	}
	close(done)
	watcher.Wait()
	if missed > 0 {
		t.Errorf("there was no database at %d looks", missed)
	}
	store := dbtest.OpenAt(t, "file:"+path)
	if r, err := store.Restored(t.Context()); err != nil || !r.At.Equal(noon.Add(4*time.Hour)) {
		t.Errorf("restored %+v (%v)", r, err)
	}
}

// TestARestoreOfNothingLeavesNothing: no folder, no lock, no file.
func TestARestoreOfNothingLeavesNothing(t *testing.T) {
	dbtest.SQLiteOnly(t, "PostgreSQL is restored by its own programs")
	folder := t.TempDir()
	for _, file := range []string{filepath.Join(folder, "nothing.db"), folder} {
		if _, err := db.Restore(t.Context(), file, "file:"+filepath.Join(folder, "data", "live.db"), false, noon); err == nil {
			t.Errorf("%s was restored", file)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("it left %v (%v)", left, err)
	}
}

// TestWhatAKilledRestoreLeftIsRemoved: it is a whole copy of what people bought.
func TestWhatAKilledRestoreLeftIsRemoved(t *testing.T) {
	path, copied := backedUp(t)
	if err := os.WriteFile(path+".part-12345", []byte("half a copy"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Restore(t.Context(), copied, "file:"+path, true, noon); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(path + "*")
	want := []string{path, path + ".before-" + noon.Format("20060102-150405"), path + ".lock"}
	if slices.Sort(left); err != nil || !slices.Equal(left, want) {
		t.Errorf("there are %v (%v), want %v", left, err, want)
	}
}
