package twin

import (
	"context"
	"time"
)

// Pauses, after Polar's server of August 2026: a pause is always asked for in advance and begins at the end of
// the period. It takes the benefits and charges nothing; a resume begins a new period and charges at once.

// PauseSubscription schedules a pause for the end of the period. resumesAt (zero: when somebody resumes it)
// must be later than that. Errors: ErrNotFound, *Invalid, *Refused.
func (e *Engine) PauseSubscription(ctx context.Context, id string, resumesAt time.Time) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		if sub.Status != Active || sub.CancelAtPeriodEnd || sub.PauseAtPeriodEnd {
			return refused("CannotPauseSubscription", "This subscription cannot be paused.")
		}
		if !resumesAt.IsZero() && !resumesAt.After(sub.PeriodEnd) {
			return invalid("resumes_at must be after the current period end.", "resumes_at")
		}
		sub.PauseAtPeriodEnd, sub.ResumesAt = true, resumesAt
		x.saveSubscription(sub)
		return nil
	})
}

// KeepSubscription takes a scheduled pause back. Errors: ErrNotFound, *Refused.
func (e *Engine) KeepSubscription(ctx context.Context, id string) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		if sub.Ended() || !sub.PauseAtPeriodEnd {
			return refused("NoScheduledPause", "This subscription is not scheduled to be paused.")
		}
		sub.PauseAtPeriodEnd, sub.ResumesAt = false, noTime
		x.saveSubscription(sub)
		return nil
	})
}

// ResumeSubscription ends a pause now. Errors: ErrNotFound, *Refused.
func (e *Engine) ResumeSubscription(ctx context.Context, id string) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		if sub.Status != Paused {
			return refused("NotPausedSubscription", "This subscription is not paused.")
		}
		return x.resume(*sub)
	})
}

// saveSubscription stores a changed subscription and tells that it changed, and nothing more particular.
func (x *tx) saveSubscription(sub *Subscription) {
	sub.Stamp = x.touched(sub.Stamp)
	put(x, x.subscriptions, *sub)
	x.emit("subscription.updated", sub.ID)
	x.stateOf(sub.CustomerID)
}

// pause begins a scheduled pause: no order is made, and the benefits go.
func (x *tx) pause(sub Subscription) error {
	sub.Status, sub.PausedAt, sub.PauseAtPeriodEnd = Paused, x.now, false
	x.saveSubscription(&sub)
	x.emit("subscription.paused", sub.ID)
	x.revokeScope(sub.ID, "")
	return nil
}

// resume begins a new period now and bills it. The benefits come back when it is paid.
func (x *tx) resume(sub Subscription) error {
	sub.Status, sub.PausedAt, sub.ResumesAt = Active, noTime, noTime
	sub.PeriodStart, sub.Anchor = x.now, x.now
	sub.PeriodEnd = sub.Interval.After(x.now, sub.IntervalCount)
	o, err := x.renewalOrder(&sub)
	if err != nil {
		return err
	}
	sub.Pending = nil
	x.saveSubscription(&sub)
	x.emit("subscription.resumed", sub.ID)
	put(x, x.orders, o)
	x.emit("order.created", o.ID)
	x.resetBilledMeters(sub)
	return x.collect(o)
}
