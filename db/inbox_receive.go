package db

import (
	"context"
	"fmt"
	"sync"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Receive keeps a verified delivery, for ever and once: fresh is false when this
// delivery id was received before at this endpoint. When it returns without an
// error the row is on disk, and the provider may be told so.
//
// Deliveries that arrive while a commit is under way share the next one, so that
// the time of a disk flush is paid once for all of them.
func (s *Store) Receive(ctx context.Context, d billing.Delivery, endpoint string, now time.Time) (fresh bool, err error) {
	r := &receipt{ended: make(chan error, 1), row: gen.ReceiveDeliveryParams{
		ID: NewID(), Provider: d.Provider, Endpoint: endpoint, DeliveryID: d.ID, Type: d.Type,
		ObjectKind: string(d.Object.Kind), ObjectID: d.Object.ProviderID,
		Body: d.Body, SentAt: millis(d.SentAt), ReceivedAt: millis(now),
	}}
	if s.receipts.join(r) {
		s.commitReceipts()
	}
	select {
	case err := <-r.ended:
		if err != nil {
			return false, fmt.Errorf("receive delivery %s: %w", d.ID, err)
		}
		return r.fresh, nil
	case <-ctx.Done():
		// The row may still be committed. The sender will try again, which finds it.
		return false, fmt.Errorf("receive delivery %s: %w", d.ID, ctx.Err())
	}
}

// receipt is one delivery on its way to disk. fresh may be read after ended answered.
type receipt struct {
	row   gen.ReceiveDeliveryParams
	fresh bool
	ended chan error
}

// receipts are what waits for the next commit. The zero value is ready.
type receipts struct {
	mu         sync.Mutex
	waiting    []*receipt
	committing bool
}

// join adds a receipt and reports whether the caller must commit.
func (w *receipts) join(r *receipt) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, r)
	if w.committing {
		return false
	}
	w.committing = true
	return true
}

// receiptBatch is how many deliveries share a commit at most.
const receiptBatch = 128

// take removes the next batch. After an empty one somebody else must commit.
func (w *receipts) take() []*receipt {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(receiptBatch, len(w.waiting))
	batch := w.waiting[:n:n]
	w.waiting = w.waiting[n:]
	w.committing = n > 0
	return batch
}

// commitReceipts commits one batch. What arrived meanwhile goes on in the
// background, so that no request works long for the others.
func (s *Store) commitReceipts() {
	batch := s.receipts.take()
	if len(batch) == 0 {
		return
	}
	err := s.commitBatch(batch)
	for _, r := range batch {
		r.ended <- err
	}
	go s.commitReceipts()
}

// receiveTimeout is how long a batch may wait for the writer: within the ten
// seconds after which Polar gives an attempt up (Polar docs, Webhooks).
const receiveTimeout = 8 * time.Second

// commitBatch does not follow the context of any one request: the batch is everybody's.
func (s *Store) commitBatch(batch []*receipt) error {
	ctx, cancel := context.WithTimeout(context.Background(), receiveTimeout)
	defer cancel()
	return s.inTx(ctx, func(q *gen.Queries) error {
		for _, r := range batch {
			rows, err := q.ReceiveDelivery(ctx, r.row)
			if err != nil {
				return err
			}
			r.fresh = rows > 0
		}
		//failpoint:inbox.before_commit
		return nil
	})
}
