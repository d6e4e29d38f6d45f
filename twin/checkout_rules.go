package twin

import (
	"strings"
	"time"
)

// checkChoice checks the buyer's sum and number of seats against the product, and fills in the defaults.
func checkChoice(p Product, c *Checkout) error {
	price, ok := p.Base(c.Currency)
	if !ok {
		return nil // metered prices only: nothing to pay today
	}
	switch price.Kind {
	case Custom:
		sum := pick(c.CustomSum, pick(price.PresetAmount, price.MinimumAmount))
		if sum < price.MinimumAmount {
			return amountError("greater_than_equal", "Amount is below minimum.", sum)
		}
		if price.MaximumAmount != nil && sum > *price.MaximumAmount {
			return amountError("less_than_equal", "Amount is above maximum.", sum)
		}
		c.CustomSum = &sum
	case Seats:
		least, most := max(minSeats(price), c.MinSeats), maxSeats(price)
		if c.MaxSeats > 0 && (most == 0 || c.MaxSeats < most) {
			most = c.MaxSeats
		}
		if c.SeatCount == 0 {
			c.SeatCount = least
		}
		if c.SeatCount < least {
			return invalid("Minimum seats not reached.", "seats")
		}
		if most > 0 && c.SeatCount > most {
			return invalid("Maximum seats exceeded.", "seats")
		}
	}
	return nil
}

// amountError refuses a pay-what-you-want sum.
func amountError(kind, msg string, sum int64) error {
	return &Invalid{Fields: []FieldError{{Loc: []any{"body", "amount"}, Msg: msg, Type: kind, Input: sum}}}
}

// trialEnd is when the trial of a checkout would end; zero without one.
func (v *View) trialEnd(p Product, c Checkout) time.Time {
	if !c.AllowTrial || !p.Recurring() {
		return time.Time{}
	}
	interval, count := p.TrialInterval, p.TrialCount
	if c.TrialInterval != "" {
		interval, count = c.TrialInterval, c.TrialCount
	}
	if interval == "" || count == 0 {
		return time.Time{}
	}
	return interval.After(v.now, count)
}

// discountByCode finds a discount by its code, in any case.
func (v *View) discountByCode(code string) (Discount, bool) {
	for _, d := range v.discounts.rows {
		if !d.Deleted && d.Code != "" && strings.EqualFold(d.Code, code) {
			return *d, true
		}
	}
	return Discount{}, false
}

// DueToday is what the buyer pays on confirmation: nothing while a trial runs.
func (c Checkout) DueToday() int64 {
	if !c.TrialEnd.IsZero() {
		return 0
	}
	return c.Total
}

// NeedsCard reports whether a card must be given: something is due today, or will be at a renewal.
func (c Checkout) NeedsCard() bool { return c.Total > 0 || c.CardForLater }

// cardForLater reports whether renewals will cost something although today does not.
func (v *View) cardForLater(p Product, c Checkout) bool {
	if !p.Recurring() {
		return false
	}
	for _, price := range p.Prices {
		if price.Kind == Metered && !price.Archived {
			return true
		}
	}
	d, ok := v.discounts.rows[c.DiscountID]
	return c.Subtotal > 0 && !(ok && d.Duration == "forever" && c.Total == 0)
}

// checkoutDue is when an unfinished checkout expires.
func checkoutDue(c *Checkout) time.Time {
	if c.Status == CheckoutOpen || c.Challenged {
		return c.ExpiresAt
	}
	return time.Time{}
}

// expireCheckout ends a checkout that nobody finished.
func (x *tx) expireCheckout(id string) error {
	row, err := x.checkouts.get(id)
	if err != nil {
		return err
	}
	c := *row
	c.Status, c.Challenged, c.Card, c.Stamp = CheckoutExpired, false, "", x.touched(c.Stamp)
	put(x, x.checkouts, c)
	x.emit("checkout.expired", c.ID)
	return nil
}
