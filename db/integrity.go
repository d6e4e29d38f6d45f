package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"counterfoil/db/gen"
)

// CheckIntegrity reads the whole SQLite database and reports damage. It takes seconds per
// gigabyte, beside readers and the writer. PostgreSQL looks after its own files.
func (s *Store) CheckIntegrity(ctx context.Context) error {
	if s.postgres {
		return nil
	}
	return checkWhole(ctx, s.read)
}

// Damaged reports whether an error says that the database file is damaged.
func Damaged(err error) bool { return errors.Is(err, errDamaged) }

// IntegrityChecked is when the whole file was last found to be sound; zero: never.
func (s *Store) IntegrityChecked(ctx context.Context) (time.Time, error) {
	return readMoment(ctx, s.r, settingIntegrity)
}

// MarkIntegrity says that the whole file was found to be sound.
func (s *Store) MarkIntegrity(ctx context.Context, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error { return saveMoment(ctx, q, settingIntegrity, now, now) })
}

// LedgerCustomers lists up to most customers who have a wallet, whose ids follow after.
func (s *Store) LedgerCustomers(ctx context.Context, after string, most int) ([]string, error) {
	ids, err := s.r.LedgerCustomersAfter(ctx, gen.LedgerCustomersAfterParams{After: after, Most: int64(most)})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("customers of the ledger: %w", err)
	}
	return ids, nil
}
