package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/db/gen"
)

// MarkSynced says that everything a customer has at a provider was read, beginning
// at a time; customerID is "" for the catalog.
func (s *Store) MarkSynced(ctx context.Context, provider, customerID string, at time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		err := q.MarkSynced(ctx, gen.MarkSyncedParams{Provider: provider, CustomerID: customerID, SyncedAt: maybeMillis(at)})
		if err != nil {
			return fmt.Errorf("mark customer %s synced: %w", customerID, err)
		}
		return nil
	})
}

// MarkSyncFailed keeps why a reading failed. The time of the last good one stays.
func (s *Store) MarkSyncFailed(ctx context.Context, provider, customerID, reason string) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		err := q.MarkSyncFailed(ctx, gen.MarkSyncFailedParams{Provider: provider, CustomerID: customerID, Error: reason})
		if err != nil {
			return fmt.Errorf("mark customer %s not synced: %w", customerID, err)
		}
		return nil
	})
}

// DueReconciliations returns up to most of our customers who are linked to the
// provider and whose last full reading began before olderThan, the oldest first. It
// leaves out those whose reading is asked for already.
func (s *Store) DueReconciliations(ctx context.Context, provider string, most int, olderThan time.Time) ([]string, error) {
	rows, err := s.r.DueReconciliations(ctx, gen.DueReconciliationsParams{
		Provider: provider, OlderThan: millis(olderThan), Most: int64(most),
	})
	if err != nil {
		return nil, fmt.Errorf("customers to reconcile: %w", err)
	}
	ids := make([]string, 0, len(rows))
	for _, id := range rows {
		if id != nil {
			ids = append(ids, *id)
		}
	}
	return ids, nil
}
