// Package dbtest opens real, empty, migrated databases for tests.
package dbtest

import (
	"path/filepath"
	"testing"

	"counterfoil/db"
)

// Open gives the test a database of its own in a temporary folder, closed at its end.
func Open(t testing.TB) *db.Store {
	t.Helper()
	store, err := db.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatalf("open a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return store
}
