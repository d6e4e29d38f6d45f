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
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Store is the one door to the database. It has a pool that can only read, for pages,
// and one that writes: a single connection on SQLite, a few on PostgreSQL.
type Store struct {
	lock  *os.File // of SQLite; see lock
	path  string   // of SQLite
	write *sql.DB
	read  *sql.DB
	r     *gen.Queries // on the read-only pool
	w     *prepared    // of SQLite: the writer's statements

	postgres bool
	texts    texts        // of PostgreSQL
	turn     sync.RWMutex // of PostgreSQL: held whole by a transaction that must be alone

	receipts group[receipt]   // deliveries that wait for the next commit
	usage    group[recording] // events that wait for the next commit

	hooks      []HookTarget // see CallHooks
	hooksSince int64        // unix milliseconds; facts from before it are nobody's news
	creditsLow billing.Credits

	full   atomic.Bool           // see Full
	broke  atomic.Pointer[error] // see Failure
	breaks sync.Once
	broken chan struct{} // see Broken

	products kept[billing.Product]
	meters   kept[billing.Meter]
	catalog  kept[Raw]
}

// readers is how many pages can be read at once.
const readers = 8

// Open opens the database named by url and brings its schema up to date.
//
// "file:" and a path is SQLite: the folder and the file are created when they are
// missing, what a process that died had leased is given back, and a database that
// another process has open is refused. "postgres://" is PostgreSQL, which several
// processes may share. No error shows a password.
func Open(ctx context.Context, url string) (*Store, error) {
	s := &Store{broken: make(chan struct{})}
	if isPostgres(url) {
		if err := s.openPostgres(ctx, url); err != nil {
			return nil, errors.Join(fmt.Errorf("database %s: %w", nameOf(url), err), s.Close())
		}
		return s, nil
	}
	path, ok := strings.CutPrefix(url, "file:")
	if !ok || path == "" || strings.Contains(path, "?") {
		return nil, errors.New("the database is given as file:PATH without parameters, or as postgres://user:password@host:port/name")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", explained(path, err))
	}
	s.path = path
	if err := s.openSQLite(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", path, explained(path, err)), s.Close())
	}
	return s, nil
}

// Close waits for what runs and closes both pools, then lets other processes in. After
// Broken it closes nothing: the last connection would write the log back into the database.
func (s *Store) Close() error {
	if s.Failure() != nil {
		return nil
	}
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

// orNull writes a text that may be missing.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// orEmpty reads a column that may be null, where empty means the same.
func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
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
