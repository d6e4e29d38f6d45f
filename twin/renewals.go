package twin

import "time"

// dunning is when a failed renewal is tried again, in days after the first failure (Polar: 2, 7, 14, 21).
var dunning = []int{2, 7, 14, 21}

// subscriptionDue is when a subscription needs work: its renewal or end, the end of a grace period or of a pause.
func subscriptionDue(sub *Subscription) time.Time {
	switch {
	case sub.Ended():
		return noTime
	case sub.Status == PastDue:
		return sub.GraceEnds
	case sub.Status == Paused:
		return sub.ResumesAt
	default:
		return sub.PeriodEnd
	}
}

// cycleSubscription renews, ends, pauses or resumes a subscription whose time has come, or takes its benefits.
func (x *tx) cycleSubscription(id string) error {
	row, err := x.subscriptions.get(id)
	if err != nil {
		return err
	}
	sub := *row
	switch {
	case sub.Status == PastDue:
		sub.GraceEnds = noTime
		put(x, x.subscriptions, sub)
		x.revokeScope(sub.ID, "")
		x.stateOf(sub.CustomerID)
		return nil
	case sub.Status == Paused:
		return x.resume(sub)
	case sub.CancelAtPeriodEnd: // goes before a pause
		return x.endSubscription(sub, Cancellation{}, false)
	case sub.PauseAtPeriodEnd:
		return x.pause(sub)
	default:
		return x.renew(sub)
	}
}

// renew starts the next period, bills it and collects the money.
func (x *tx) renew(sub Subscription) error {
	x.applyUpdate(&sub)
	o, err := x.renewalOrder(&sub)
	if err != nil {
		return err
	}
	sub.PeriodStart = sub.PeriodEnd
	sub.PeriodEnd = nextPeriodEnd(sub)
	sub.Status, sub.Pending, sub.Stamp = Active, nil, x.touched(sub.Stamp)
	put(x, x.subscriptions, sub)
	x.record("subscription.cycled", sub.CustomerID, subscriptionFacts(sub))
	x.emit("subscription.cycled", sub.ID)
	x.emit("subscription.updated", sub.ID)
	put(x, x.orders, o)
	x.emit("order.created", o.ID)
	x.resetBilledMeters(sub)
	return x.collect(o)
}

// nextPeriodEnd counts whole intervals from the anchor, so that a 31st returns to the 31st after February.
func nextPeriodEnd(sub Subscription) time.Time {
	for n := sub.IntervalCount; ; n += sub.IntervalCount {
		if end := sub.Interval.After(sub.Anchor, n); end.After(sub.PeriodStart) {
			return end
		}
	}
}

// renewalOrder is the invoice of the coming period: the base price, what earlier changes left, and the usage
// of the period that ends.
func (x *tx) renewalOrder(sub *Subscription) (Order, error) {
	p, err := x.products.get(sub.ProductID)
	if err != nil {
		return Order{}, err
	}
	_, priceID := baseAmount(sub.Prices, sub.Currency, nil, sub.SeatCount)
	items := append([]OrderItem{x.item(p.Name, sub.Amount, priceID, false)}, sub.Pending...)
	for _, due := range x.Billed(sub) {
		if due.Amount != 0 {
			items = append(items, x.item(x.meters.rows[due.Price.MeterID].Name, due.Amount, due.Price.ID, false))
		}
	}
	o := x.newOrder(sub.CustomerID, "subscription_cycle", sub.Currency, items, x.cycleDiscount(sub))
	x.settleBalance(&o)
	o.ProductID, o.SubscriptionID, o.CheckoutID = p.ID, sub.ID, sub.CheckoutID
	o.Description, o.SeatCount, o.Metadata, o.CustomFieldData = p.Name, sub.SeatCount, sub.Metadata, sub.CustomFieldData
	return o, nil
}

// cycleDiscount is the discount of the coming invoice, nil when it is used up.
func (x *tx) cycleDiscount(sub *Subscription) *Discount {
	d, ok := x.discounts.rows[sub.DiscountID]
	if !ok {
		return nil
	}
	if !d.continues(*sub, x.now) {
		sub.DiscountID = ""
		return nil
	}
	if sub.DiscountSince.IsZero() {
		sub.DiscountSince = x.now
	}
	return d
}

// continues reports whether the discount lowers a subscription's invoice at the time. One that was not used
// yet was added later, or the trial has just ended.
func (d Discount) continues(sub Subscription, at time.Time) bool {
	return sub.DiscountSince.IsZero() || d.Duration == "forever" ||
		d.Duration == "repeating" && at.Before(addMonths(sub.DiscountSince, d.Months))
}

// collect charges a pending order to the stored card. Success settles the subscription's debts; failure makes
// it past due and plans the next attempt, until the last one ends it.
func (x *tx) collect(o Order) error {
	if o.Due <= 0 || x.charge(&o) {
		o.Attempts = 0
		x.markPaid(&o)
		return x.recovered(o)
	}
	return x.unpaid(o)
}
