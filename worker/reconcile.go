package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// reconcileCustomer reads everything that a customer has at the provider and applies
// it as a delivery would be. What is missing from the lists stays in the mirror.
func (w *Worker) reconcileCustomer(ctx context.Context, job db.Job) error {
	err := w.readCustomer(ctx, job.Key, db.Pass{})
	if err != nil && ctx.Err() == nil {
		// Pages say that what they show is old, and why.
		if err := w.Store.MarkSyncFailed(ctx, w.Provider.Name(), job.Key, err.Error()); err != nil {
			return err
		}
	}
	return err
}

// readCustomer reads one customer, for a pass or (its zero value) by itself.
func (w *Worker) readCustomer(ctx context.Context, customerID string, pass db.Pass) error {
	started := w.Now()
	customer, err := w.customerAt(ctx, customerID)
	if errors.Is(err, billing.ErrNotFound) && pass.Kind == db.PassDry {
		return nil
	}
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
	objects, err := ask(ctx, w, func(ctx context.Context) ([]billing.Object, error) {
		return w.Provider.CustomerObjects(ctx, customer.ProviderID)
	})
	if err != nil {
		return fmt.Errorf("read what customer %s has at %s: %w", customerID, w.Provider.Name(), err)
	}
	if pass.Kind != db.PassDry {
		if err := w.checkGone(ctx, customerID, customer.ProviderID); err != nil {
			return err
		}
	}
	changed, err := w.applyRead(ctx, pass, append([]billing.Object{customer}, objects...))
	if err != nil || pass.Kind == db.PassDry {
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

// readBatch is how many objects one transaction takes: few enough that a webhook never
// waits long for the writer.
const readBatch = 100

// applyRead applies what was read of one customer, or of the catalog.
func (w *Worker) applyRead(ctx context.Context, pass db.Pass, objects []billing.Object) (changed int, err error) {
	for batch := range slices.Chunk(objects, readBatch) {
		read, err := w.Store.ApplyReading(ctx, db.Reading{Pass: pass, Objects: batch, LeasedUntil: w.Now().Add(passLease)}, w.Now())
		if err != nil {
			return changed, err
		}
		changed += read.Changed
	}
	return changed, nil
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
	changed, err := w.applyRead(ctx, db.Pass{}, objects)
	if err != nil {
		return err
	}
	w.Log.DebugContext(ctx, "catalog reconciled", "objects", len(objects), "changed", changed)
	return w.Store.MarkSynced(ctx, w.Provider.Name(), everybody, started)
}
