package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Applied is what a change did to the mirror.
type Applied struct {
	Ref     billing.Ref
	Changed bool   // the mirror holds something newer than before
	Stale   bool   // the mirror held something newer, or a tombstone, and kept it
	Before  string // the status that the mirror held; empty if the object is new or has none
	// CustomerID is whose affair it is (our id); empty for the catalog, and for a
	// customer of the provider who is nobody here.
	CustomerID string
}

// Apply brings one change into the mirror and asks, in the same transaction, for the
// jobs that follow from it. It may be repeated, and changes may come in any order:
// the newest version wins, a deletion wins for ever, and a copy of an object inside
// another one never counts, because a Change holds only the object that it is about.
func (s *Store) Apply(ctx context.Context, change billing.Change, now time.Time) (Applied, error) {
	var applied Applied
	err := s.inTx(ctx, func(q *gen.Queries) (err error) {
		applied, err = apply(ctx, q, change, now)
		return err
	})
	s.committed(change.Object)
	return applied, err
}

// applyBatch is how many objects one transaction of ApplyAll holds: few enough that
// a webhook never waits long for the writer.
const applyBatch = 100

// ApplyAll brings objects that were just read from the provider into the mirror, as
// Apply does, and returns how many of them were news. An object that is not among
// them stays as it is: absence from a list deletes nothing.
func (s *Store) ApplyAll(ctx context.Context, objects []billing.Object, now time.Time) (changed int, err error) {
	for len(objects) > 0 {
		batch := objects[:min(applyBatch, len(objects))]
		objects = objects[len(batch):]
		news := 0
		err := s.inTx(ctx, func(q *gen.Queries) error {
			news = 0
			for _, object := range batch {
				applied, err := apply(ctx, q, billing.Change{Object: object}, now)
				if err != nil {
					return err
				}
				if applied.Changed {
					news++
				}
			}
			return nil
		})
		s.committed(batch...)
		if err != nil {
			return changed, err
		}
		changed += news
	}
	return changed, nil
}

// SaveCheckout keeps a checkout that the customer opened here. The mirror may know
// it already, from a webhook that overtook the provider's answer.
func (s *Store) SaveCheckout(ctx context.Context, customerID string, checkout billing.Checkout, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		if _, err := apply(ctx, q, billing.Change{Object: checkout}, now); err != nil {
			return err
		}
		_, err := q.OwnCheckout(ctx, gen.OwnCheckoutParams{
			CustomerID: customerID, Provider: checkout.Provider, ProviderID: checkout.ProviderID,
		})
		if err != nil {
			return fmt.Errorf("own checkout %s: %w", checkout.ProviderID, err)
		}
		return nil
	})
}

// KnowsCustomer reports whether the mirror holds that customer of a provider, be it
// as a tombstone.
func (s *Store) KnowsCustomer(ctx context.Context, provider, providerCustomerID string) (bool, error) {
	_, err := s.r.ProviderCustomerByID(ctx, gen.ProviderCustomerByIDParams{Provider: provider, ProviderID: providerCustomerID})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for customer %s at %s: %w", providerCustomerID, provider, err)
	}
	return true, nil
}

func apply(ctx context.Context, q *gen.Queries, change billing.Change, now time.Time) (Applied, error) {
	if change.Object == nil {
		return Applied{}, nil
	}
	ref := change.Object.Ref()
	before, err := q.MirrorState(ctx, gen.MirrorStateParams{
		Kind: string(ref.Kind), Provider: ref.Provider, ProviderID: ref.ProviderID,
	})
	fresh := errors.Is(err, sql.ErrNoRows)
	if err != nil && !fresh {
		return Applied{}, fmt.Errorf("look for %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	ownerBefore := owner{}
	if ref.Kind == billing.KindCustomer { // the only kind whose change can move an owner
		if ownerBefore, err = ownerOf(ctx, q, change); err != nil {
			return Applied{}, err
		}
	}
	taken, err := upsert(ctx, q, change.Object, change.Deleted, now)
	if err != nil {
		return Applied{}, fmt.Errorf("mirror %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	owner, err := ownerOf(ctx, q, change)
	if err != nil {
		return Applied{}, err
	}
	applied := Applied{Ref: ref, Before: before.Status, Stale: !taken, CustomerID: owner.customerID}
	applied.Changed = taken && (fresh || change.Object.ObjectVersion() > before.Version ||
		statusOf(change.Object) != before.Status || (gone(change) && before.DeletedAt == nil))
	//failpoint:apply.before_hooks
	linked := ref.Kind == billing.KindCustomer && ownerBefore.customerID == ""
	return applied, follow(ctx, q, change, owner, linked, now)
}

// owner is whose affair a change is.
type owner struct {
	provider, providerCustomerID string
	customerID                   string // ours; empty while not linked
}

func ownerOf(ctx context.Context, q *gen.Queries, change billing.Change) (owner, error) {
	o := owner{provider: change.Object.Ref().Provider, providerCustomerID: change.ProviderCustomerID}
	if o.providerCustomerID == "" {
		o.providerCustomerID = payer(change.Object)
	}
	if o.providerCustomerID == "" {
		return o, nil
	}
	row, err := q.ProviderCustomerByID(ctx, gen.ProviderCustomerByIDParams{Provider: o.provider, ProviderID: o.providerCustomerID})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return owner{}, fmt.Errorf("owner of %s %s: %w", change.Object.Ref().Kind, change.Object.Ref().ProviderID, err)
	}
	if row.CustomerID != nil {
		o.customerID = *row.CustomerID
	}
	return o, nil
}

// follow asks for what a change makes necessary. A customer who has just been
// linked is read whole, since what he has may have been changing unseen; that
// reading ends with his credits.
func follow(ctx context.Context, q *gen.Queries, change billing.Change, o owner, linked bool, now time.Time) error {
	switch {
	case o.customerID == "":
		return nil
	case linked:
		job := Job{Kind: JobReconcileCustomer, Key: o.customerID, CustomerID: o.customerID}
		return enqueue(ctx, q, job, time.Time{}, now)
	case change.CreditsMoved:
		return enqueue(ctx, q, CreditsJob(o.provider, o.providerCustomerID, o.customerID), time.Time{}, now)
	}
	return nil
}
