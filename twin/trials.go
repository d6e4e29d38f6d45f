package twin

import (
	"context"
	"time"
)

// SetTrialEnd moves the end of a trial, and with it the first charge. Errors: ErrNotFound, *Invalid, *Refused.
func (e *Engine) SetTrialEnd(ctx context.Context, id string, end time.Time) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		switch {
		case sub.Ended():
			return refused("AlreadyCanceledSubscription", "This subscription is already canceled.")
		case sub.Status == Paused:
			return inactive(*sub)
		case !end.After(x.now):
			return invalid("Trial end must be in the future.", "trial_end")
		}
		if sub.Status != Trialing {
			sub.Status, sub.TrialStart = Trialing, x.now
		}
		sub.TrialEnd, sub.PeriodEnd, sub.Anchor, sub.Stamp = end, end, end, x.touched(sub.Stamp)
		put(x, x.subscriptions, *sub)
		x.emit("subscription.updated", sub.ID)
		x.stateOf(sub.CustomerID)
		return nil
	})
}

// EndTrial ends a trial now: the first charge happens at once. Errors: ErrNotFound, *Invalid.
func (e *Engine) EndTrial(ctx context.Context, id string) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		if sub.Status != Trialing {
			return invalid("This subscription is not trialing.", "trial_end")
		}
		sub.TrialEnd, sub.PeriodEnd, sub.Anchor = x.now, x.now, x.now
		return x.renew(*sub)
	})
}

// ChangeSeats changes the number of seats; proration as in ChangeProduct. Errors: ErrNotFound, *Refused.
func (e *Engine) ChangeSeats(ctx context.Context, id string, seats int64, proration string) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		price, ok := seatPrice(sub.Prices)
		switch {
		case sub.Ended() || sub.CancelAtPeriodEnd:
			return refused("AlreadyCanceledSubscription", "This subscription is already canceled or will be at the end of the period.")
		case sub.Status == Paused:
			return inactive(*sub)
		case !ok:
			return refused("NotASeatBasedSubscription", "This subscription is not seat-based.")
		case seats < minSeats(price):
			return refused("BelowMinimumSeats", "The number of seats is below the minimum.")
		case maxSeats(price) > 0 && seats > maxSeats(price):
			return refused("AboveMaximumSeats", "The number of seats is above the maximum.")
		case seats < x.takenSeats(sub.ID):
			return refused("SeatsAlreadyAssigned", "More seats are assigned than would be left. Revoke some first.")
		}
		if proration == "" {
			proration = x.Organization().Proration
		}
		if proration == NextPeriod {
			return x.laterChange(*sub, "", seats)
		}
		return x.changeSeats(*sub, seats, proration)
	})
}

// seatPrice finds the seat price of a subscription.
func seatPrice(prices []Price) (Price, bool) {
	for _, p := range prices {
		if p.Kind == Seats {
			return p, true
		}
	}
	return Price{}, false
}

// changeSeats prices the new number and settles the difference.
func (x *tx) changeSeats(sub Subscription, seats int64, proration string) error {
	before := sub
	p := x.products.rows[sub.ProductID]
	sub.SeatCount = seats
	sub.Amount, _ = baseAmount(sub.Prices, sub.Currency, nil, seats)
	if sub.Status != Trialing {
		if proration == Reset {
			sub.PeriodStart, sub.Anchor = x.now, x.now
			sub.PeriodEnd = sub.Interval.After(x.now, sub.IntervalCount)
		}
		if err := x.settleChange(before, &sub, *p, p.Name, proration); err != nil {
			return err
		}
	}
	sub.Stamp = x.touched(sub.Stamp)
	put(x, x.subscriptions, sub)
	x.recordSeats(sub, before.SeatCount, proration)
	x.emit("subscription.updated", sub.ID)
	x.stateOf(sub.CustomerID)
	return nil
}
