package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

const (
	inboxBatch   = 32 // deliveries claimed at once
	inboxObjects = 4  // objects worked on at once
	// inboxLease covers a batch whose every object is slow to be read anew: eight rounds,
	// each of a few rereads (see rereadTimeout).
	inboxLease = 3 * time.Minute
	// inboxTries is after how many failures a delivery is parked.
	inboxTries = 8
	// rereadTimeout is how long a delivery waits for the object to be read anew: the
	// buyer may be waiting for it on the success page.
	rereadTimeout = 5 * time.Second
)

// applyInbox applies deliveries that are due: one at a time per object, several
// objects at once. One that fails does not hold back later ones of its object,
// because the order of deliveries decides nothing: versions do, and a delivery that
// is tried again later finds the newer state in place and leaves it there.
func (w *Worker) applyInbox(ctx context.Context) (int, error) {
	deliveries, err := w.Store.ClaimDeliveries(ctx, inboxBatch, w.Now().Add(inboxLease), w.Now())
	if err != nil {
		return 0, err
	}
	var mu sync.Mutex
	var failed error
	var running sync.WaitGroup
	slots := make(chan struct{}, inboxObjects)
	for _, group := range byObject(deliveries) {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			if err := w.applyGroup(ctx, group); err != nil {
				mu.Lock()
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return len(deliveries), failed
}

// byObject groups deliveries by what they are about, in the order of arrival. One
// whose envelope does not tell stands alone.
func byObject(deliveries []db.InboxDelivery) [][]db.InboxDelivery {
	var groups [][]db.InboxDelivery
	place := map[billing.Ref]int{}
	for _, d := range deliveries {
		i, ok := place[d.Object]
		if !ok || d.Object.ProviderID == "" {
			i = len(groups)
			place[d.Object] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], d)
	}
	return groups
}

// applyGroup applies the deliveries of one object. The provider is asked once for
// all of them, since one purchase brings half a dozen about the same subscription.
func (w *Worker) applyGroup(ctx context.Context, group []db.InboxDelivery) error {
	read := map[billing.Ref]billing.Object{}
	for _, d := range group {
		var err error
		if ctx.Err() == nil {
			if err = safely(func() error { return w.applyDelivery(ctx, d, read) }); err == nil {
				continue
			}
		}
		if ctx.Err() != nil { // stopping; one that is done by now is not given back
			if err := w.Store.ReleaseDelivery(context.WithoutCancel(ctx), d); err != nil {
				return err
			}
			continue
		}
		tries := d.Tries + 1
		parked := tries >= inboxTries
		next := w.Now().Add(backoff(tries))
		w.Log.ErrorContext(ctx, "delivery not applied", "delivery", d.ID, "type", d.Type, "tries", tries, "parked", parked, "err", err)
		if err := w.Store.FailDelivery(ctx, d, err.Error(), parked, next); err != nil {
			return err
		}
	}
	return nil
}

// applyDelivery applies one delivery. read keeps what was read anew, nil for what
// could not be.
func (w *Worker) applyDelivery(ctx context.Context, d db.InboxDelivery, read map[billing.Ref]billing.Object) error {
	change, err := w.decide(ctx, d, read)
	if err != nil {
		return err
	}
	if err := w.meetCustomer(ctx, change); err != nil {
		return err
	}
	for _, ref := range change.Also {
		if object := w.readOnce(ctx, ref, read); object != nil {
			if _, err := w.Store.Apply(ctx, billing.Change{Object: object}, w.Now()); err != nil {
				return err
			}
		}
	}
	//failpoint:apply.before
	applied, err := w.Store.ApplyDelivery(ctx, d, change, w.Now())
	if err != nil {
		return err
	}
	//failpoint:apply.after_commit
	w.Log.DebugContext(ctx, "delivery applied", "delivery", d.ID, "type", d.Type,
		"object", applied.Ref.ProviderID, "changed", applied.Changed, "stale", applied.Stale)
	if applied.CustomerID != "" {
		w.Poke() // it may have asked for jobs
	}
	return nil
}

// decide works out what a delivery changes: what it says, or what was read anew.
func (w *Worker) decide(ctx context.Context, d db.InboxDelivery, read map[billing.Ref]billing.Object) (billing.Change, error) {
	if d.Provider != w.Provider.Name() {
		return billing.Change{}, fmt.Errorf("no provider %q is configured: %w", d.Provider, billing.ErrInvalid)
	}
	change, err := w.Provider.Decode(d.Delivery)
	if err != nil {
		return billing.Change{}, fmt.Errorf("decode %s: %w", d.Type, err)
	}
	if change.Object != nil && !change.Deleted {
		current := w.readOnce(ctx, change.Object.Ref(), read)
		// The payload is a snapshot of when the event was raised. It still counts when it
		// is newer, as when a replica of the provider's that answered lagged behind. So it
		// does at an equal version: the two may be states of one tick of the provider's
		// clock, and then the one that was announced must not be lost to an earlier one.
		if current != nil && current.ObjectVersion() > change.Object.ObjectVersion() {
			change.Object = current
		}
	}
	return change, nil
}

// readOnce rereads an object unless read has it.
func (w *Worker) readOnce(ctx context.Context, ref billing.Ref, read map[billing.Ref]billing.Object) billing.Object {
	object, asked := read[ref]
	if !asked {
		object = w.reread(ctx, ref)
		read[ref] = object
	}
	return object
}

// reread reads an object as it is now, or answers nil: the payload counts then. That is
// so for kinds that cannot be read one by one, for an object that is gone
// (its deletion is a delivery of its own), while the provider is failing, and when many
// deliveries come at once: the requests that the provider allows are then left to those
// who wait before a page.
func (w *Worker) reread(ctx context.Context, ref billing.Ref) billing.Object {
	ctx, cancel := context.WithTimeout(billing.Spare(ctx), rereadTimeout)
	defer cancel()
	object, err := ask(ctx, w, func(ctx context.Context) (billing.Object, error) { return w.Provider.Fetch(ctx, ref) })
	if err != nil {
		w.Log.DebugContext(ctx, "object not read anew: the payload counts", "kind", ref.Kind, "object", ref.ProviderID, "err", err)
		return nil
	}
	return object
}

// meetCustomer keeps the customer of a change when the mirror has never seen him.
func (w *Worker) meetCustomer(ctx context.Context, change billing.Change) error {
	customer, err := w.stranger(ctx, change)
	if err != nil || customer == nil {
		return err
	}
	_, err = w.Store.Apply(ctx, *customer, w.Now())
	return err
}

// stranger reads the customer of a change when the mirror has never seen him, since
// without him nobody here owns what he bought. When that is not possible now it is nil:
// his own delivery or the next reconciliation brings him.
func (w *Worker) stranger(ctx context.Context, change billing.Change) (*billing.Change, error) {
	if change.Object == nil || change.ProviderCustomerID == "" || change.Object.Ref().Kind == billing.KindCustomer {
		return nil, nil
	}
	known, err := w.Store.KnowsCustomer(ctx, w.Provider.Name(), change.ProviderCustomerID)
	if err != nil || known {
		return nil, err
	}
	ref := billing.Ref{Provider: w.Provider.Name(), Kind: billing.KindCustomer, ProviderID: change.ProviderCustomerID}
	customer := w.reread(ctx, ref)
	if customer == nil {
		return nil, nil
	}
	return &billing.Change{Object: customer, ProviderCustomerID: ref.ProviderID}, nil
}
