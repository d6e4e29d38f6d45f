package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Missed keeps which copies of a kind were not in the list that a pass has read to its end,
// and returns those that were not in the list of the pass before either. Nothing is
// deleted for that. An object is reported as a drift the first time that it is missing.
func (s *Store) Missed(ctx context.Context, pass Pass, kind billing.Kind, ids []string, now time.Time) (again []string, err error) {
	err = s.inTx(ctx, func(q *gen.Queries) error {
		again = nil
		found := 0
		for _, id := range ids {
			passes := int64(1)
			if pass.Kind != PassDry {
				var err error
				passes, err = q.MissObject(ctx, gen.MissObjectParams{
					Provider: pass.Provider, ObjectKind: string(kind), ObjectID: id, PassID: pass.ID, Now: millis(now),
				})
				if err != nil {
					return err
				}
			}
			if passes > 1 {
				again = append(again, id)
				continue
			}
			found++
			d := Drift{PassID: pass.ID, Ref: billing.Ref{Provider: pass.Provider, Kind: kind, ProviderID: id}, Change: DriftMissing}
			if err := noteDrift(ctx, q, d, now); err != nil {
				return err
			}
		}
		if pass.Kind != PassDry {
			_, err := q.ForgetFound(ctx, gen.ForgetFoundParams{Provider: pass.Provider, ObjectKind: string(kind), PassID: pass.ID})
			if err != nil {
				return err
			}
		}
		return q.CountPass(ctx, gen.CountPassParams{Found: int64(found), ID: pass.ID})
	})
	if err != nil {
		return nil, fmt.Errorf("keep what is missing of kind %s: %w", kind, err)
	}
	return again, nil
}

// ForgetMissing forgets what was missing: the passes in a row begin anew.
func (s *Store) ForgetMissing(ctx context.Context, provider string) error {
	err := s.inTx(ctx, func(q *gen.Queries) error { return q.ForgetMissing(ctx, provider) })
	if err != nil {
		return fmt.Errorf("forget what was missing: %w", err)
	}
	return nil
}

// Bury deletes the copy of an object that the provider says is gone, and reports it.
func (s *Store) Bury(ctx context.Context, pass Pass, ref billing.Ref, now time.Time) error {
	copy, err := s.mirrored(ctx, ref)
	if err != nil || copy.object == nil || copy.deleted {
		return err
	}
	err = s.inTx(ctx, func(q *gen.Queries) error {
		applied, err := s.apply(ctx, q, billing.Change{Object: copy.object, Deleted: true}, now)
		if err != nil {
			return err
		}
		if err := s.noteState(ctx, q, []Applied{applied}, now); err != nil {
			return err
		}
		d := Drift{
			PassID: pass.ID, Ref: ref, ProviderCustomerID: applied.ProviderCustomerID, CustomerID: applied.CustomerID,
			Change: DriftDeleted, StatusBefore: statusOf(copy.object), VersionBefore: applied.Version, Healed: true,
		}
		if err := noteDrift(ctx, q, d, now); err != nil {
			return err
		}
		return q.CountPass(ctx, gen.CountPassParams{Changed: 1, Healed: 1, ID: pass.ID})
	})
	s.committed(copy.object)
	if err != nil {
		return fmt.Errorf("delete %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	return nil
}
