package worker

import (
	"context"
	"errors"
	"fmt"

	"counterfoil/billing"
	"counterfoil/db"
)

// eraseCustomer has somebody who was erased here erased outside, too: the deliveries that
// name him go, and the provider deletes him and makes him nameless. It may be repeated at
// any point: what is done is written down, and a deletion that happened without our hearing
// of it answers that there is nobody, which is as good.
//
// The provider is asked for the id as well, since a customer may have been made there by a
// request whose answer was lost, or that was under way when its user was erased here.
func (w *Worker) eraseCustomer(ctx context.Context, job db.Job) error {
	dropped, err := w.Store.DropDeliveriesOf(ctx, job.Key)
	if err != nil {
		return err
	}
	known, err := w.customerAt(ctx, job.Key)
	switch {
	case errors.Is(err, billing.ErrNotFound):
	case err != nil:
		return fmt.Errorf("look for erased customer %s at %s: %w", job.Key, w.Provider.Name(), err)
	default: // he is noted, and no word of his is kept
		if _, err := w.Store.Apply(ctx, billing.Change{Object: known}, w.Now()); err != nil {
			return err
		}
	}
	all, err := w.Store.ErasedAtProviders(ctx, job.Key)
	if err != nil {
		return err
	}
	for _, at := range all {
		if at.Done || at.Ref.Provider != w.Provider.Name() {
			continue
		}
		_, err := ask(ctx, w, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, w.Provider.DeleteCustomer(ctx, at.Ref.ProviderID)
		})
		if err != nil && !errors.Is(err, billing.ErrNotFound) {
			return fmt.Errorf("erase customer %s at %s: %w", at.Ref.ProviderID, at.Ref.Provider, err)
		}
		if err := w.Store.EndErasure(ctx, at.Ref, w.Now()); err != nil {
			return err
		}
	}
	w.Log.InfoContext(ctx, "customer erased", "customer", job.Key, "provider", w.Provider.Name(), "deliveries", dropped)
	return nil
}
