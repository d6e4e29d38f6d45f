package db_test

import (
	"strings"
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

// TestOpenRefusesWhatItCannotServe: and shows no password when it says why.
func TestOpenRefusesWhatItCannotServe(t *testing.T) {
	for _, url := range []string{
		"counterfoil.db", "file:", "file:x.db?mode=ro", "mysql://counterfoil:hunter2@localhost/x", "postgres://counterfoil:hunter2%zz@localhost/x",
		"postgres://counterfoil:hunter2@localhost:x/x", "postgres://counterfoil:hunter2@127.0.0.1:1/x", "postgres://127.0.0.1:1/x?password=hunter2",
		"postgresql://counterfoil:hunter2@127.0.0.1:1/x?default_query_exec_mode=simple_protocol", "postgres://counterfoil:hunter2@nowhere.invalid/x",
		"host=127.0.0.1 port=1 password=hunter2",
	} {
		store, err := db.Open(t.Context(), url)
		if err == nil {
			store.Close()
			t.Errorf("Open(%q) succeeded, want a refusal", url)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q) shows the password: %v", url, err)
		}
	}
}
