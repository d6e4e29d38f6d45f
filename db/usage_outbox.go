package db

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// QueuedUsage is an event that is to be reported.
type QueuedUsage struct {
	billing.Event
	Tries int // this one included
}

// ClaimUsage takes up to most events of a provider that are due, oldest first, and
// leaves a lease on them. A sender that dies loses them to the next when the lease
// has run out. Every claimed event must end in MarkUsageSent, RetryUsage or ParkUsage.
func (s *Store) ClaimUsage(ctx context.Context, provider string, most int, leasedUntil, now time.Time) ([]QueuedUsage, error) {
	var rows []gen.UsageEvent
	err := s.inTx(ctx, func(q *gen.Queries) (err error) {
		if _, err := q.ReleaseUsage(ctx, millis(now)); err != nil {
			return fmt.Errorf("release: %w", err)
		}
		rows, err = q.ClaimUsage(ctx, gen.ClaimUsageParams{
			LeasedUntil: millis(leasedUntil), Now: millis(now), Provider: provider, Most: int64(most),
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim usage: %w", err)
	}
	slices.SortFunc(rows, func(a, b gen.UsageEvent) int {
		return cmp.Or(cmp.Compare(a.OccurredAt, b.OccurredAt), cmp.Compare(a.ID, b.ID))
	})
	queued := make([]QueuedUsage, len(rows))
	for i, row := range rows {
		event, err := usageEvent(row)
		if err != nil {
			return nil, err
		}
		queued[i] = QueuedUsage{event.Event, int(row.Tries)}
	}
	return queued, nil
}

// UsageDue reports whether events of a provider are due.
func (s *Store) UsageDue(ctx context.Context, provider string, now time.Time) (bool, error) {
	due, err := s.r.UsageDue(ctx, gen.UsageDueParams{Provider: provider, Now: millis(now)})
	if err != nil {
		return false, fmt.Errorf("usage that is due: %w", err)
	}
	return due, nil
}

// MarkUsageSent writes down that the provider has the events since sentAt. An event
// that it had before keeps its first time.
func (s *Store) MarkUsageSent(ctx context.Context, ids []string, sentAt time.Time) error {
	ms := millis(sentAt)
	err := s.inTx(ctx, func(q *gen.Queries) error {
		for _, id := range ids {
			if err := q.MarkUsageSent(ctx, gen.MarkUsageSentParams{SentAt: &ms, ID: id}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mark %d events as sent: %w", len(ids), err)
	}
	return nil
}

// RetryUsage lets claimed events wait until next, with the reason.
func (s *Store) RetryUsage(ctx context.Context, ids []string, reason string, next time.Time) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		for _, id := range ids {
			if err := q.RetryUsage(ctx, gen.RetryUsageParams{NextTryAt: millis(next), Error: reason, ID: id}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("let %d events wait: %w", len(ids), err)
	}
	return nil
}

// ParkUsage keeps claimed events that the provider can never accept, each with its
// reason. Their debits stay: the use happened, only its report is refused.
func (s *Store) ParkUsage(ctx context.Context, reasons map[string]string) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		for id, reason := range reasons {
			if err := q.ParkUsage(ctx, gen.ParkUsageParams{ID: id, Error: reason}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("park %d events: %w", len(reasons), err)
	}
	return nil
}
