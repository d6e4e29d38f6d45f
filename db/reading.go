package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// driftGrace is how old a change must be at the provider before a webhook should have
// told it: deliveries take a moment, and two clocks differ.
const driftGrace = 2 * time.Minute

// Reading is some objects as they were just read from a provider.
type Reading struct {
	Pass    Pass // that read them; its zero value for the reading of one customer
	Objects []billing.Object

	// Of a pass: where it goes on after them, how many calls they took, and until when
	// it is leased then.
	Kind        billing.Kind
	Page        int
	Calls       int
	LeasedUntil time.Time
}

// Read is what a Reading did.
type Read struct {
	Written int // copies that were written
	Changed int // of these: the mirror held something older, or nothing
	Healed  int // of these: a webhook should have told us
	Found   int // what a dry run would have healed
}

// ApplyReading brings what was read into the mirror, as Apply does for each object, in one
// transaction with the cursor of the pass. Only copies that differ are written. What a
// webhook should have told us is reported as a drift. A balance that moved asks for that
// customer's credits. What is not among the objects stays as it is.
// billing.ErrConflict: another process runs the pass now.
func (s *Store) ApplyReading(ctx context.Context, r Reading, now time.Time) (Read, error) {
	complete, err := s.CompleteSince(ctx, r.provider())
	if err != nil {
		return Read{}, err
	}
	news, err := s.news(ctx, r.Objects)
	if err != nil {
		return Read{}, err
	}
	var read Read
	err = s.inTx(ctx, func(q *gen.Queries) error {
		a := applier{s: s, q: q, reading: r, now: now, reports: !complete.IsZero()}
		if err := a.all(ctx, news); err != nil {
			return err
		}
		read = a.read
		return a.move(ctx)
	})
	for _, n := range news {
		s.committed(n.object)
	}
	if err != nil {
		return Read{}, fmt.Errorf("apply what was read: %w", err)
	}
	return read, nil
}

func (r Reading) provider() string {
	if r.Pass.ID == "" && len(r.Objects) > 0 {
		return r.Objects[0].Ref().Provider
	}
	return r.Pass.Provider
}

// different is an object whose copy is not like it.
type different struct {
	object billing.Object
	before copied
	fields []string
}

// news are the objects that differ from their copies, each once. It reads outside of the
// transaction, so that a list that tells nothing new leaves the writer alone; what
// changes between is decided by the versions, as always.
func (s *Store) news(ctx context.Context, objects []billing.Object) ([]different, error) {
	var news []different
	for _, object := range objects {
		object = vacated(object)
		before, err := s.mirrored(ctx, object.Ref())
		if err != nil {
			return nil, err
		}
		if before.deleted {
			continue // for ever
		}
		if before.object == nil {
			news = append(news, different{object: object})
			continue
		}
		if before.object.ObjectVersion() > object.ObjectVersion() {
			continue // a webhook was faster than this page
		}
		fields := billing.Differences(ours(before.object, object), object)
		links, err := s.links(ctx, before, object)
		if err != nil {
			return nil, err
		}
		lacks, err := s.lacksRaw(ctx, object)
		if err != nil {
			return nil, err
		}
		if kind := object.Ref().Kind; (len(fields) > 0 || lacks) && (kind == billing.KindOrder || kind == billing.KindRefund) {
			if object, fields, err = s.booked(ctx, before.object, object, fields); err != nil {
				return nil, err
			}
			lacks = lacks && object.ObjectRaw() != ""
		}
		if len(fields) > 0 || links || lacks || before.object.ObjectVersion() != object.ObjectVersion() {
			news = append(news, different{object, before, fields})
		}
	}
	return news, nil
}

// ours takes over what the mirror keeps of a checkout whatever the provider says: who
// opened it here.
func ours(before, object billing.Object) billing.Object {
	was, ok := before.(billing.Checkout)
	is, both := object.(billing.Checkout)
	if ok && both && was.ExternalCustomerID != "" {
		was.ExternalCustomerID = is.ExternalCustomerID
		return was
	}
	return before
}

// links reports whether applying an unchanged customer would link him: our customer may
// have come after the copy.
func (s *Store) links(ctx context.Context, before copied, object billing.Object) (bool, error) {
	customer, ok := object.(billing.Customer)
	if !ok || before.linked || customer.ExternalID == "" || customer.Deleted {
		return false, nil
	}
	_, err := s.r.LinkTarget(ctx, gen.LinkTargetParams{
		ExternalID: customer.ExternalID, Provider: customer.Provider, ProviderID: customer.ProviderID,
	})
	if err = found(err); errors.Is(err, billing.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// booked is an object as the mirror may keep it: of an order or a refund of somebody who
// was erased it keeps the books alone, so each reading finds the same difference, which is
// none.
func (s *Store) booked(ctx context.Context, before, object billing.Object, fields []string) (billing.Object, []string, error) {
	o, err := ownerOf(ctx, s.r, object.Ref().Provider, payer(object))
	if err != nil || !o.gone {
		return object, fields, err
	}
	id, err := erasedAt(ctx, s.r, o)
	if err != nil || id == "" {
		return object, fields, err
	}
	object, _ = withoutPerson(object)
	return object, billing.Differences(before, object), nil
}
