package twin

import "context"

// Ways to settle a change of product or seats.
const (
	Invoice    = "invoice"     // the difference is charged now; a decline changes nothing
	Prorate    = "prorate"     // the difference waits for the next invoice
	NextPeriod = "next_period" // the change itself waits for the end of the period
	Reset      = "reset"       // a new period starts now and is charged in full
)

// ChangeProduct moves a subscription to another product; proration is one of the ways above, or "" for the
// organization's setting. Another billing interval turns Prorate into Invoice and starts a new period. Errors:
// ErrNotFound, *Invalid, *Refused.
func (e *Engine) ChangeProduct(ctx context.Context, id, productID, proration string) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		p, err := x.changeTarget(*sub, productID)
		if err != nil {
			return err
		}
		if proration == "" {
			proration = x.Organization().Proration
		}
		if proration == NextPeriod {
			return x.laterChange(*sub, p.ID, 0)
		}
		if proration == Prorate && otherInterval(*sub, p) {
			proration = Invoice
		}
		return x.changeProduct(*sub, p, proration)
	})
}

// changeTarget checks that the subscription may move to the product.
func (x *tx) changeTarget(sub Subscription, productID string) (Product, error) {
	if sub.Ended() || sub.CancelAtPeriodEnd {
		return Product{}, refused("AlreadyCanceledSubscription", "This subscription is already canceled or will be at the end of the period.")
	}
	if sub.Status == Paused {
		return Product{}, inactive(sub)
	}
	p, err := x.products.get(productID)
	if err != nil {
		return Product{}, invalid("Product does not exist.", "product_id")
	}
	base, _ := p.Base(sub.Currency)
	switch {
	case p.Archived:
		return *p, invalid("Product is archived.", "product_id")
	case !p.Recurring():
		return *p, invalid("Product is not recurring.", "product_id")
	case base.Kind == Custom:
		return *p, invalid("Can't update to a product with custom prices.", "product_id")
	case sub.SeatCount > 0 && base.Kind != Seats:
		return *p, invalid("Can't switch from a seat-based to a non-seat-based product.", "product_id")
	}
	return *p, nil
}

// changeProduct moves sub to p and settles the difference.
func (x *tx) changeProduct(sub Subscription, p Product, proration string) error {
	before := sub
	oldName := x.products.rows[sub.ProductID].Name
	newPeriod := otherInterval(sub, p) || proration == Reset
	x.moveTo(&sub, p)
	sub.Update = nil
	if newPeriod && sub.Status != Trialing {
		sub.PeriodStart, sub.Anchor = x.now, x.now
		sub.PeriodEnd = sub.Interval.After(x.now, sub.IntervalCount)
	}
	if sub.Status != Trialing {
		if err := x.settleChange(before, &sub, p, oldName, proration); err != nil {
			return err
		}
	}
	sub.Stamp = x.touched(sub.Stamp)
	put(x, x.subscriptions, sub)
	x.recordProduct(sub, before.ProductID)
	x.emit("subscription.updated", sub.ID)
	return x.alignGrants(sub)
}

// otherInterval reports whether p is billed at another rhythm than sub.
func otherInterval(sub Subscription, p Product) bool {
	return p.Interval != sub.Interval || max(p.IntervalCount, 1) != sub.IntervalCount
}

// inactive refuses a change of a subscription that is neither running nor past due.
func inactive(sub Subscription) error {
	return refused("InactiveSubscription", "Subscription "+sub.ID+" is not active.")
}

// settleChange charges what the change from before to sub costs, or leaves it for the next invoice.
func (x *tx) settleChange(before Subscription, sub *Subscription, p Product, oldName, proration string) error {
	switch proration {
	case Prorate:
		items := x.prorations(before, *sub, oldName, p.Name)
		sub.Pending = append(append([]OrderItem{}, sub.Pending...), items...)
		return nil
	case Reset:
		return x.invoiceChange(*sub, p, []OrderItem{x.item(p.Name, sub.Amount, basePriceID(*sub), false)})
	default:
		return x.invoiceChange(*sub, p, x.prorations(before, *sub, oldName, p.Name))
	}
}

// prorations are the two lines of a change: what is left of the old price, and what the new one costs for
// the rest of its period.
func (x *tx) prorations(before, after Subscription, oldName, newName string) []OrderItem {
	return []OrderItem{
		x.item("Unused time on "+oldName, -prorate(before.Amount, before.PeriodStart, before.PeriodEnd, x.now), basePriceID(before), true),
		x.item("Remaining time on "+newName, prorate(after.Amount, after.PeriodStart, after.PeriodEnd, x.now), basePriceID(after), true),
	}
}

// moveTo gives sub the product, its current prices and its amount.
func (x *tx) moveTo(sub *Subscription, p Product) {
	sub.ProductID, sub.Prices = p.ID, currentPrices(p, sub.Currency)
	sub.Interval, sub.IntervalCount = p.Interval, max(p.IntervalCount, 1)
	if price, ok := seatPrice(sub.Prices); ok {
		sub.SeatCount = max(sub.SeatCount, minSeats(price))
		x.makeTeam(sub.CustomerID)
	}
	sub.Amount, _ = baseAmount(sub.Prices, sub.Currency, nil, sub.SeatCount)
}

// basePriceID is the price that stands for the base amount.
func basePriceID(sub Subscription) string {
	_, id := baseAmount(sub.Prices, sub.Currency, nil, sub.SeatCount)
	return id
}

// invoiceChange charges the difference now. A decline fails the whole change. A negative difference is
// credited to the customer's balance.
func (x *tx) invoiceChange(sub Subscription, p Product, items []OrderItem) error {
	o := x.newOrder(sub.CustomerID, "subscription_update", sub.Currency, items, nil)
	x.settleBalance(&o)
	o.ProductID, o.SubscriptionID, o.CheckoutID = p.ID, sub.ID, sub.CheckoutID
	o.Description, o.SeatCount, o.Metadata = "Change to "+p.Name, sub.SeatCount, sub.Metadata
	if o.Due > 0 && !x.charge(&o) {
		return refused("PaymentFailed", "Your card was declined.")
	}
	x.storePaidOrder(o)
	return nil
}
