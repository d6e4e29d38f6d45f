package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// DeliveryRecord is one delivery as an operator sees it.
type DeliveryRecord struct {
	InboxDelivery                 // without its body in a list
	Endpoint, State, Error        string
	ReceivedAt, NextTryAt, DoneAt time.Time
}

// DeliveryFilter says which deliveries are listed: those of one type, about one object and
// in one state, as far as that is set, or those about what the mirror does not keep.
type DeliveryFilter struct {
	Type, ObjectID string
	Strange        bool
	State          string
}

// Deliveries lists one page of deliveries, the latest first. Pass "" first and then next,
// which is "" after the last page. ErrInvalid: before is not a next of this list.
func (s *Store) Deliveries(ctx context.Context, f DeliveryFilter, before string, size int) (list []DeliveryRecord, next string, err error) {
	at, id, err := parsePosition(before)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.deliveryRows(ctx, f, at, id, int64(size)+1)
	if err != nil {
		return nil, "", fmt.Errorf("list deliveries: %w", err)
	}
	if len(rows) > size {
		rows = rows[:size]
		last := rows[size-1]
		next = formatPosition(last.ReceivedAt, last.ID)
	}
	return mapEach(rows, func(row gen.DeliveriesInStateRow) DeliveryRecord {
		return deliveryRecord(gen.Inbox{
			ID: row.ID, Provider: row.Provider, Endpoint: row.Endpoint, DeliveryID: row.DeliveryID, Type: row.Type,
			ObjectKind: row.ObjectKind, ObjectID: row.ObjectID, SentAt: row.SentAt, ReceivedAt: row.ReceivedAt, State: row.State,
			Tries: row.Tries, NextTryAt: row.NextTryAt, DoneAt: row.DoneAt, Error: row.Error,
		})
	}), next, nil
}

func (s *Store) deliveryRows(ctx context.Context, f DeliveryFilter, at int64, id string, most int64) ([]gen.DeliveriesInStateRow, error) {
	switch {
	case f.ObjectID != "":
		rows, err := s.r.DeliveriesOfObject(ctx, gen.DeliveriesOfObjectParams{ObjectID: f.ObjectID, Type: f.Type, State: f.State, BeforeAt: at, BeforeID: id, Most: most})
		return mapEach(rows, func(row gen.DeliveriesOfObjectRow) gen.DeliveriesInStateRow { return gen.DeliveriesInStateRow(row) }), err
	case f.Type != "" && f.State == "":
		rows, err := s.r.DeliveriesOfType(ctx, gen.DeliveriesOfTypeParams{Type: f.Type, BeforeAt: at, BeforeID: id, Most: most})
		return mapEach(rows, func(row gen.DeliveriesOfTypeRow) gen.DeliveriesInStateRow { return gen.DeliveriesInStateRow(row) }), err
	case f.Strange:
		rows, err := s.r.StrangeDeliveries(ctx, gen.StrangeDeliveriesParams{BeforeAt: at, BeforeID: id, Most: most})
		return mapEach(rows, func(row gen.StrangeDeliveriesRow) gen.DeliveriesInStateRow { return gen.DeliveriesInStateRow(row) }), err
	}
	return s.r.DeliveriesInState(ctx, gen.DeliveriesInStateParams{State: f.State, Type: f.Type, BeforeAt: at, BeforeID: id, Most: most})
}

// Delivery is one delivery with its body. ErrNotFound: there is none of that id.
func (s *Store) Delivery(ctx context.Context, rowID string) (DeliveryRecord, error) {
	row, err := s.r.Delivery(ctx, rowID)
	if err != nil {
		return DeliveryRecord{}, fmt.Errorf("delivery %s: %w", rowID, found(err))
	}
	return deliveryRecord(row), nil
}

func deliveryRecord(row gen.Inbox) DeliveryRecord {
	return DeliveryRecord{
		InboxDelivery: InboxDelivery{RowID: row.ID, Tries: int(row.Tries), Delivery: billing.Delivery{
			Provider: row.Provider, ID: row.DeliveryID, Type: row.Type, SentAt: moment(row.SentAt), Body: row.Body,
			Object: billing.Ref{Provider: row.Provider, Kind: billing.Kind(row.ObjectKind), ProviderID: row.ObjectID},
		}},
		Endpoint: row.Endpoint, State: row.State, Error: row.Error,
		ReceivedAt: moment(row.ReceivedAt), NextTryAt: moment(row.NextTryAt), DoneAt: maybeMoment(row.DoneAt),
	}
}

// Range is a stretch of deliveries: applied, received from From up to but not at To, of
// one type or, when Type is empty, of all.
type Range struct {
	From, To time.Time
	Type     string
}

// CountRange counts the deliveries of a range.
func (s *Store) CountRange(ctx context.Context, r Range) (int, error) {
	n, err := s.r.CountBetween(ctx, gen.CountBetweenParams{FromAt: millis(r.From), ToAt: millis(r.To), Type: r.Type})
	if err != nil {
		return 0, fmt.Errorf("count deliveries: %w", err)
	}
	return int(n), nil
}

// DeliveriesOf reads up to most deliveries of a range, the oldest first, that come after
// the one given; nil begins.
func (s *Store) DeliveriesOf(ctx context.Context, r Range, after *DeliveryRecord, most int) ([]DeliveryRecord, error) {
	p := gen.DeliveriesBetweenParams{AfterAt: millis(r.From), ToAt: millis(r.To), Type: r.Type, Most: int64(most)}
	if after != nil {
		p.AfterAt, p.AfterID = millis(after.ReceivedAt), after.RowID
	}
	rows, err := s.r.DeliveriesBetween(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("deliveries of a range: %w", err)
	}
	return mapEach(rows, deliveryRecord), nil
}

// ReplayDelivery has a delivery applied again that is done or parked, as often as a new
// one. One that waits stays as it is. ErrNotFound: there is none of that id.
func (s *Store) ReplayDelivery(ctx context.Context, rowID string, now time.Time) error {
	err := s.wish(ctx, "replay delivery "+rowID, func(q *gen.Queries) (int64, error) {
		return q.ReplayDelivery(ctx, gen.ReplayDeliveryParams{Now: millis(now), ID: rowID})
	})
	if errors.Is(err, billing.ErrNotFound) {
		_, err = s.Delivery(ctx, rowID)
	}
	return err
}

// replayBatch is how many deliveries one transaction of ReplayRange wishes for.
const replayBatch = 200

// ReplayRange has every delivery of a range applied again, and counts them. The worker
// applies them one by one, each in its own transaction. It may be repeated.
func (s *Store) ReplayRange(ctx context.Context, r Range, now time.Time) (n int, err error) {
	var last *DeliveryRecord
	for {
		batch, err := s.DeliveriesOf(ctx, r, last, replayBatch)
		if err != nil || len(batch) == 0 {
			return n, err
		}
		err = s.inTx(ctx, func(q *gen.Queries) error {
			for _, d := range batch {
				if _, err := q.ReplayDelivery(ctx, gen.ReplayDeliveryParams{Now: millis(now), ID: d.RowID}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, fmt.Errorf("replay a range: %w", err)
		}
		n += len(batch)
		last = &batch[len(batch)-1]
	}
}
