// Package db keeps what Counterfoil knows: people, the mirror of the providers,
// what waits to be done, usage and the credit ledger. It holds the SQL and turns
// rows into the types of package billing; the rules that must hold whatever happens
// (once, newest wins, adds up) are in the SQL. It knows no HTTP and calls nobody.
//
// Every method takes the time it acts at from its caller. A method that writes is
// one transaction, never spans a network call, and may be repeated after a crash.
package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

//go:embed migrations
var migrations embed.FS

// Store is the one door to the database. It has a single writing connection, so
// that writers queue instead of failing, and a pool that can only read.
type Store struct {
	lock  *os.File // see lock
	write *sql.DB
	read  *sql.DB
	r     *gen.Queries // on the read-only pool
	w     *prepared    // the writer's statements

	receipts receipts   // deliveries that wait for the next commit
	usage    usageGroup // events that wait for the next commit

	hooks      []HookTarget // see CallHooks
	hooksSince int64        // unix milliseconds; facts from before it are nobody's news
	creditsLow billing.Credits

	products kept[billing.Product]
	meters   kept[billing.Meter]
}

// SQLite keeps every acknowledged fact over power loss: synchronous FULL. The
// writer takes its lock at BEGIN (immediate), so a transaction never fails half way
// at an upgrade. Pragmas go through the connection string because a PRAGMA
// statement would reach only one pooled connection.
const (
	writerPragmas = "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-16000)&_pragma=journal_size_limit(67108864)"
	readerPragmas = "?mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(5000)&_pragma=cache_size(-16000)"
)

// readers is how many pages can be read at once.
const readers = 8

// Open opens the database named by url, "file:" and a path, creates the folder and
// the file when they are missing, brings the schema up to date, and gives back what a
// process that died had leased. It refuses a database that another process has open.
func Open(ctx context.Context, url string) (*Store, error) {
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return nil, errors.New("this version keeps its data in SQLite: unset DATABASE_URL or give it as file:PATH; PostgreSQL is not supported yet")
	}
	path, ok := strings.CutPrefix(url, "file:")
	if !ok || path == "" || strings.Contains(path, "?") {
		return nil, fmt.Errorf("database %q: give it as file:PATH, without parameters", url)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", err)
	}
	s := &Store{}
	if err := s.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", path, err), s.Close())
	}
	return s, nil
}

// open fills in the store, as far as it comes.
func (s *Store) open(ctx context.Context, path string) (err error) {
	if s.lock, err = lock(path); err != nil {
		return err
	}
	if s.write, err = sql.Open("sqlite", "file:"+path+writerPragmas); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	s.w = prepare(s.write)
	if err := migrate(ctx, s.write); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", "file:"+path+readerPragmas); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	s.r = gen.New(prepare(s.read))
	return s.releaseLeases(ctx)
}

func migrate(ctx context.Context, conn *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return fmt.Errorf("find migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, conn, files)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Close waits for what runs and closes both pools, then lets other processes in.
func (s *Store) Close() error {
	var err error
	if s.read != nil {
		err = s.read.Close()
	}
	if s.write != nil {
		err = errors.Join(err, s.write.Close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
		s.lock = nil
	}
	return err
}

// Ready reports whether the database answers.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}

// inTx runs work in one writing transaction: all of it happens, or nothing.
func (s *Store) inTx(ctx context.Context, work func(q *gen.Queries) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	statements := s.w.in(tx)
	if err := work(gen.New(statements)); err != nil {
		if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			return errors.Join(err, fmt.Errorf("roll back: %w", rollback))
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	statements.learn(ctx)
	return nil
}

// found turns the driver's "no rows" into billing.ErrNotFound.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return billing.ErrNotFound
	}
	return err
}

// millis is how times are stored: unix milliseconds, UTC; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// maybeMillis is millis for a column that may be null; the zero time is null.
func maybeMillis(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}

// moment is the inverse of millis and maybeMillis.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func maybeMoment(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return moment(*ms)
}

// mapEach applies f to every element.
func mapEach[A, B any](list []A, f func(A) B) []B {
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}
