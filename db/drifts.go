package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Changes of a drift.
const (
	DriftNew     = "new"     // the mirror did not have it
	DriftChanged = "changed" // the mirror had an older copy
	DriftMissing = "missing" // the provider's list does not have it; nothing was done
	DriftDeleted = "deleted" // it was missing, and the provider says that it is gone
)

// Drift is one difference that a reading found, although a webhook should have told us.
type Drift struct {
	ID                          string
	PassID                      string // empty: the reading of one customer
	Ref                         billing.Ref
	ProviderCustomerID          string
	CustomerID                  string // ours; empty when it is nobody's here
	Change                      string
	StatusBefore, StatusAfter   string
	VersionBefore, VersionAfter int64 // see billing.Object; 0 for none
	Fields                      []string
	Healed                      bool // the mirror is right now
	FoundAt                     time.Time
}

// Drifts returns up to most drifts of a pass, or of all readings (passID ""), the latest
// first, beginning before the one with an id (empty: at the latest).
func (s *Store) Drifts(ctx context.Context, passID, before string, most int) ([]Drift, error) {
	if before == "" {
		before = lastID
	}
	var rows []gen.Drift
	var err error
	if passID == "" {
		rows, err = s.r.Drifts(ctx, gen.DriftsParams{Before: before, Most: int64(most)})
	} else {
		rows, err = s.r.DriftsOfPass(ctx, gen.DriftsOfPassParams{PassID: passID, Before: before, Most: int64(most)})
	}
	if err != nil {
		return nil, fmt.Errorf("drifts of pass %q: %w", passID, err)
	}
	return tryEach(rows, driftOf)
}

// Silence is since when differences are found that webhooks should have told, without one
// delivery of a provider since; zero while there is no such silence.
func (s *Store) Silence(ctx context.Context, provider string) (time.Time, error) {
	heard, err := s.r.LastDelivery(ctx, gen.LastDeliveryParams{Before: lastID, Provider: provider})
	if err = found(err); err != nil && !errors.Is(err, billing.ErrNotFound) {
		return time.Time{}, fmt.Errorf("last delivery of %s: %w", provider, err)
	}
	ms, err := s.r.FirstDriftAfter(ctx, gen.FirstDriftAfterParams{Provider: provider, After: heard})
	if err != nil {
		return time.Time{}, fmt.Errorf("drifts of %s since the last delivery: %w", provider, err)
	}
	return moment(ms), nil
}

func driftOf(row gen.Drift) (Drift, error) {
	d := Drift{
		ID: row.ID, PassID: row.PassID,
		Ref:                billing.Ref{Provider: row.Provider, Kind: billing.Kind(row.ObjectKind), ProviderID: row.ObjectID},
		ProviderCustomerID: row.ProviderCustomerID, CustomerID: row.CustomerID, Change: row.Change,
		StatusBefore: row.StatusBefore, StatusAfter: row.StatusAfter,
		VersionBefore: row.VersionBefore, VersionAfter: row.VersionAfter, Healed: row.Healed, FoundAt: moment(row.FoundAt),
	}
	err := unpack("drift "+row.ID, packed{row.Fields, &d.Fields})
	return d, err
}

// PruneReadings removes up to most drifts and passes from before a time, and returns how
// many.
func (s *Store) PruneReadings(ctx context.Context, provider string, before time.Time, most int) (pruned int64, err error) {
	err = s.inTx(ctx, func(q *gen.Queries) error {
		drifts, err := q.PruneDrifts(ctx, gen.PruneDriftsParams{Provider: provider, Before: millis(before), Most: int64(most)})
		if err != nil {
			return err
		}
		passes, err := q.PrunePasses(ctx, gen.PrunePassesParams{Provider: provider, Before: millis(before), Most: int64(most)})
		pruned = drifts + passes
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune readings from before %s: %w", before.Format(time.DateOnly), err)
	}
	return pruned, nil
}

func noteDrift(ctx context.Context, q *gen.Queries, d Drift, now time.Time) error {
	fields, err := json.Marshal(append([]string{}, d.Fields...))
	if err != nil {
		return fmt.Errorf("drift of %s: %w", d.Ref.ProviderID, err)
	}
	err = q.NoteDrift(ctx, gen.NoteDriftParams{
		ID: NewID(), PassID: d.PassID, Provider: d.Ref.Provider, ObjectKind: string(d.Ref.Kind), ObjectID: d.Ref.ProviderID,
		ProviderCustomerID: d.ProviderCustomerID, CustomerID: d.CustomerID, Change: d.Change,
		StatusBefore: d.StatusBefore, StatusAfter: d.StatusAfter, VersionBefore: d.VersionBefore, VersionAfter: d.VersionAfter,
		Fields: string(fields), Healed: d.Healed, FoundAt: millis(now),
	})
	if err != nil {
		return fmt.Errorf("drift of %s: %w", d.Ref.ProviderID, err)
	}
	return nil
}
