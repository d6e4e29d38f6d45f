package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// applier is one transaction of ApplyReading.
type applier struct {
	s       *Store
	q       *gen.Queries
	reading Reading
	now     time.Time
	reports bool // differences are drifts: the mirror was complete once
	read    Read
}

func (a *applier) all(ctx context.Context, news []different) error {
	if a.reading.Pass.Kind == PassDry {
		for _, n := range news {
			if err := a.dry(ctx, n); err != nil {
				return err
			}
		}
		return nil
	}
	applied := make([]Applied, len(news))
	for i, n := range news {
		var err error
		if applied[i], err = a.apply(ctx, n); err != nil {
			return err
		}
	}
	return a.s.noteState(ctx, a.q, applied, a.now)
}

// apply brings one object into the mirror.
func (a *applier) apply(ctx context.Context, n different) (Applied, error) {
	applied, err := a.s.apply(ctx, a.q, billing.Change{Object: n.object}, a.now)
	if err != nil {
		return applied, err
	}
	a.read.Written++
	if applied.Changed {
		a.read.Changed++
	}
	if applied.Ref.Kind == billing.KindBalance && !applied.Stale && applied.CustomerID != "" {
		job := CreditsJob(applied.Ref.Provider, applied.ProviderCustomerID, applied.CustomerID)
		if err := enqueue(ctx, a.q, job, time.Time{}, a.now); err != nil {
			return applied, err
		}
	}
	if !applied.Changed || !a.reports || !a.untold(n.object) {
		return applied, nil
	}
	a.read.Healed++
	return applied, a.drift(ctx, n, applied.CustomerID, true)
}

// dry reports what apply would do.
func (a *applier) dry(ctx context.Context, n different) error {
	if n.before.object != nil && n.before.object.ObjectVersion() == n.object.ObjectVersion() &&
		statusOf(n.before.object) == statusOf(n.object) {
		return nil // settings of ours, not a change at the provider
	}
	a.read.Changed++
	if !a.untold(n.object) {
		return nil
	}
	o, err := ownerOf(ctx, a.q, n.object.Ref().Provider, payer(n.object))
	if err != nil {
		return err
	}
	a.read.Found++
	return a.drift(ctx, n, o.customerID, false)
}

// untold reports whether a webhook should have told us of the object as it is by now.
func (a *applier) untold(object billing.Object) bool {
	return object.Ref().Kind.Told() && time.UnixMicro(object.ObjectVersion()).Before(a.now.Add(-driftGrace))
}

func (a *applier) drift(ctx context.Context, n different, customerID string, healed bool) error {
	d := Drift{
		PassID: a.reading.Pass.ID, Ref: n.object.Ref(), ProviderCustomerID: payer(n.object), CustomerID: customerID,
		Change: DriftNew, StatusAfter: statusOf(n.object), VersionAfter: n.object.ObjectVersion(), Fields: n.fields, Healed: healed,
	}
	if n.before.object != nil {
		d.Change, d.StatusBefore, d.VersionBefore = DriftChanged, statusOf(n.before.object), n.before.object.ObjectVersion()
	}
	return noteDrift(ctx, a.q, d, a.now)
}

// move takes the pass on to where it goes on.
func (a *applier) move(ctx context.Context) error {
	r := a.reading
	if r.Pass.ID == "" {
		return nil
	}
	rows, err := a.q.MovePass(ctx, gen.MovePassParams{
		CursorKind: string(r.Kind), CursorPage: int64(r.Page), Objects: int64(len(r.Objects)), Calls: int64(r.Calls),
		Changed: int64(a.read.Changed), Healed: int64(a.read.Healed), Found: int64(a.read.Found),
		LeasedUntil: millis(r.LeasedUntil), Now: millis(a.now), ID: r.Pass.ID, Holder: r.Pass.holder,
	})
	if err == nil && rows == 0 {
		err = fmt.Errorf("another process runs pass %s now: %w", r.Pass.ID, billing.ErrConflict)
	}
	return err
}
