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
