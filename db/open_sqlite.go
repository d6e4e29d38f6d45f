package db

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"counterfoil/db/gen"
)

// SQLite keeps every acknowledged fact over power loss: synchronous FULL. The
// writer takes its lock at BEGIN (immediate), so a transaction never fails half way
// at an upgrade. Pragmas go through the connection string because a PRAGMA
// statement would reach only one pooled connection.
const (
	writerPragmas = "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-16000)&_pragma=journal_size_limit(67108864)"
	readerPragmas = "?mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(5000)&_pragma=cache_size(-16000)"
)

// openSQLite fills in the store, as far as it comes. It has a single writing
// connection, so that writers queue instead of failing.
func (s *Store) openSQLite(ctx context.Context, path string) (err error) {
	if s.lock, err = lock(path); err != nil {
		return err
	}
	if s.write, err = sql.Open("sqlite", "file:"+path+writerPragmas); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	s.w = prepare(s.write)
	var version string
	if err := s.write.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return fmt.Errorf("version of SQLite: %w", err)
	}
	if err := checkSQLite(version); err != nil {
		return err
	}
	if err := migrate(ctx, s.write, goose.DialectSQLite3); err != nil {
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

// checkSQLite refuses a library that can corrupt a database in WAL mode when two
// connections write and checkpoint at once: the fix came with 3.51.3
// (sqlite.org/wal.html, the WAL-reset bug, 2026-03).
func checkSQLite(version string) error {
	var have [3]int
	for i, part := range strings.SplitN(version, ".", 3) {
		n, err := strconv.Atoi(part)
		if err != nil {
			return fmt.Errorf("SQLite calls its version %q", version)
		}
		have[i] = n
	}
	for i, need := range [3]int{3, 51, 3} {
		if have[i] > need {
			return nil
		}
		if have[i] < need {
			return fmt.Errorf("this program was built with SQLite %s, which can corrupt a database: build it with 3.51.3 or newer", version)
		}
	}
	return nil
}
