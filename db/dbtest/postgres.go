package dbtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"counterfoil/db"
)

// freshPostgres copies the migrated template, which takes a tenth of migrating, and
// drops the copy at the test's end.
func freshPostgres(t testing.TB) string {
	t.Helper()
	name := "counterfoil_test_" + strings.ReplaceAll(db.NewID(), "-", "")
	if err := copyTemplate(t.Context(), name); err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := admin(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return at(name)
}

// at is the URL of another database of the server.
func at(name string) string {
	u, err := url.Parse(server())
	if err != nil {
		panic(fmt.Sprintf("COUNTERFOIL_TEST_POSTGRES is no URL: %v", err))
	}
	u.Path = "/" + name
	return u.String()
}

// admin runs statements, one by one, where databases are made.
func admin(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, server())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// copyTemplate makes a database from the template, and the template first when there
// is none for these migrations.
func copyTemplate(ctx context.Context, name string) error {
	template, err := templateName()
	if err != nil {
		return err
	}
	create := "CREATE DATABASE " + name + " TEMPLATE " + template
	err = admin(ctx, create)
	if missing, ok := errors.AsType[*pgconn.PgError](err); !ok || missing.Code != "3D000" {
		return err
	}
	if err := makeTemplate(ctx, template); err != nil {
		return err
	}
	return admin(ctx, create)
}

// templateName changes with the migrations. They are read where the tests were built.
func templateName() (string, error) {
	_, here, _, _ := runtime.Caller(0)
	folder := os.DirFS(filepath.Join(filepath.Dir(here), "..", "migrations", "postgres"))
	files, err := fs.Glob(folder, "*.sql")
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("find the migrations: %d files, %w", len(files), err)
	}
	hash := sha256.New()
	for _, file := range files {
		text, err := fs.ReadFile(folder, file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%s %d\n%s", file, len(text), text)
	}
	return fmt.Sprintf("counterfoil_template_%x", hash.Sum(nil)[:8]), nil
}

// makeTemplate migrates a database and shuts it, so that it can be copied at any time.
// Packages are tested side by side: whoever comes first makes it, under a lock. The
// template stays on the server for the next run.
func makeTemplate(ctx context.Context, name string) error {
	const lock = 7263548190
	conn, err := pgx.Connect(ctx, server())
	if err != nil {
		return err
	}
	defer conn.Close(ctx) // gives the lock back
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(lock)); err != nil {
		return err
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	making := name + "_making"
	if err := admin(ctx, "DROP DATABASE IF EXISTS "+making+" WITH (FORCE)", "CREATE DATABASE "+making+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
		return err
	}
	store, err := db.Open(ctx, at(making))
	if err != nil {
		return err
	}
	if err := store.Close(); err != nil {
		return err
	}
	return admin(ctx, "ALTER DATABASE "+making+" ALLOW_CONNECTIONS false", "ALTER DATABASE "+making+" RENAME TO "+name)
}
