package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// Somebody stands on the success page and waits for a checkout. The webhook is
// usually there first; these readings only make sure that a lost one does not keep a
// buyer waiting. They are wishes, not facts: kept in memory, bounded, and forgotten
// after a while. What they would have found, the next reconciliation finds too.
const (
	awaitEvery = time.Second
	awaitFor   = 30 * time.Second // after the last time that somebody asked
	awaitMost  = 500              // checkouts at once; more are left to the webhooks
)

// awaited are the checkouts that somebody waits for.
type awaited struct {
	mu    sync.Mutex
	until map[billing.Ref]wish
}

type wish struct {
	customerID string
	until      time.Time
	asked      bool // the customer's objects were asked for, after the checkout had succeeded
}

// Await says that a customer of ours waits for a checkout. It never blocks.
func (w *Worker) Await(customerID string, ref billing.Ref) {
	w.awaited.mu.Lock()
	defer w.awaited.mu.Unlock()
	old, known := w.awaited.until[ref]
	if !known && len(w.awaited.until) >= awaitMost {
		return
	}
	w.awaited.until[ref] = wish{customerID, w.Now().Add(awaitFor), old.asked}
}

// waiting returns who is waited for, and forgets those that nobody asks for any more.
func (a *awaited) waiting(now time.Time) map[billing.Ref]wish {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make(map[billing.Ref]wish, len(a.until))
	for ref, wish := range a.until {
		if now.After(wish.until) {
			delete(a.until, ref)
			continue
		}
		list[ref] = wish
	}
	return list
}

// readAwaited reads the checkouts that somebody waits for. When one has succeeded but
// what it bought is not all here, everything of that customer is read.
func (w *Worker) readAwaited(ctx context.Context) (int, error) {
	var failed error
	for ref, wish := range w.awaited.waiting(w.Now()) {
		object, err := ask(ctx, w, func(ctx context.Context) (billing.Object, error) { return w.Provider.Fetch(ctx, ref) })
		if errors.Is(err, billing.ErrProvider) {
			continue // the page says that it takes longer; the next round asks again
		}
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		checkout, ok := object.(billing.Checkout)
		if !ok {
			continue
		}
		if _, err := w.Store.Apply(ctx, billing.Change{Type: "awaited", Object: checkout}, w.Now()); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if checkout.Status == billing.CheckoutSucceeded && !wish.asked {
			failed = errors.Join(failed, w.askAfterCheckout(ctx, ref, wish))
		}
	}
	return 0, failed
}

// askAfterCheckout wishes, once per checkout, for a reading of what its buyer has.
func (w *Worker) askAfterCheckout(ctx context.Context, ref billing.Ref, wish wish) error {
	outcome, err := w.Store.CheckoutOutcome(ctx, wish.customerID, ref.ProviderID)
	if err != nil || outcome.Bought() {
		return err
	}
	job := db.Job{Kind: db.JobReconcileCustomer, Key: wish.customerID, CustomerID: wish.customerID}
	if err := w.Store.Enqueue(ctx, job, time.Time{}, w.Now()); err != nil {
		return err
	}
	w.awaited.mu.Lock()
	wish.asked = true
	w.awaited.until[ref] = wish
	w.awaited.mu.Unlock()
	w.Poke()
	return nil
}
