package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// reconcileCustomer reads everything that a customer has at the provider and applies
// it as a delivery would be. What is missing from the lists stays in the mirror.
func (w *Worker) reconcileCustomer(ctx context.Context, job db.Job) error {
	err := w.readCustomer(ctx, job.Key)
	if err != nil && ctx.Err() == nil {
		// Pages say that what they show is old, and why.
		if err := w.Store.MarkSyncFailed(ctx, w.Provider.Name(), job.Key, err.Error()); err != nil {
			return err
		}
	}
	return err
}

func (w *Worker) readCustomer(ctx context.Context, customerID string) error {
	started := w.Now()
	customer, err := w.customerAt(ctx, customerID)
	if errors.Is(err, billing.ErrNotFound) {
		// Nobody there has our id, so there is nothing to copy. A customer whom the mirror
		// still links may have been deleted unseen: the provider is asked about him alone.
		if err := w.checkGone(ctx, customerID, ""); err != nil {
			return err
		}
		return w.Store.MarkSynced(ctx, w.Provider.Name(), customerID, started)
	}
	if err != nil {
		return fmt.Errorf("customer %s at %s: %w", customerID, w.Provider.Name(), err)
	}
	if err := w.checkGone(ctx, customerID, customer.ProviderID); err != nil {
		return err
	}
	objects, err := ask(ctx, w, func(ctx context.Context) ([]billing.Object, error) {
		return w.Provider.CustomerObjects(ctx, customer.ProviderID)
	})
	if err != nil {
		return fmt.Errorf("read what customer %s has at %s: %w", customerID, w.Provider.Name(), err)
	}
	changed, err := w.Store.ApplyAll(ctx, append([]billing.Object{customer}, objects...), w.Now())
	if err != nil {
		return err
	}
	w.Log.DebugContext(ctx, "customer reconciled", "customer", customerID, "objects", len(objects), "changed", changed)
	credits := db.CreditsJob(w.Provider.Name(), customer.ProviderID, customerID)
	if err := w.Store.Enqueue(ctx, credits, time.Time{}, w.Now()); err != nil {
		return err
	}
	w.Poke()
	return w.Store.MarkSynced(ctx, w.Provider.Name(), customerID, started)
}

// checkGone marks the linked customer as deleted if he is not the one whom the
// provider names now, and the provider says of him alone that he is gone. Absence
// from an answer is no proof of deletion; this explicit question is.
func (w *Worker) checkGone(ctx context.Context, customerID, current string) error {
	linked, err := w.Store.ProviderCustomer(ctx, w.Provider.Name(), customerID)
	if errors.Is(err, billing.ErrNotFound) || (err == nil && linked.ProviderID == current) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = ask(ctx, w, func(ctx context.Context) (billing.Object, error) { return w.Provider.Fetch(ctx, linked.Ref()) })
	if !errors.Is(err, billing.ErrNotFound) {
		return err
	}
	_, err = w.Store.Apply(ctx, billing.Change{Object: linked, Deleted: true}, w.Now())
	return err
}

// reconcileCatalog reads every product and meter.
func (w *Worker) reconcileCatalog(ctx context.Context, _ db.Job) error {
	const everybody = "" // the catalog belongs to no customer
	started := w.Now()
	objects, err := ask(ctx, w, w.Provider.Catalog)
	if err != nil {
		if err := w.Store.MarkSyncFailed(ctx, w.Provider.Name(), everybody, err.Error()); err != nil {
			return err
		}
		return fmt.Errorf("read the catalog of %s: %w", w.Provider.Name(), err)
	}
	changed, err := w.Store.ApplyAll(ctx, objects, w.Now())
	if err != nil {
		return err
	}
	w.Log.DebugContext(ctx, "catalog reconciled", "objects", len(objects), "changed", changed)
	return w.Store.MarkSynced(ctx, w.Provider.Name(), everybody, started)
}

const (
	// reconcileBatch is how many customers one round asks for, so that the readings of
	// sign-ins never wait behind a long queue.
	reconcileBatch = 10
	// reconcileRound keeps a steady pass at 40 customers a minute, which is some 320
	// requests. Polar allows 500 a minute (Polar docs, API, rate limits, 2026-09).
	reconcileRound = 15 * time.Second
)

// askForReconciliations asks for a reading of the catalog, at start and every
// ReconcileEvery, and of those customers whose full copy has become older than that.
func (w *Worker) askForReconciliations(ctx context.Context) (int, error) {
	now := w.Now()
	if now.Sub(w.catalogAsked) >= w.ReconcileEvery {
		job := db.Job{Kind: db.JobReconcileCatalog, Key: w.Provider.Name()}
		if err := w.Store.Enqueue(ctx, job, time.Time{}, now); err != nil {
			return 0, err
		}
		w.catalogAsked = now
		w.Poke()
	}
	due, err := w.Store.DueReconciliations(ctx, w.Provider.Name(), reconcileBatch, now.Add(-w.ReconcileEvery))
	if err != nil || len(due) == 0 {
		return 0, err
	}
	for _, customerID := range due {
		job := db.Job{Kind: db.JobReconcileCustomer, Key: customerID, CustomerID: customerID}
		// Spread over the round: they are not in a hurry, and a sign-in's reading is.
		if err := w.Store.Enqueue(ctx, job, now.Add(rand.N(reconcileRound)), now); err != nil {
			return 0, err
		}
	}
	return 0, nil
}
