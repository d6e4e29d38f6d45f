package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Operators lists who runs this installation by a start-up token, the first one first.
func (s *Store) Operators(ctx context.Context) ([]User, error) {
	rows, err := s.r.Operators(ctx)
	if err != nil {
		return nil, fmt.Errorf("operators: %w", err)
	}
	return mapEach(rows, user), nil
}

// AddSetupToken keeps the hash of a new start-up token, and drops those that have ended.
// Older ones go on counting: another process may have told them. ErrConflict: somebody
// runs this installation already.
func (s *Store) AddSetupToken(ctx context.Context, hash string, now, ends time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		if err := q.SweepSetupTokens(ctx, millis(now)); err != nil {
			return fmt.Errorf("sweep start-up tokens: %w", err)
		}
		n, err := q.InsertSetupToken(ctx, gen.InsertSetupTokenParams{TokenHash: hash, CreatedAt: millis(now), ExpiresAt: millis(ends)})
		if err != nil {
			return fmt.Errorf("add a start-up token: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("add a start-up token: there is an operator: %w", billing.ErrConflict)
		}
		return nil
	})
}

// BecomeOperator spends a start-up token, and all others with it: its user runs this
// installation from now on, and is told by mail. ErrDenied: the token does not count, or
// somebody was faster, or the user has not proven his address.
func (s *Store) BecomeOperator(ctx context.Context, hash, userID string, notice Mail, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		spent, err := q.SpendSetupTokens(ctx, gen.SpendSetupTokensParams{TokenHash: hash, Now: millis(now)})
		if err != nil {
			return fmt.Errorf("spend a start-up token: %w", err)
		}
		if spent == 0 {
			return fmt.Errorf("spend a start-up token: %w", billing.ErrDenied)
		}
		n, err := q.MakeFirstOperator(ctx, gen.MakeFirstOperatorParams{OperatorAt: maybeMillis(now), ID: userID})
		if err != nil {
			return fmt.Errorf("make user %s the first operator: %w", userID, err)
		}
		if n == 0 {
			return fmt.Errorf("make user %s the first operator: %w", userID, billing.ErrDenied)
		}
		return enqueueNotice(ctx, q, userID, notice, now)
	})
}
