package db_test

import (
	"testing"

	"counterfoil/db"
	"counterfoil/db/dbtest"
)

func TestOpenMigratesAndAnswers(t *testing.T) {
	store := dbtest.Open(t)
	if err := store.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesWhatItCannotServe(t *testing.T) {
	for _, url := range []string{"postgres://localhost/x", "counterfoil.db", "file:", "file:x.db?mode=ro"} {
		if store, err := db.Open(t.Context(), url); err == nil {
			store.Close()
			t.Errorf("Open(%q) succeeded, want a refusal", url)
		}
	}
}
