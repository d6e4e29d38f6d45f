package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// wish carries out what an operator asked for one row. ErrNotFound: no row was in a state
// in which that could be asked.
func (s *Store) wish(ctx context.Context, what string, do func(q *gen.Queries) (int64, error)) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		rows, err := do(q)
		if err == nil && rows == 0 {
			err = billing.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Parked counts what waits for an operator.
type Parked struct{ Deliveries, Jobs, Hooks, Usage int }

// CountParked counts everything that waits for an operator.
func (s *Store) CountParked(ctx context.Context) (Parked, error) {
	row, err := s.r.CountParked(ctx)
	if err != nil {
		return Parked{}, fmt.Errorf("count what is parked: %w", err)
	}
	return Parked{int(row.Deliveries), int(row.Jobs), int(row.Hooks), int(row.Usage)}, nil
}

// UsageBacklog counts the events that wait for the provider.
func (s *Store) UsageBacklog(ctx context.Context) (Backlog, error) {
	row, err := s.r.UsageWaiting(ctx)
	if err != nil {
		return Backlog{}, fmt.Errorf("count usage that waits: %w", err)
	}
	return Backlog{State: StateWaiting, Count: int(row.Events), Oldest: moment(row.Oldest)}, nil
}

// ParkedUsage lists up to most events that the provider refuses, the longest waiting first.
func (s *Store) ParkedUsage(ctx context.Context, most int) ([]UsageEvent, error) {
	rows, err := s.r.ParkedUsage(ctx, int64(most))
	if err != nil {
		return nil, fmt.Errorf("parked usage: %w", err)
	}
	return tryEach(rows, usageEvent)
}

// RetryParkedUsage has a refused event reported again.
func (s *Store) RetryParkedUsage(ctx context.Context, id string, now time.Time) error {
	return s.wish(ctx, "retry event "+id, func(q *gen.Queries) (int64, error) {
		return q.RetryParkedUsage(ctx, gen.RetryParkedUsageParams{Now: millis(now), ID: id})
	})
}

// DismissUsage ends the wait of a refused event: it will not be reported. It stays, with
// its debit, the provider's reason and this one.
func (s *Store) DismissUsage(ctx context.Context, id, reason string) error {
	return s.wish(ctx, "dismiss event "+id, func(q *gen.Queries) (int64, error) {
		return q.DismissUsage(ctx, gen.DismissUsageParams{Reason: reason, ID: id})
	})
}

// parkedBatch is how many parked rows one transaction has begin anew.
const parkedBatch = 500

// eachParked has every parked row of one sort begin anew, and counts them. ids are those
// that come after one, in their order: what is parked again meanwhile is left parked.
func (s *Store) eachParked(ctx context.Context, ids func(q *gen.Queries, after string) ([]string, error),
	restart func(q *gen.Queries, id string) (int64, error),
) (n int, err error) {
	after := ""
	for {
		var batch []string
		began := 0
		err := s.inTx(ctx, func(q *gen.Queries) (err error) {
			began = 0
			if batch, err = ids(q, after); err != nil {
				return err
			}
			for _, id := range batch {
				rows, err := restart(q, id)
				if err != nil {
					return err
				}
				began += int(rows)
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		n += began
		if len(batch) < parkedBatch {
			return n, nil
		}
		after = batch[len(batch)-1]
	}
}

// ResendParked has all parked calls of a target made again, and counts them.
func (s *Store) ResendParked(ctx context.Context, target string, now time.Time) (int, error) {
	n, err := s.eachParked(ctx, func(q *gen.Queries, after string) ([]string, error) {
		return q.ParkedHookIDs(ctx, gen.ParkedHookIDsParams{Target: target, AfterID: after, Most: parkedBatch})
	}, func(q *gen.Queries, id string) (int64, error) {
		return q.ResendHook(ctx, gen.ResendHookParams{Now: millis(now), ID: id})
	})
	if err != nil {
		return n, fmt.Errorf("resend parked calls of hook %s: %w", target, err)
	}
	return n, nil
}

// RetryParkedDeliveries has all parked deliveries tried again, and counts them.
func (s *Store) RetryParkedDeliveries(ctx context.Context, now time.Time) (int, error) {
	n, err := s.eachParked(ctx, func(q *gen.Queries, after string) ([]string, error) {
		return q.ParkedDeliveryIDs(ctx, gen.ParkedDeliveryIDsParams{AfterID: after, Most: parkedBatch})
	}, func(q *gen.Queries, id string) (int64, error) {
		return q.ReplayDelivery(ctx, gen.ReplayDeliveryParams{Now: millis(now), ID: id})
	})
	if err != nil {
		return n, fmt.Errorf("try parked deliveries again: %w", err)
	}
	return n, nil
}

// RetryAllUsage has all refused events reported again, and counts them.
func (s *Store) RetryAllUsage(ctx context.Context, now time.Time) (int, error) {
	n, err := s.eachParked(ctx, func(q *gen.Queries, after string) ([]string, error) {
		return q.ParkedUsageIDs(ctx, gen.ParkedUsageIDsParams{AfterID: after, Most: parkedBatch})
	}, func(q *gen.Queries, id string) (int64, error) {
		return q.RetryParkedUsage(ctx, gen.RetryParkedUsageParams{Now: millis(now), ID: id})
	})
	if err != nil {
		return n, fmt.Errorf("retry refused events: %w", err)
	}
	return n, nil
}

// troublesMost is how many parked things of one sort have an alarm of their own.
const troublesMost = 20

// Troubles are the alarms that follow from what is parked right now: they last as long
// as something is.
func (s *Store) Troubles(ctx context.Context) ([]billing.Alarm, error) {
	var list []billing.Alarm
	deliveries, err := s.r.ParkedDeliveries(ctx, troublesMost)
	if err != nil {
		return nil, fmt.Errorf("parked deliveries: %w", err)
	}
	for _, d := range deliveries {
		list = append(list, billing.Alarm{Kind: billing.AlarmDeliveryParked, Subject: d.ID, Detail: d.Type + ": " + d.Error})
	}
	jobs, err := s.r.JobsSetAside(ctx, troublesMost)
	if err != nil {
		return nil, fmt.Errorf("parked jobs: %w", err)
	}
	for _, j := range jobs {
		list = append(list, billing.Alarm{Kind: billing.AlarmJobParked, Subject: j.Kind + "/" + j.Key, Detail: j.Error})
	}
	hooks, err := s.r.ParkedHooksByTarget(ctx)
	if err != nil {
		return nil, fmt.Errorf("parked hooks: %w", err)
	}
	for _, h := range hooks {
		list = append(list, billing.Alarm{Kind: billing.AlarmHookParked, Subject: h.Target, Detail: fmt.Sprintf("%d calls, for example: %s", h.Calls, h.Example)})
	}
	usage, err := s.r.ParkedUsageByProvider(ctx)
	if err != nil {
		return nil, fmt.Errorf("parked usage: %w", err)
	}
	for _, u := range usage {
		list = append(list, billing.Alarm{Kind: billing.AlarmUsageParked, Subject: u.Provider, Detail: fmt.Sprintf("%d events, for example: %s", u.Events, u.Example)})
	}
	return list, nil
}
