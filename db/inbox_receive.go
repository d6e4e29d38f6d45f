package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Receive keeps a verified delivery, for ever and once: fresh is false when this
// delivery id was received before at this endpoint. When it returns without an
// error the row is on disk, and the provider may be told so.
//
// Deliveries that arrive while a commit is under way share the next one, so that
// the time of a disk flush is paid once for all of them. If ctx ends while waiting,
// the row may still be committed; the sender will try again, which finds it.
func (s *Store) Receive(ctx context.Context, d billing.Delivery, endpoint string, now time.Time) (fresh bool, err error) {
	r, err := s.receipts.do(ctx, receipt{row: gen.ReceiveDeliveryParams{
		ID: NewID(), Provider: d.Provider, Endpoint: endpoint, DeliveryID: d.ID, Type: d.Type,
		ObjectKind: string(d.Object.Kind), ObjectID: d.Object.ProviderID,
		Body: d.Body, SentAt: millis(d.SentAt), ReceivedAt: millis(now),
	}}, receiptBatch, s.receiveTogether)
	if err != nil {
		return false, fmt.Errorf("receive delivery %s: %w", d.ID, err)
	}
	return r.fresh, nil
}

// receipt is one delivery on its way to disk.
type receipt struct {
	row   gen.ReceiveDeliveryParams
	fresh bool
}

const (
	// receiptBatch is how many deliveries share a commit at most.
	receiptBatch = 128
	// receiveTimeout is how long a batch may wait for the writer: within the ten
	// seconds after which Polar gives an attempt up (Polar docs, Webhooks).
	receiveTimeout = 8 * time.Second
)

// receiveTogether does not follow the context of any one request: the batch is everybody's.
func (s *Store) receiveTogether(batch []*member[receipt]) {
	ctx, cancel := context.WithTimeout(context.Background(), receiveTimeout)
	defer cancel()
	err := s.transact(ctx, func(on gen.DBTX) error {
		if !s.postgres {
			// A file does not hang, and the driver watches a context that can end with a
			// goroutine for each statement.
			ctx = context.WithoutCancel(ctx)
		}
		rows := &rowsTogether{DBTX: on}
		q := gen.New(rows)
		for _, m := range batch {
			if _, err := q.ReceiveDelivery(ctx, m.item.row); err != nil {
				return err
			}
		}
		err := rows.flush(ctx, func(from, to int, fresh int64) error { return tellFresh(ctx, q, batch[from:to], fresh) })
		if err != nil {
			return err
		}
		//failpoint:inbox.before_commit
		return nil
	})
	for _, m := range batch {
		m.err = err
	}
}

// tellFresh notes which of the receipts became rows, given how many of them did.
func tellFresh(ctx context.Context, q *gen.Queries, receipts []*member[receipt], fresh int64) error {
	for _, m := range receipts {
		m.item.fresh = fresh > 0
		if fresh == 0 || fresh == int64(len(receipts)) {
			continue
		}
		kept, err := q.HasDelivery(ctx, m.item.row.ID)
		if err != nil {
			return err
		}
		m.item.fresh = kept > 0
	}
	return nil
}
