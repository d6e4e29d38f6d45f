package worker

import (
	"context"
	"errors"
	"fmt"

	"counterfoil/billing"
	"counterfoil/db"
)

// updateCustomer brings the address of our customer to the provider. It may be repeated:
// it looks first, so an answer that was lost costs one more look.
func (w *Worker) updateCustomer(ctx context.Context, job db.Job) error {
	customer, err := w.Store.Customer(ctx, job.Key)
	if errors.Is(err, billing.ErrNotFound) {
		return &unfit{"there is no such customer here", err}
	}
	if err != nil {
		return err
	}
	if customer.Email == "" {
		return nil // erased meanwhile
	}
	known, err := w.customerAt(ctx, customer.ID)
	if errors.Is(err, billing.ErrNotFound) {
		return nil // it learns the address when it learns of the customer
	}
	if err != nil {
		return fmt.Errorf("look for customer %s: %w", customer.ID, err)
	}
	if known.Email != customer.Email {
		known, err = ask(ctx, w, func(ctx context.Context) (billing.Customer, error) {
			return w.Provider.UpdateCustomer(ctx, known.ProviderID, customer.Email)
		})
	}
	switch {
	case errors.Is(err, billing.ErrConflict):
		return &unfit{"the new address of customer " + customer.ID + " is another customer's at the provider: join or change that one there, then ask again", err}
	case errors.Is(err, billing.ErrInvalid):
		return &unfit{"the provider does not accept the new address of customer " + customer.ID, err}
	case err != nil:
		return fmt.Errorf("update customer %s at %s: %w", customer.ID, w.Provider.Name(), err)
	}
	_, err = w.Store.Apply(ctx, billing.Change{Object: known}, w.Now())
	return err
}
