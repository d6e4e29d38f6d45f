package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// InboxDelivery is a verified delivery that waits to be applied.
type InboxDelivery struct {
	billing.Delivery
	RowID string // ours; Delivery.ID is the provider's
	Tries int    // failed so far
}

// DueDeliveries returns deliveries that wait and may be tried at now, the longest
// waiting first. Only one worker reads them (the process that owns the database), so
// they need no lease: one cut short is simply due again.
func (s *Store) DueDeliveries(ctx context.Context, most int, now time.Time) ([]InboxDelivery, error) {
	rows, err := s.r.DueDeliveries(ctx, gen.DueDeliveriesParams{Now: millis(now), Most: int64(most)})
	if err != nil {
		return nil, fmt.Errorf("due deliveries: %w", err)
	}
	return mapEach(rows, func(row gen.Inbox) InboxDelivery {
		return InboxDelivery{RowID: row.ID, Tries: int(row.Tries), Delivery: billing.Delivery{
			Provider: row.Provider, ID: row.DeliveryID, Type: row.Type, SentAt: moment(row.SentAt), Body: row.Body,
			Object: billing.Ref{Provider: row.Provider, Kind: billing.Kind(row.ObjectKind), ProviderID: row.ObjectID},
		}}
	}), nil
}

// ApplyDelivery applies what a delivery says and marks it done, in one transaction:
// after a crash both have happened or neither has. A delivery that is done already
// changes nothing.
func (s *Store) ApplyDelivery(ctx context.Context, rowID string, change billing.Change, now time.Time) (Applied, error) {
	var applied Applied
	ms := millis(now)
	err := s.inTx(ctx, func(q *gen.Queries) error {
		applied = Applied{}
		rows, err := q.FinishDelivery(ctx, gen.FinishDeliveryParams{Now: &ms, ID: rowID})
		if err != nil {
			return fmt.Errorf("finish: %w", err)
		}
		if rows == 0 {
			return nil
		}
		applied, err = s.apply(ctx, q, change, now)
		return err
	})
	s.committed(change.Object)
	if err != nil {
		return Applied{}, fmt.Errorf("apply delivery %s: %w", rowID, err)
	}
	return applied, nil
}

// FailDelivery keeps a delivery that could not be applied, with the reason, and lets
// it be tried again at next; parked sets it aside for an operator instead.
func (s *Store) FailDelivery(ctx context.Context, rowID, reason string, parked bool, next time.Time) error {
	state := "waiting"
	if parked {
		state = "parked"
	}
	return s.inTx(ctx, func(q *gen.Queries) error {
		err := q.FailDelivery(ctx, gen.FailDeliveryParams{State: state, Error: reason, NextTryAt: millis(next), ID: rowID})
		if err != nil {
			return fmt.Errorf("keep the failure of delivery %s: %w", rowID, err)
		}
		return nil
	})
}

// RetryDelivery lets a parked delivery be tried again, as often as a new one.
func (s *Store) RetryDelivery(ctx context.Context, rowID string, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		rows, err := q.RetryDelivery(ctx, gen.RetryDeliveryParams{Now: millis(now), ID: rowID})
		if err == nil && rows == 0 {
			err = billing.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("retry delivery %s: %w", rowID, err)
		}
		return nil
	})
}

// InboxBacklog counts the deliveries by state, for operators.
func (s *Store) InboxBacklog(ctx context.Context) ([]Backlog, error) {
	rows, err := s.r.InboxCounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	return mapEach(rows, func(row gen.InboxCountsRow) Backlog {
		return Backlog{State: row.State, Count: int(row.Deliveries), Oldest: moment(row.Oldest)}
	}), nil
}
