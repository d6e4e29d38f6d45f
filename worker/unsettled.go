package worker

import (
	"context"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

const (
	// unsettledRound is how often checkouts that nobody waits for are looked at, and
	// unsettledAge how old a copy of one may become, so that each comes to its end here
	// even when its page was closed and its webhook lost.
	unsettledRound = time.Minute
	unsettledAge   = 10 * time.Minute
	unsettledBatch = 20
)

// readUnsettled reads anew the checkouts that have been open for a while, each round
// the next ones. Of one that has succeeded, everything that its buyer has is read too.
func (w *Worker) readUnsettled(ctx context.Context) (int, error) {
	refs, err := w.Store.UnsettledCheckouts(ctx, w.Now().Add(-unsettledAge), w.unsettledAfter, unsettledBatch, w.Now())
	if err != nil {
		return 0, err
	}
	w.unsettledAfter = "" // from the beginning again
	if len(refs) == unsettledBatch {
		w.unsettledAfter = refs[len(refs)-1].ProviderID
	}
	for _, ref := range refs {
		object := w.reread(ctx, ref)
		if object == nil {
			continue // not possible now; reread has said why
		}
		if _, err := w.Store.Apply(ctx, billing.Change{Object: object}, w.Now()); err != nil {
			return 0, err
		}
		checkout, ok := object.(billing.Checkout)
		if !ok || checkout.Status != billing.CheckoutSucceeded || checkout.ExternalCustomerID == "" {
			continue
		}
		job := db.Job{Kind: db.JobReconcileCustomer, Key: checkout.ExternalCustomerID, CustomerID: checkout.ExternalCustomerID}
		if err := w.Store.Enqueue(ctx, job, time.Time{}, w.Now()); err != nil {
			return 0, err
		}
		w.Poke()
	}
	return 0, nil
}
