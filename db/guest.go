package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"counterfoil/db/gen"
)

// OpenGuest opens a database beside the process that works on it: no lock is taken, no
// lease given back and no schema changed. A guest reads, rehearses, and leaves wishes
// (AskForPass, ReplayDelivery); whoever works on the database sees them. It must not do
// more on SQLite, where that one process relies on being alone.
func OpenGuest(ctx context.Context, url string) (*Store, error) {
	if isPostgres(url) {
		return Open(ctx, url) // where nobody is alone
	}
	path := strings.TrimPrefix(url, "file:")
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	s := &Store{}
	var err error
	if s.write, err = sql.Open("sqlite", "file:"+path+writerPragmas); err == nil {
		s.write.SetMaxOpenConns(1)
		s.w = prepare(s.write)
		s.read, err = sql.Open("sqlite", "file:"+path+readerPragmas)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: %w", path, err), s.Close())
	}
	s.r = gen.New(prepare(s.read))
	return s, nil
}
