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
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"counterfoil/db"
)

// freshPostgres is an empty database: one that an earlier test of this process gave
// back, or else a copy of the migrated template, which takes ten times as long.
func freshPostgres(t testing.TB) string {
	t.Helper()
	name, ok := spare.take()
	if !ok {
		name = "counterfoil_test_" + strings.ReplaceAll(db.NewID(), "-", "")
		if err := copyTemplate(t.Context(), name); err != nil {
			t.Fatalf("make a test database: %v", err)
		}
	}
	t.Cleanup(func() {
		if !t.Failed() && wipe(context.Background(), name) == nil {
			spare.put(name)
			return
		}
		if err := admin(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return at(name)
}

// spare are wiped databases. What is left of them at the end of a run is dropped by
// the first run an hour later (see makeTemplate).
var spare spares

type spares struct {
	mu   sync.Mutex
	list []string
}

func (s *spares) take() (name string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == 0 {
		return "", false
	}
	name, s.list = s.list[len(s.list)-1], s.list[:len(s.list)-1]
	return name, true
}

func (s *spares) put(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, name)
}

// wipe empties every table. It fails where a test changed the schema, or where the
// server's user may not switch the triggers off that keep a ledger; the database is of
// no further use then.
func wipe(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, at(name))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var fine bool
	err = conn.QueryRow(ctx, `SELECT COUNT(*) = $1 AND MAX(version_id) = $2 FROM goose_db_version WHERE version_id > 0`, len(versions()), slices.Max(versions())).Scan(&fine)
	if err != nil || !fine {
		return errors.Join(err, errors.New("its schema was changed"))
	}
	_, err = conn.Exec(ctx, `DO $$ DECLARE t record; BEGIN
		PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
		SET LOCAL session_replication_role = replica;
		FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version' LOOP
			EXECUTE format('DELETE FROM %I', t.tablename);
		END LOOP;
	END $$`)
	return err
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

// migrations are the files that a template is made of, read where the tests were built.
var migrations = sync.OnceValue(func() fs.FS {
	_, here, _, _ := runtime.Caller(0)
	return os.DirFS(filepath.Join(filepath.Dir(here), "..", "migrations", "postgres"))
})

// versions are the numbers of the migrations.
var versions = sync.OnceValue(func() (list []int64) {
	files, err := fs.Glob(migrations(), "*.sql")
	if err != nil || len(files) == 0 {
		panic(fmt.Sprintf("find the migrations: %d files, %v", len(files), err))
	}
	for _, file := range files {
		number, _, _ := strings.Cut(file, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			panic(err)
		}
		list = append(list, version)
	}
	return list
})

// templateName changes with the migrations.
func templateName() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(migrations(), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations(), file)
		fmt.Fprintf(hash, "%s %d\n%s", file, len(text), text)
		return err
	})
	return fmt.Sprintf("counterfoil_template_%x", hash.Sum(nil)[:8]), err
}

// makeTemplate migrates a database and shuts it, so that it can be copied at any time.
// Packages are tested side by side: whoever comes first makes it, under a lock. The
// template stays on the server for the next run; what runs before the last hour left
// goes.
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
	if err := dropOld(ctx, conn, time.Now().Add(-time.Hour)); err != nil {
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

// dropOld drops the databases of runs before a time; their names are UUIDv7, which
// begin with it. One that is still in use stays.
func dropOld(ctx context.Context, conn *pgx.Conn, before time.Time) error {
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database AS d WHERE datname LIKE 'counterfoil\_test\_%' AND datname < $1
		AND NOT EXISTS (SELECT 1 FROM pg_stat_activity AS a WHERE a.datname = d.datname)`,
		fmt.Sprintf("counterfoil_test_%012x", before.UnixMilli()))
	if err != nil {
		return err
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := admin(ctx, "DROP DATABASE IF EXISTS "+name); err != nil {
			return err
		}
	}
	return nil
}
