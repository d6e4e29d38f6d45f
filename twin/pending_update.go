package twin

import (
	"context"
	"time"
)

// PendingUpdate is a change of product or seats that waits for the end of the period. SeatCount is 0 when the
// seats stay, ProductID "" when the product does.
type PendingUpdate struct {
	ID string
	Stamp
	AppliesAt time.Time
	ProductID string
	SeatCount int64
}

// laterChange stores a change for the end of the period; it takes the place of one that waits already.
func (x *tx) laterChange(sub Subscription, productID string, seats int64) error {
	sub.Update = &PendingUpdate{
		ID: newID(), Stamp: x.made(), AppliesAt: sub.PeriodEnd, ProductID: productID, SeatCount: seats,
	}
	x.saveSubscription(&sub)
	return nil
}

// ClearPendingUpdate forgets the change that waits for the end of the period. Without one nothing happens.
// Errors: ErrNotFound, *Refused.
func (e *Engine) ClearPendingUpdate(ctx context.Context, id string) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		if sub.Ended() {
			return refused("AlreadyCanceledSubscription", "This subscription is already canceled.")
		}
		if sub.Update == nil {
			return nil
		}
		sub.Update = nil
		x.saveSubscription(sub)
		return nil
	})
}

// applyUpdate makes the change that waited, at the end of the period. A product that is no longer sold in the
// subscription's currency leaves it as it was.
func (x *tx) applyUpdate(sub *Subscription) {
	update := sub.Update
	sub.Update = nil
	if update == nil {
		return
	}
	if update.SeatCount > 0 {
		old := sub.SeatCount
		sub.SeatCount = update.SeatCount
		sub.Amount, _ = baseAmount(sub.Prices, sub.Currency, nil, sub.SeatCount)
		x.recordSeats(*sub, old, "next_period")
	}
	p, ok := x.products.rows[update.ProductID]
	if !ok || len(currentPrices(*p, sub.Currency)) == 0 {
		return
	}
	old := sub.ProductID
	if p.Interval != sub.Interval || max(p.IntervalCount, 1) != sub.IntervalCount {
		sub.Anchor = sub.PeriodEnd // whole intervals of the new length count from here
	}
	x.moveTo(sub, *p)
	x.recordProduct(*sub, old)
}

// recordProduct and recordSeats store the system events of a change.
func (x *tx) recordProduct(sub Subscription, old string) {
	x.record("subscription.product_updated", sub.CustomerID, Metadata{
		"subscription_id": sub.ID, "old_product_id": old, "new_product_id": sub.ProductID,
	})
}

func (x *tx) recordSeats(sub Subscription, old int64, proration string) {
	x.record("subscription.seats_updated", sub.CustomerID, Metadata{
		"subscription_id": sub.ID, "old_seats": num(old), "new_seats": num(sub.SeatCount), "proration_behavior": proration,
	})
}
