package db_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// once are the tables of what counts once: codes, links, ceremonies under way.
var once = map[string]string{
	"sign_in_codes":      "(id, email, code_hash, browser_hash, tries_left, created_at, expires_at) VALUES ('a', 'b', 'c', 'd', 5, 1, 2)",
	"mailed_links":       "(token_hash, purpose, email, created_at, expires_at) VALUES ('a', 'reset', 'b', 1, 2)",
	"email_changes":      "(user_id, id, old_email, new_email, old_hash, new_hash, old_tries, new_tries, created_at, expires_at) VALUES ('ada', 'a', 'b', 'c', 'd', 'e', 5, 5, 1, 2)",
	"oauth_states":       "(state_hash, provider, browser_hash, session, nonce, code_verifier, created_at, expires_at) VALUES ('a', 'b', 'c', 'd', 'e', 'f', 1, 2)",
	"pending_identities": "(browser_hash, provider, subject, via, expires_at) VALUES ('a', 'b', 'c', 'd', 2)",
	"passkey_challenges": "(challenge_hash, purpose, browser_hash, data, expires_at) VALUES ('a', 'b', 'c', 'd', 2)",
	"setup_tokens":       "(token_hash, created_at, expires_at) VALUES ('a', 1, 2)",
}

// TestWhatCountsOnceDoesNotCountAgainAfterARestore: it may have been spent, or stopped,
// since the copy. A link would set a password a second time, and a start-up token make a
// second operator.
func TestWhatCountsOnceDoesNotCountAgainAfterARestore(t *testing.T) {
	url := dbtest.URL(t)
	store, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	insert := func(table, values string) {
		t.Helper()
		if err := dbtest.Exec(t.Context(), url, "INSERT INTO "+table+" "+values); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
	insert("users", "(id, email, created_at, updated_at) VALUES ('ada', 'ada@example.com', 1, 1)")
	for table, values := range once {
		insert(table, values)
	}
	if dbtest.OnPostgres() {
		markRestored(t, url)
	} else {
		copied := filepath.Join(t.TempDir(), "copy.db")
		if _, err := db.Backup(t.Context(), url, copied, nine); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Restore(t.Context(), copied, url, true, noon); err != nil {
			t.Fatal(err)
		}
	}
	for table := range once {
		if left := dbtest.Contents(t, url, table); left != "" {
			t.Errorf("there still is %s", left)
		}
	}
}

// markRestored is db.MarkRestored once the server has seen that every portal has left.
func markRestored(t *testing.T, url string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		err := db.MarkRestored(t.Context(), url, nine, noon)
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "stop every one") || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
