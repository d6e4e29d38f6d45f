package db

import (
	"context"
	"database/sql"
)

// statements runs the queries of one transaction and prepares those that come again:
// a batch of 256 events runs the same few statements thousands of times, and reading
// the SQL anew would cost as much as running it. The transaction closes them.
type statements struct {
	tx       *sql.Tx
	prepared map[string]*sql.Stmt // nil while a text was seen only once
}

func newStatements(tx *sql.Tx) *statements {
	return &statements{tx: tx, prepared: map[string]*sql.Stmt{}}
}

// again is the prepared statement of a text that is run for the second time or more;
// nil the first time.
func (s *statements) again(ctx context.Context, query string) (*sql.Stmt, error) {
	statement, seen := s.prepared[query]
	if statement != nil {
		return statement, nil
	}
	if seen {
		var err error
		if statement, err = s.tx.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
	}
	s.prepared[query] = statement
	return statement, nil
}

// ExecContext implements gen.DBTX.
func (s *statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	statement, err := s.again(ctx, query)
	if err != nil {
		return nil, err
	}
	if statement == nil {
		return s.tx.ExecContext(ctx, query, args...)
	}
	return statement.ExecContext(ctx, args...)
}

// PrepareContext implements gen.DBTX.
func (s *statements) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return s.tx.PrepareContext(ctx, query)
}

// QueryContext implements gen.DBTX.
func (s *statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := s.again(ctx, query)
	if err != nil {
		return nil, err
	}
	if statement == nil {
		return s.tx.QueryContext(ctx, query, args...)
	}
	return statement.QueryContext(ctx, args...)
}

// QueryRowContext implements gen.DBTX. A text that cannot be prepared fails when it is run.
func (s *statements) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	statement, err := s.again(ctx, query)
	if err != nil || statement == nil {
		return s.tx.QueryRowContext(ctx, query, args...)
	}
	return statement.QueryRowContext(ctx, args...)
}
