// Package dbtest opens real, empty, migrated databases for tests: SQLite files, or
// databases of the PostgreSQL server that COUNTERFOIL_TEST_POSTGRES names.
package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"counterfoil/db"
)

// server is the URL of a PostgreSQL server where databases may be made; empty for
// SQLite. It is read each time, so that go test sees what a result depends on.
func server() string { return os.Getenv("COUNTERFOIL_TEST_POSTGRES") }

// Open gives the test a database of its own, closed and gone at its end.
func Open(t testing.TB) *db.Store {
	t.Helper()
	return OpenAt(t, URL(t))
}

// OpenAt opens a database that URL made, closed at the test's end at the latest.
func OpenAt(t testing.TB, url string) *db.Store {
	t.Helper()
	store, err := db.Open(t.Context(), url)
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

// URL makes a database for the test, gone at its end, and leaves opening it to the test.
func URL(t testing.TB) string {
	t.Helper()
	if OnPostgres() {
		return freshPostgres(t)
	}
	return "file:" + filepath.Join(t.TempDir(), "test.db")
}

// OnPostgres tells which engine the tests run on.
func OnPostgres() bool { return server() != "" }

// SQLiteOnly skips a test that is about SQLite itself, on the other engine.
func SQLiteOnly(t testing.TB, why string) {
	t.Helper()
	if OnPostgres() {
		t.Skip("only on SQLite: " + why)
	}
}

// PostgresOnly skips a test that is about PostgreSQL itself, on the other engine.
func PostgresOnly(t testing.TB, why string) {
	t.Helper()
	if !OnPostgres() {
		t.Skip("only on PostgreSQL (COUNTERFOIL_TEST_POSTGRES): " + why)
	}
}

// Raw is a way to the same database beside the Store, as an operator has one.
// Statements with placeholders go through SQL.
func Raw(t testing.TB, url string) *sql.DB {
	t.Helper()
	conn, err := RawAt(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // closed twice where a test closes it
	return conn
}

// RawAt is Raw where there is no test to end with. The caller closes it.
func RawAt(url string) (*sql.DB, error) {
	if strings.HasPrefix(url, "file:") {
		return sql.Open("sqlite", url+"?_pragma=busy_timeout(60000)")
	}
	return sql.Open("pgx", url)
}

// SQL writes the placeholders ? and ?1 of a statement as the engine wants them.
func SQL(statement string) string {
	if !OnPostgres() {
		return statement
	}
	n := 0
	return placeholder.ReplaceAllStringFunc(statement, func(found string) string {
		if n++; found == "?" {
			return "$" + strconv.Itoa(n)
		}
		return "$" + found[1:]
	})
}

var placeholder = regexp.MustCompile(`\?\d*`)

// Exec runs a statement beside the Store. On PostgreSQL it is run again when it loses to a
// transaction of the Store's, as the Store does itself.
func Exec(ctx context.Context, url, statement string, args ...any) error {
	conn, err := RawAt(url)
	if err != nil {
		return err
	}
	defer conn.Close()
	for range 20 {
		_, err = conn.ExecContext(ctx, SQL(statement), args...)
		lost, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || lost.Code != "40001" && lost.Code != "40P01" { // serialization failure, deadlock
			break
		}
	}
	return err
}

// StopWriters lets nobody write any more, and everybody read, until it is ended.
func StopWriters(t testing.TB, url string) (end func()) {
	t.Helper()
	conn, err := sql.Open("sqlite", url+"?_txlock=immediate&_pragma=busy_timeout(60000)")
	if OnPostgres() {
		conn, err = sql.Open("pgx", url)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	tx, err := allLocks(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}

// allLocks begins a transaction that keeps all writers out. On PostgreSQL it takes the
// tables one after the other and a writer of the Store's may hold a later one while it
// waits for an earlier one: then everything is let go at once, well before the server
// would look for a deadlock (a second), and tried again.
func allLocks(ctx context.Context, conn *sql.DB) (tx *sql.Tx, err error) {
	for range 200 {
		if tx, err = conn.BeginTx(ctx, nil); err != nil || !OnPostgres() {
			return tx, err
		}
		if _, err = tx.ExecContext(ctx, lockAll); err == nil {
			return tx, nil
		}
		_ = tx.Rollback() // the error that matters is the one before
		held, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || held.Code != "55P03" && held.Code != "40P01" { // lock not available, deadlock
			return nil, err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, err
}

// lockAll takes the lock of every table that readers do not mind and writers wait for.
const lockAll = `DO $$ DECLARE t record; BEGIN
	SET LOCAL lock_timeout = '100ms';
	FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
		EXECUTE format('LOCK TABLE %I IN EXCLUSIVE MODE', t.tablename);
	END LOOP;
END $$`
