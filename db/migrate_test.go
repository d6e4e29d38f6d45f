package db_test

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pressly/goose/v3"

	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// schemaAt is a database whose schema is that of an older version; 0 for none.
func schemaAt(t *testing.T, version int64) (url string) {
	t.Helper()
	url = dbtest.URL(t)
	dbtest.OpenAt(t, url).Close()
	dialect, folder := goose.DialectSQLite3, "migrations/sqlite"
	if dbtest.OnPostgres() {
		dialect, folder = goose.DialectPostgres, "migrations/postgres"
	}
	provider, err := goose.NewProvider(dialect, dbtest.Raw(t, url), os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return url
}

// TestD9OlderSchemaIsMigrated: from each version before, with what was in it.
func TestD9OlderSchemaIsMigrated(t *testing.T) {
	for version := int64(0); version < 6; version++ {
		url := schemaAt(t, version)
		if version > 0 {
			if err := dbtest.Exec(t.Context(), url, "INSERT INTO users (id, email, created_at, updated_at) VALUES ('u', 'noor@example.com', 1, 1)"); err != nil {
				t.Fatal(err)
			}
		}
		store := dbtest.OpenAt(t, url)
		if _, err := store.Receive(t.Context(), delivery("d1", "order.paid"), "/webhooks/polar", nine); err != nil {
			t.Errorf("from version %d: %v", version, err)
		}
		if due, err := claim(store, 9, nine); err != nil || len(due) != 1 {
			t.Errorf("from version %d: %d due (%v), want 1", version, len(due), err)
		}
		if user, err := store.UserByEmail(t.Context(), "noor@example.com"); version > 0 && (err != nil || user.ID != "u") {
			t.Errorf("from version %d: %+v (%v)", version, user, err)
		}
	}
}

// TestD9NewerSchemaIsRefused: with a sentence that says what to do, and untouched.
func TestD9NewerSchemaIsRefused(t *testing.T) {
	url := schemaAt(t, 5)
	raw := dbtest.Raw(t, url)
	insert := "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, " + map[bool]string{true: "true", false: "1"}[dbtest.OnPostgres()] + ")"
	if _, err := raw.ExecContext(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	store, err := db.Open(t.Context(), url)
	if err == nil {
		store.Close()
		t.Fatal("a schema of the future was opened")
	}
	if !strings.Contains(err.Error(), "version 9999") || !strings.Contains(err.Error(), "start the newer program") {
		t.Errorf("refused with: %v", err)
	}
	if _, err := raw.ExecContext(t.Context(), "SELECT leased_until FROM inbox"); err == nil {
		t.Error("it was migrated all the same")
	}
}

// TestD9ReplicasStartTogether: several processes find an empty database at once.
func TestD9ReplicasStartTogether(t *testing.T) {
	dbtest.PostgresOnly(t, "one process has a SQLite database open")
	url := schemaAt(t, 0)
	var starting sync.WaitGroup
	for range 4 {
		starting.Go(func() {
			store, err := db.Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
}
