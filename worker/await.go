package worker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// Somebody stands on the success page and waits for a checkout. The webhook is
// usually there first; these readings only make sure that a lost one does not keep a
// buyer waiting. They are wishes, not facts: kept in memory, bounded, and forgotten
// after a while. What they would have found, the next reconciliation finds too.
//
// A page can stay open for hours, and the provider counts our requests (Polar: 500 a
// minute). So each checkout is read less and less often, and of many only some at a time.
const (
	awaitEvery  = time.Second
	awaitFor    = 30 * time.Second // after the last time that somebody asked
	awaitMost   = 500              // checkouts at once; more are left to the webhooks
	awaitBatch  = 3                // readings in a round
	awaitSeldom = 30 * time.Second // between two readings of one checkout, at most
)

// awaited are the checkouts that somebody waits for.
type awaited struct {
	mu    sync.Mutex
	until map[billing.Ref]wish
}

type wish struct {
	customerID string
	until      time.Time
	reads      int       // so far
	next       time.Time // the next reading is not before
}

// Await says that a customer of ours waits for a checkout. It never blocks.
func (w *Worker) Await(customerID string, ref billing.Ref) {
	w.awaited.mu.Lock()
	defer w.awaited.mu.Unlock()
	old, known := w.awaited.until[ref]
	if !known && len(w.awaited.until) >= awaitMost {
		return
	}
	old.customerID, old.until = customerID, w.Now().Add(awaitFor)
	w.awaited.until[ref] = old
}

// due takes the checkouts that are to be read now, those that were read least first,
// and forgets those that nobody asks for any more.
func (a *awaited) due(now time.Time) map[billing.Ref]wish {
	a.mu.Lock()
	defer a.mu.Unlock()
	var refs []billing.Ref
	for ref, wish := range a.until {
		if now.After(wish.until) {
			delete(a.until, ref)
		} else if !wish.next.After(now) {
			refs = append(refs, ref)
		}
	}
	slices.SortFunc(refs, func(x, y billing.Ref) int {
		return cmp.Or(a.until[x].reads-a.until[y].reads, a.until[x].next.Compare(a.until[y].next))
	})
	due := map[billing.Ref]wish{}
	for _, ref := range refs[:min(awaitBatch, len(refs))] {
		wish := a.until[ref]
		wish.next = now.Add(min(awaitSeldom, awaitEvery<<min(wish.reads, 10)/2))
		wish.reads++
		a.until[ref], due[ref] = wish, wish
	}
	return due
}

// readAwaited reads the checkouts that somebody waits for. When one has succeeded but
// what it bought is not all here, everything of that customer is read.
func (w *Worker) readAwaited(ctx context.Context) (int, error) {
	var failed error
	for ref, wish := range w.awaited.due(w.Now()) {
		if err := w.readOneAwaited(ctx, ref, wish.customerID); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return 0, failed
}

func (w *Worker) readOneAwaited(ctx context.Context, ref billing.Ref, customerID string) error {
	object, err := askNow(ctx, w, func(ctx context.Context) (billing.Object, error) { return w.Provider.Fetch(ctx, ref) })
	switch {
	case errors.Is(err, billing.ErrProvider), errors.Is(err, billing.ErrNotFound):
		return nil // the page says that it takes longer; a later round asks again
	case err != nil:
		return err
	}
	checkout, ok := object.(billing.Checkout)
	if !ok {
		return nil
	}
	if _, err := w.Store.Apply(ctx, billing.Change{Type: "awaited", Object: checkout}, w.Now()); err != nil {
		return err
	}
	if checkout.Status != billing.CheckoutSucceeded {
		return nil
	}
	outcome, err := w.Store.CheckoutOutcome(ctx, customerID, ref.ProviderID)
	if err != nil || outcome.Bought() {
		return err
	}
	job := db.Job{Kind: db.JobReconcileCustomer, Key: customerID, CustomerID: customerID}
	if err := w.Store.Enqueue(ctx, job, time.Time{}, w.Now()); err != nil {
		return err
	}
	w.Poke()
	return nil
}
