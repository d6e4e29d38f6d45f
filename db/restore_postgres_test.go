package db_test

import (
	"strings"
	"testing"

	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestMarkRestored: a PostgreSQL database that was put back is frozen as a SQLite one is, and
// not while a portal works on it.
func TestMarkRestored(t *testing.T) {
	if !dbtest.OnPostgres() {
		if err := db.MarkRestored(t.Context(), dbtest.URL(t), nine, noon); err == nil {
			t.Error("a SQLite database was marked")
		}
		return
	}
	url := dbtest.URL(t)
	store := dbtest.OpenAt(t, url)
	record(t, store, use("e1", "ada", noon, 40))
	if err := db.MarkRestored(t.Context(), url, nine, noon); err == nil || !strings.Contains(err.Error(), "stop every one") {
		t.Errorf("under a running portal: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	markRestored(t, url)
	store = dbtest.OpenAt(t, url)
	if r, err := store.Restored(t.Context()); err != nil || !r.At.Equal(noon) || !r.CopiedAt.Equal(nine) {
		t.Errorf("restored %+v (%v)", r, err)
	}
	wallets, err := store.Wallets(t.Context(), "ada")
	if err != nil || len(wallets) == 0 || !wallets[0].Frozen() || wallets[0].FrozenReason != db.FrozenByRestore {
		t.Errorf("wallets %+v (%v), want them frozen", wallets, err)
	}
	if due, err := store.UsageDue(t.Context(), "polar", noon.AddDate(1, 0, 0)); err != nil || due {
		t.Errorf("usage of the copy is due (%v)", err)
	}
	if n, err := store.LetUsageGo(t.Context(), noon); err != nil || n != 0 {
		t.Errorf("%d uses let go of a frozen wallet (%v)", n, err)
	}
}
