package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// createCustomer makes our customer known to the provider under our id, or finds out
// that it is known already. It may be repeated.
//
// The answer of a write can be lost, and somebody may have bought before he signed
// up. So a refusal and a lost answer are both resolved by looking: first for our own
// id, then for the address.
func (w *Worker) createCustomer(ctx context.Context, job db.Job) error {
	customer, err := w.Store.Customer(ctx, job.Key)
	if errors.Is(err, billing.ErrNotFound) {
		return &unfit{"there is no such customer here", err}
	}
	if err != nil {
		return err
	}
	fresh := billing.NewCustomer{CustomerID: customer.ID, Email: customer.Email, Name: customer.Name, Team: customer.UserID == ""}
	if w.CustomerMetadata != nil {
		if fresh.Metadata, err = w.CustomerMetadata(ctx, customer); err != nil {
			return fmt.Errorf("metadata of customer %s: %w", customer.ID, err)
		}
	}
	known, err := ask(ctx, w, func(ctx context.Context) (billing.Customer, error) {
		return w.Provider.CreateCustomer(ctx, fresh)
	})
	switch {
	case errors.Is(err, billing.ErrConflict):
		known, err = w.resolveConflict(ctx, customer)
	case errors.Is(err, billing.ErrUnknown):
		known, err = w.lookUp(ctx, customer, err)
	case errors.Is(err, billing.ErrInvalid):
		err = &unfit{"the provider does not accept this customer: correct the address or name, then ask again", err}
	}
	if err != nil {
		return fmt.Errorf("create customer %s at %s: %w", customer.ID, w.Provider.Name(), err)
	}
	// Applying links the two, and a new link asks for a reading of all the customer has.
	if _, err := w.Store.Apply(ctx, billing.Change{Object: known}, w.Now()); err != nil {
		return err
	}
	reread := db.Job{Kind: db.JobReconcileCustomer, Key: customer.ID, CustomerID: customer.ID}
	if err := w.Store.Enqueue(ctx, reread, time.Time{}, w.Now()); err != nil {
		return err
	}
	w.Poke()
	return nil
}

// lookUp resolves a creation whose answer was lost. Not found, it did not happen, and
// the next try may make it.
func (w *Worker) lookUp(ctx context.Context, customer db.Customer, lost error) (billing.Customer, error) {
	known, err := w.customerAt(ctx, customer.ID)
	if errors.Is(err, billing.ErrNotFound) {
		return billing.Customer{}, lost
	}
	return known, err
}

// resolveConflict finds who holds our id or the address at the provider. An external
// id there can never be changed (polarsource/polar, models/customer.py), so linking is
// done only when it is certainly right: the provider's customer has none, and our user
// has proven the address.
func (w *Worker) resolveConflict(ctx context.Context, customer db.Customer) (billing.Customer, error) {
	known, err := w.customerAt(ctx, customer.ID)
	if !errors.Is(err, billing.ErrNotFound) {
		return known, err
	}
	holder, err := ask(ctx, w, func(ctx context.Context) (billing.Customer, error) {
		return w.Provider.CustomerByEmail(ctx, customer.Email)
	})
	switch {
	case errors.Is(err, billing.ErrNotFound):
		return billing.Customer{}, &unfit{"the provider refuses to create the customer as taken, yet knows neither the id nor the address: look there, then ask again", err}
	case err != nil:
		return billing.Customer{}, err
	case holder.ExternalID == customer.ID:
		return holder, nil
	case holder.ExternalID != "":
		if err := w.awaitErasure(ctx, holder.ExternalID); err != nil {
			return billing.Customer{}, err
		}
		return billing.Customer{}, &unfit{fmt.Sprintf("the address belongs to customer %s at the provider, who is linked to another id (%s) for ever: "+
			"delete that customer there, or change his address, then ask again", holder.ProviderID, holder.ExternalID), nil}
	}
	verified, err := w.hasProvenAddress(ctx, customer)
	if err != nil {
		return billing.Customer{}, err
	}
	if !verified {
		return billing.Customer{}, &unfit{fmt.Sprintf("the address belongs to customer %s at the provider and our user has not proven it: "+
			"the two are linked after a sign-in with it", holder.ProviderID), nil}
	}
	known, err = ask(ctx, w, func(ctx context.Context) (billing.Customer, error) {
		return w.Provider.LinkCustomer(ctx, holder.ProviderID, customer.ID)
	})
	if errors.Is(err, billing.ErrUnknown) {
		return w.lookUp(ctx, customer, err)
	}
	if errors.Is(err, billing.ErrConflict) {
		return billing.Customer{}, &unfit{"customer " + holder.ProviderID + " at the provider was linked to another id meanwhile", err}
	}
	return known, err
}

// awaitErasure answers an error to try again later when a customer was erased here and the
// provider still has him: his address is free once it has erased him, too. Whoever comes
// back right after he was erased meets himself there.
func (w *Worker) awaitErasure(ctx context.Context, customerID string) error {
	erased, err := w.Store.WasErased(ctx, customerID)
	if err != nil || !erased {
		return err
	}
	return fmt.Errorf("%w: the address is that of customer %s, whom the provider is still to erase", billing.ErrProvider, customerID)
}

// hasProvenAddress reports whether the customer is a user's own and that user has
// proven to own the very address.
func (w *Worker) hasProvenAddress(ctx context.Context, customer db.Customer) (bool, error) {
	if customer.UserID == "" {
		return false, nil
	}
	user, err := w.Store.User(ctx, customer.UserID)
	if err != nil {
		return false, err
	}
	return !user.EmailVerifiedAt.IsZero() && user.Email == customer.Email, nil
}

// customerAt finds our customer at the provider by our id.
func (w *Worker) customerAt(ctx context.Context, customerID string) (billing.Customer, error) {
	return ask(ctx, w, func(ctx context.Context) (billing.Customer, error) { return w.Provider.Customer(ctx, customerID) })
}
