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
	Size  int // bytes of what is stored of it, a measure of what is sent
}

// UsageHorizon is how long before the end of a period the events of its customer go
// before all others: what arrives after it is billed a period late.
const UsageHorizon = time.Hour

// ClaimUsage takes up to most events of a provider that are due and leaves a lease on
// them: first of the customers whose period ends within UsageHorizon, the soonest
// first, then the longest waiting. A sender that dies loses them to the next when the
// lease has run out. Every claimed event must end in MarkUsageSent, RetryUsage or
// ParkUsage. They come in the order in which they happened.
func (s *Store) ClaimUsage(ctx context.Context, provider string, most int, leasedUntil, now time.Time) ([]QueuedUsage, error) {
	var rows []gen.UsageEvent
	err := s.inTx(ctx, func(q *gen.Queries) (err error) {
		if _, err := q.ReleaseUsage(ctx, millis(now)); err != nil {
			return fmt.Errorf("release: %w", err)
		}
		rows, err = q.ClaimUsageEnding(ctx, gen.ClaimUsageEndingParams{
			LeasedUntil: millis(leasedUntil), Now: millis(now), Soon: millis(now.Add(UsageHorizon)), Provider: provider, Most: int64(most),
		})
		if err != nil || len(rows) == most {
			return err
		}
		rest, err := q.ClaimUsage(ctx, gen.ClaimUsageParams{
			LeasedUntil: millis(leasedUntil), Now: millis(now), Provider: provider, Most: int64(most - len(rows)),
		})
		rows = append(rows, rest...)
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
		queued[i] = QueuedUsage{event.Event, int(row.Tries), len(row.ID) + len(row.CustomerID) + len(row.Name) + len(row.Metadata)}
	}
	return queued, nil
}

// UsageDeadline is how many events should be reported before a period ends.
type UsageDeadline struct {
	Ends   time.Time
	Events int // of the customers whose period ends then
}

// UsageDeadlines lists the ends of periods within UsageHorizon of customers who have
// events that wait, the soonest first. Who has two subscriptions is in it twice.
func (s *Store) UsageDeadlines(ctx context.Context, provider string, now time.Time) ([]UsageDeadline, error) {
	rows, err := s.r.UsageEnding(ctx, gen.UsageEndingParams{Provider: provider, Now: millis(now), Soon: millis(now.Add(UsageHorizon))})
	if err != nil {
		return nil, fmt.Errorf("usage before the ends of periods: %w", err)
	}
	return mapEach(rows, func(r gen.UsageEndingRow) UsageDeadline { return UsageDeadline{moment(r.PeriodEnd), int(r.Events)} }), nil
}

// UsageDue reports whether events of a provider are due.
func (s *Store) UsageDue(ctx context.Context, provider string, now time.Time) (bool, error) {
	due, err := s.r.UsageDue(ctx, gen.UsageDueParams{Provider: provider, Now: millis(now)})
	if err != nil {
		return false, fmt.Errorf("usage that is due: %w", err)
	}
	return due, nil
}

// MarkUsageSent writes down that the provider has the events since sentAt, and of each
// whether a period of its customer had ended before. An event that it had before keeps
// its first time.
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
