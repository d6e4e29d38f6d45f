package worker

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"counterfoil/billing"
	"counterfoil/db"
)

const (
	missingBatch = 500 // copies looked at in one query
	// missingMost and missingShare are how many copies may be missing from a list that is
	// believed: ten, and one of ten. More is rather another organization's token, or a
	// provider that is wrong, than so many deletions without one webhook.
	missingMost  = 10
	missingShare = 10
	// goneMost is how many missing objects one pass asks the provider about.
	goneMost = 100
)

// sightings are the objects that a list showed: eight bytes for each, so that a million
// fit. Two ids of one hash could only hide that one of them is missing.
type sightings struct {
	hashes []uint64
	whole  bool // it was read from its beginning, by this run
	total  int  // what the list had when its reading began; -1: not read yet
}

var sightingSeed = maphash.MakeSeed()

func (s *sightings) add(page billing.Page) {
	if s.total < 0 {
		s.total = page.Total
	}
	for _, object := range page.Objects {
		s.hashes = append(s.hashes, maphash.String(sightingSeed, object.Ref().ProviderID))
	}
}

// settle reports whether the list showed all that it said it had, so that what was not
// among it is missing.
func (s *sightings) settle() bool {
	slices.Sort(s.hashes)
	s.hashes = slices.Compact(s.hashes)
	return s.whole && s.total >= 0 && len(s.hashes) >= s.total
}

func (s *sightings) has(id string) bool {
	_, found := slices.BinarySearch(s.hashes, maphash.String(sightingSeed, id))
	return found
}

// miss looks for copies that the list did not show. Nothing is deleted for being absent:
// what is missing in two passes in a row is asked for one by one at the end, see bury.
func (r *passRun) miss(ctx context.Context, kind billing.Kind, seen *sightings) error {
	if !seen.settle() {
		r.clean = r.clean && seen.whole
		_, err := r.w.Store.Missed(ctx, r.pass, kind, nil, r.w.Now()) // it begins anew for this kind
		return err
	}
	var missing []string
	living, after := 0, ""
	for {
		ids, err := r.w.Store.Living(ctx, r.pass.Provider, kind, after, r.pass.StartedAt, missingBatch)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if !seen.has(id) {
				missing = append(missing, id)
			}
		}
		living += len(ids)
		if len(ids) < missingBatch {
			break
		}
		after = ids[len(ids)-1]
	}
	if kind == billing.KindOrganization && len(missing) > 0 {
		r.doubt("the provider does not know the organization of the copies here: is the access token another one's? Nothing is deleted.")
		missing = nil
	}
	if len(missing) > missingMost+living/missingShare {
		r.doubt(fmt.Sprintf("%d of %d copies of kind %s are not in the provider's list: too many to be believed, nothing is deleted.",
			len(missing), living, kind))
		missing = nil
	}
	again, err := r.w.Store.Missed(ctx, r.pass, kind, missing, r.w.Now())
	for _, id := range again {
		r.gone = append(r.gone, billing.Ref{Provider: r.pass.Provider, Kind: kind, ProviderID: id})
	}
	return err
}

// doubt notes what makes this pass no proof of any deletion.
func (r *passRun) doubt(sentence string) {
	r.clean = false
	if r.note == "" {
		r.note = sentence
	}
}

// bury asks the provider about what was missing twice in a row, and deletes the copies of
// what it says is gone. A pass on which anything was strange or went wrong proves nothing,
// and what was missing so far is forgotten.
func (r *passRun) bury(ctx context.Context) error {
	if r.pass.Kind == db.PassDry {
		return nil
	}
	if !r.clean {
		return r.w.Store.ForgetMissing(ctx, r.pass.Provider)
	}
	for _, ref := range r.gone[:min(len(r.gone), goneMost)] {
		// A grant cannot be read alone, and a refund only by a list, whose silence is no
		// answer: both are reported and stay.
		if ref.Kind == billing.KindGrant || ref.Kind == billing.KindRefund {
			continue
		}
		if err := r.keep(ctx); err != nil {
			return err
		}
		r.calls++
		_, err := ask(ctx, r.w, func(ctx context.Context) (billing.Object, error) { return r.w.Provider.Fetch(ctx, ref) })
		if errors.Is(err, billing.ErrProvider) {
			return nil // the next pass asks again
		}
		if errors.Is(err, billing.ErrNotFound) {
			err = r.w.Store.Bury(ctx, r.pass, ref, r.w.Now())
		}
		if err != nil {
			return err
		}
	}
	return nil
}
