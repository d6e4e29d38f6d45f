package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/db/gen"
)

// releaseLeases gives back what was leased by a process that died: on SQLite there is
// no other one (see lock). Without it a restart would wait minutes for leases to run
// out. On PostgreSQL another replica may hold them, so there they do run out.
func (s *Store) releaseLeases(ctx context.Context) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		for _, kind := range jobKinds {
			if _, err := q.ReleaseJobs(ctx, kind); err != nil {
				return err
			}
		}
		if _, err := q.ReleaseDeliveries(ctx); err != nil {
			return err
		}
		_, err := q.ReleaseUsage(ctx, millis(endOfTime))
		return err
	})
	if err != nil {
		return fmt.Errorf("give back what was leased: %w", err)
	}
	return nil
}

// endOfTime is later than any lease.
var endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Prune removes up to most deliveries and up to most jobs of each kind that were done
// before a time, and returns how many. What guards money against a repetition stays:
// the mirror's versions, the ids of events, and the ledger's business keys. So do
// deliveries and jobs that are parked, until somebody has looked at them.
func (s *Store) Prune(ctx context.Context, before time.Time, most int) (pruned int64, err error) {
	at := millis(before)
	err = s.inTx(ctx, func(q *gen.Queries) error {
		pruned, err = q.PruneDeliveries(ctx, gen.PruneDeliveriesParams{Before: at, Most: int64(most)})
		if err != nil {
			return fmt.Errorf("deliveries: %w", err)
		}
		for _, kind := range jobKinds {
			n, err := q.PruneJobs(ctx, gen.PruneJobsParams{Kind: kind, Before: at, Most: int64(most)})
			if err != nil {
				return fmt.Errorf("%s jobs: %w", kind, err)
			}
			pruned += n
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("prune what was done before %s: %w", before.Format(time.DateOnly), err)
	}
	return pruned, nil
}

// PruneRefusedMails removes up to most mails that were set aside and were due before a time,
// and returns how many. The alarm about each ends with it.
func (s *Store) PruneRefusedMails(ctx context.Context, before time.Time, most int) (pruned int64, err error) {
	err = s.inTx(ctx, func(q *gen.Queries) error {
		pruned, err = q.PruneRefusedMails(ctx, gen.PruneRefusedMailsParams{Before: millis(before), Most: int64(most)})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune mails that were refused: %w", err)
	}
	return pruned, nil
}
