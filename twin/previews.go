package twin

import (
	"context"
	"errors"
)

// Charge is what an invoice would come to: Base + Metered - Discount.
type Charge struct{ Base, Metered, Discount int64 }

// NextCharge is what the coming renewal will charge as things stand: nothing when the subscription ends then.
func (v *View) NextCharge(sub Subscription) Charge {
	if sub.Ended() || sub.CancelAtPeriodEnd {
		return Charge{}
	}
	c := Charge{Base: sub.Amount}
	for _, it := range sub.Pending {
		c.Base += it.Amount
	}
	for _, m := range v.Billed(&sub) {
		c.Metered += m.Amount
	}
	if d, ok := v.discounts.rows[sub.DiscountID]; ok && d.continues(sub, sub.PeriodEnd) {
		c.Discount = d.off(c.Base + c.Metered)
	}
	return c
}

// errPreview rolls a preview back.
var errPreview = errors.New("only a preview")

// PreviewChange is the difference that a change of product, or of seats where productID is "", would come to
// now; negative when the customer would be owed something. It changes nothing. Errors: ErrNotFound, *Invalid,
// *Refused.
func (e *Engine) PreviewChange(ctx context.Context, id, productID string, seats int64) (Charge, error) {
	var c Charge
	err := e.write(ctx, func(x *tx) error {
		row, err := x.subscriptions.get(id)
		if err != nil {
			return err
		}
		after := *row
		if productID == "" {
			productID = row.ProductID
		}
		p, err := x.changeTarget(*row, productID)
		if err != nil {
			return err
		}
		if productID != row.ProductID {
			x.moveTo(&after, p)
		}
		if seats > 0 {
			after.SeatCount = seats
			after.Amount, _ = baseAmount(after.Prices, after.Currency, nil, seats)
		}
		if otherInterval(*row, p) {
			after.PeriodStart, after.PeriodEnd = x.now, after.Interval.After(x.now, after.IntervalCount)
		}
		if row.Status != Trialing {
			for _, it := range x.prorations(*row, after, "", "") {
				c.Base += it.Amount
			}
		}
		return errPreview
	})
	if errors.Is(err, errPreview) {
		err = nil
	}
	return c, err
}
