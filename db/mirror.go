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
	// ProviderCustomerID is the same at the provider.
	ProviderCustomerID string
	Version            int64 // of what was applied, taken or not
	Erased             bool  // it is about somebody who was erased here: nothing of it names him

	News []billing.Fact // what nobody knew before
	Jobs []Job          // what was asked for because of it
}

// Apply brings one change into the mirror and asks, in the same transaction, for the
// jobs that follow from it. It may be repeated, and changes may come in any order:
// the newest version wins, a deletion wins for ever, and a copy of an object inside
// another one never counts, because a Change holds only the object that it is about.
func (s *Store) Apply(ctx context.Context, change billing.Change, now time.Time) (Applied, error) {
	var applied Applied
	err := s.inTx(ctx, func(q *gen.Queries) (err error) {
		applied, err = s.apply(ctx, q, change, now)
		if err == nil && change.Raw == nil {
			err = s.noteState(ctx, q, []Applied{applied}, now)
		}
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
			all := make([]Applied, len(batch))
			for i, object := range batch {
				var err error
				if all[i], err = s.apply(ctx, q, billing.Change{Object: object}, now); err != nil {
					return err
				}
				if all[i].Changed {
					news++
				}
			}
			return s.noteState(ctx, q, all, now)
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
		if ended, err := q.OrganizationEnded(ctx, customerID); err != nil {
			return fmt.Errorf("save checkout %s: %w", checkout.ProviderID, err)
		} else if ended {
			return fmt.Errorf("save checkout %s: organisation %s was deleted: %w", checkout.ProviderID, customerID, billing.ErrConflict)
		}
		if _, err := s.apply(ctx, q, billing.Change{Object: checkout}, now); err != nil {
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

// apply is all that one change does: the mirror's row, the facts that it tells, and the
// jobs that follow, in the caller's transaction.
func (s *Store) apply(ctx context.Context, q *gen.Queries, change billing.Change, now time.Time) (Applied, error) {
	if change.Object == nil {
		return s.applyUnknown(ctx, q, change, now)
	}
	ref := change.Object.Ref()
	if change.ProviderCustomerID == "" {
		change.ProviderCustomerID = payer(change.Object)
	}
	state, err := q.MirrorState(ctx, gen.MirrorStateParams{
		Kind: string(ref.Kind), Provider: ref.Provider, ProviderID: ref.ProviderID,
	})
	fresh := errors.Is(err, sql.ErrNoRows)
	if err != nil && !fresh {
		return Applied{}, fmt.Errorf("look for %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	owner, err := ownerOf(ctx, q, ref.Provider, change.ProviderCustomerID)
	if err != nil {
		return Applied{}, err
	}
	erased, err := s.remember(ctx, q, owner, change, now)
	if err != nil {
		return Applied{}, fmt.Errorf("whether the customer of %s %s was erased: %w", ref.Kind, ref.ProviderID, err)
	}
	told, ownerBefore := change, owner
	change.Object = vacated(change.Object)
	if erased != "" {
		change = nobody(change)
	}
	known, have, err := knownOf(ctx, q, ref)
	if err != nil {
		return Applied{}, err
	}
	taken, err := upsert(ctx, q, change.Object, change.Deleted, now)
	if err != nil {
		return Applied{}, fmt.Errorf("mirror %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	if taken {
		if err := saveRaw(ctx, q, change); err != nil {
			return Applied{}, fmt.Errorf("keep the words of %s %s: %w", ref.Kind, ref.ProviderID, err)
		}
	}
	if ref.Kind == billing.KindCustomer { // the only kind whose change can move an owner
		if owner, err = ownerOf(ctx, q, ref.Provider, change.ProviderCustomerID); err != nil {
			return Applied{}, err
		}
	}
	applied := Applied{
		Ref: ref, Before: state.Status, Stale: !taken, CustomerID: owner.customerID,
		ProviderCustomerID: change.ProviderCustomerID, Version: change.Object.ObjectVersion(), Erased: erased != "",
	}
	applied.Changed = taken && (fresh || change.Object.ObjectVersion() > state.Version ||
		statusOf(change.Object) != state.Status || (gone(change) && state.DeletedAt == nil))
	//failpoint:apply.before_hooks
	var before *billing.Known
	if taken && have { // an older copy proves what it says, but is no step from what came after it
		before = &known
	}
	facts := billing.FactsOf(before, told)
	if applied.Erased {
		applied.News, err = s.note(ctx, q, ofNobody(facts), owner.was(erased), now)
		return applied, err
	}
	linked := ref.Kind == billing.KindCustomer && ownerBefore.customerID == "" && owner.customerID != ""
	if linked {
		facts = append(facts, linkedFact(change.Object, owner, now))
	}
	if applied.News, err = s.note(ctx, q, facts, owner, now); err != nil {
		return Applied{}, err
	}
	if job, asked := follow(change, owner, linked); asked {
		applied.Jobs = []Job{job}
		return applied, enqueue(ctx, q, job, time.Time{}, now)
	}
	return applied, nil
}

// applyUnknown notes what a delivery tells about a kind of object that the mirror does
// not keep.
func (s *Store) applyUnknown(ctx context.Context, q *gen.Queries, change billing.Change, now time.Time) (Applied, error) {
	o, err := ownerOf(ctx, q, change.Provider, change.ProviderCustomerID)
	if err != nil {
		return Applied{}, err
	}
	facts := billing.FactsOf(nil, change)
	if o.gone {
		id, err := erasedAt(ctx, q, o)
		if err != nil {
			return Applied{}, err
		}
		if id != "" {
			news, err := s.note(ctx, q, ofNobody(facts), o.was(id), now)
			return Applied{News: news, Erased: true}, err
		}
	}
	news, err := s.note(ctx, q, facts, o, now)
	return Applied{CustomerID: o.customerID, News: news}, err
}

// owner is whose affair a change is.
type owner struct {
	provider, providerCustomerID string
	customerID                   string // ours; empty while not linked
	gone                         bool   // the mirror has a tombstone of him
}

// was is an owner who was erased, by the id that he had here.
func (o owner) was(customerID string) owner {
	o.customerID = customerID
	return o
}

// ownerOf finds out whom a customer of a provider is here.
func ownerOf(ctx context.Context, q *gen.Queries, provider, providerCustomerID string) (owner, error) {
	o := owner{provider: provider, providerCustomerID: providerCustomerID}
	if providerCustomerID == "" {
		return o, nil
	}
	row, err := q.ProviderCustomerByID(ctx, gen.ProviderCustomerByIDParams{Provider: provider, ProviderID: providerCustomerID})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return owner{}, fmt.Errorf("whom customer %s of %s is here: %w", providerCustomerID, provider, err)
	}
	if row.CustomerID != nil {
		o.customerID = *row.CustomerID
	}
	o.gone = row.DeletedAt != nil
	return o, nil
}

// follow is what a change makes necessary. A customer who has just been linked is read
// whole, since what he has may have been changing unseen; that reading ends with his
// credits.
func follow(change billing.Change, o owner, linked bool) (Job, bool) {
	switch {
	case o.customerID == "":
		return Job{}, false
	case linked:
		return Job{Kind: JobReconcileCustomer, Key: o.customerID, CustomerID: o.customerID}, true
	case change.CreditsMoved:
		return CreditsJob(o.provider, o.providerCustomerID, o.customerID), true
	}
	return Job{}, false
}
