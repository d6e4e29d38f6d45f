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

// InboxDelivery is a verified delivery that was claimed to be applied.
type InboxDelivery struct {
	billing.Delivery
	RowID       string // ours; Delivery.ID is the provider's
	Tries       int    // failed so far
	leasedUntil int64
}

// ClaimDeliveries takes up to most deliveries that wait and may be tried at now, the
// longest waiting first, and leases them until a time: nobody else takes one before,
// and after a crash it is due again then. Each claimed one must end in ApplyDelivery,
// FailDelivery or ReleaseDelivery.
func (s *Store) ClaimDeliveries(ctx context.Context, most int, until, now time.Time) ([]InboxDelivery, error) {
	due, err := s.r.DeliveryIsDue(ctx, millis(now))
	if err != nil {
		return nil, fmt.Errorf("look for deliveries: %w", err)
	}
	if due == 0 {
		return nil, nil
	}
	var rows []gen.Inbox
	err = s.inTx(ctx, func(q *gen.Queries) (err error) {
		rows, err = q.ClaimDeliveries(ctx, gen.ClaimDeliveriesParams{LeasedUntil: millis(until), Now: millis(now), Most: int64(most)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	slices.SortFunc(rows, func(a, b gen.Inbox) int { // RETURNING promises no order
		return cmp.Or(cmp.Compare(a.NextTryAt, b.NextTryAt), cmp.Compare(a.ID, b.ID))
	})
	return mapEach(rows, func(row gen.Inbox) InboxDelivery {
		return InboxDelivery{RowID: row.ID, Tries: int(row.Tries), leasedUntil: row.LeasedUntil, Delivery: billing.Delivery{
			Provider: row.Provider, ID: row.DeliveryID, Type: row.Type, SentAt: moment(row.SentAt), Body: row.Body,
			Object: billing.Ref{Provider: row.Provider, Kind: billing.Kind(row.ObjectKind), ProviderID: row.ObjectID},
		}}
	}), nil
}

// ApplyDelivery applies what a claimed delivery says and marks it done, in one
// transaction: after a crash both have happened or neither has. A delivery that is done
// already, or that somebody else holds since our lease ran out, changes nothing. One about
// somebody who was erased is removed, since it names him; it would change as little again.
func (s *Store) ApplyDelivery(ctx context.Context, d InboxDelivery, change billing.Change, now time.Time) (Applied, error) {
	var applied Applied
	ms := millis(now)
	err := s.inTx(ctx, func(q *gen.Queries) error {
		applied = Applied{}
		rows, err := q.FinishDelivery(ctx, gen.FinishDeliveryParams{Now: &ms, ID: d.RowID, LeasedUntil: d.leasedUntil})
		if err != nil {
			return fmt.Errorf("finish: %w", err)
		}
		if rows == 0 {
			return nil
		}
		if applied, err = s.apply(ctx, q, change, now); err != nil || !applied.Erased {
			return err
		}
		return q.DropDelivery(ctx, d.RowID)
	})
	s.committed(change.Object)
	if err != nil {
		return Applied{}, fmt.Errorf("apply delivery %s: %w", d.RowID, err)
	}
	return applied, nil
}

// FailDelivery keeps a claimed delivery that could not be applied, with the reason, and
// lets it be tried again at next; parked sets it aside for an operator instead.
func (s *Store) FailDelivery(ctx context.Context, d InboxDelivery, reason string, parked bool, next time.Time) error {
	state := "waiting"
	if parked {
		state = "parked"
	}
	return s.inTx(ctx, func(q *gen.Queries) error {
		err := q.FailDelivery(ctx, gen.FailDeliveryParams{
			State: state, Error: reason, NextTryAt: millis(next), ID: d.RowID, LeasedUntil: d.leasedUntil,
		})
		if err != nil {
			return fmt.Errorf("keep the failure of delivery %s: %w", d.RowID, err)
		}
		return nil
	})
}

// ReleaseDelivery gives a claimed delivery back that was not tried, as at a shutdown.
func (s *Store) ReleaseDelivery(ctx context.Context, d InboxDelivery) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		if err := q.ReleaseDelivery(ctx, gen.ReleaseDeliveryParams{ID: d.RowID, LeasedUntil: d.leasedUntil}); err != nil {
			return fmt.Errorf("give delivery %s back: %w", d.RowID, err)
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
