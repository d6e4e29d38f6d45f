package twin

import "context"

// fulfil turns a paid (or free) checkout into an order, and a subscription for recurring products, and grants
// the benefits. The order of events is that of Polar's documented sequences.
func (x *tx) fulfil(c *Checkout, payment *Payment) error {
	p, err := x.products.get(c.ProductID)
	if err != nil {
		return err
	}
	discount := x.redeem(c.DiscountID)
	var sub Subscription
	switch {
	case p.Recurring() && c.UpgradeID != "":
		sub, err = x.upgradeFree(*c, *p)
	case p.Recurring():
		sub = x.startSubscription(*c, *p)
	}
	if err != nil {
		return err
	}
	order := x.checkoutOrder(*c, *p, sub, discount)
	x.storePaidOrder(order)
	if c.NeedsCard() && payment.Amount > 0 {
		payment.OrderID = order.ID
		put(x, x.payments, *payment)
	}
	c.Status, c.OrderID, c.SubscriptionID, c.Card = CheckoutSucceeded, order.ID, sub.ID, ""
	x.saveCheckout(c)
	if c.UpgradeID != "" {
		x.emit("subscription.updated", sub.ID)
	}
	if sub.ID != "" {
		return x.alignGrants(sub)
	}
	for _, id := range p.BenefitIDs {
		if err := x.grantBenefit(c.CustomerID, id, "", order.ID); err != nil {
			return err
		}
	}
	x.stateOf(c.CustomerID)
	return nil
}

// redeem counts one use of a discount and returns it; nil without one.
func (x *tx) redeem(id string) *Discount {
	row, ok := x.discounts.rows[id]
	if !ok {
		return nil
	}
	d := *row
	d.Redemptions++
	d.Stamp = x.touched(d.Stamp)
	put(x, x.discounts, d)
	return &d
}

// checkoutOrder is the order of a checkout. A trial's order has no amount.
func (x *tx) checkoutOrder(c Checkout, p Product, sub Subscription, discount *Discount) Order {
	amount, reason := c.Subtotal, "purchase"
	if sub.ID != "" {
		reason = "subscription_create"
	}
	if c.UpgradeID != "" {
		reason = "subscription_update"
	}
	label := p.Name
	if !c.TrialEnd.IsZero() {
		amount, label, discount = 0, "Trial period for "+p.Name, nil
	}
	o := x.newOrder(c.CustomerID, reason, c.Currency, []OrderItem{x.item(label, amount, c.PriceID, false)}, discount)
	o.ProductID, o.SubscriptionID, o.CheckoutID = p.ID, sub.ID, c.ID
	o.Description, o.SeatCount = p.Name, c.SeatCount
	o.Metadata, o.CustomFieldData = c.Metadata, c.CustomFieldData
	return o
}

// startSubscription makes the subscription of a checkout.
func (x *tx) startSubscription(c Checkout, p Product) Subscription {
	sub := Subscription{
		ID: newID(), Stamp: x.made(), CustomerID: c.CustomerID, ProductID: p.ID, CheckoutID: c.ID,
		DiscountID: c.DiscountID, Status: Active, Amount: c.Subtotal, Currency: c.Currency,
		Interval: p.Interval, IntervalCount: max(p.IntervalCount, 1), StartedAt: x.now, PeriodStart: x.now, Anchor: x.now,
		SeatCount: c.SeatCount, Prices: currentPrices(p, c.Currency), Metadata: c.Metadata, CustomFieldData: c.CustomFieldData,
	}
	sub.PeriodEnd = sub.Interval.After(x.now, sub.IntervalCount)
	if !c.TrialEnd.IsZero() {
		sub.Status, sub.TrialStart, sub.TrialEnd = Trialing, x.now, c.TrialEnd
		sub.PeriodEnd, sub.Anchor = c.TrialEnd, c.TrialEnd
	} else if c.DiscountID != "" {
		sub.DiscountSince = x.now
	}
	x.beginSubscription(sub)
	return sub
}

// CreateSubscription gives a customer a free product. Errors: *Invalid, *Refused.
func (e *Engine) CreateSubscription(ctx context.Context, productID, customerID, externalID string, metadata Metadata) (Subscription, error) {
	var sub Subscription
	err := e.write(ctx, func(x *tx) error {
		p, err := x.products.get(productID)
		if err != nil || p.Archived {
			return invalid("Product does not exist.", "product_id")
		}
		customer, err := x.named(customerID, externalID)
		if err != nil {
			return err
		}
		c := Checkout{CustomerID: customer.ID, ProductID: p.ID, Currency: x.Organization().Currency, Metadata: metadata}
		if err := x.priceCheckout(&c); err != nil {
			return err
		}
		if !p.Recurring() || c.NeedsCard() {
			return invalid("Only free recurring products can be subscribed to directly.", "product_id")
		}
		if err := x.mayBuy(c, customer.ID); err != nil {
			return err
		}
		sub = x.startSubscription(c, *p)
		x.storePaidOrder(x.checkoutOrder(c, *p, sub, nil))
		return x.alignGrants(sub)
	})
	return sub, err
}

// beginSubscription stores and announces a new subscription, and resets the meters it bills by.
func (x *tx) beginSubscription(sub Subscription) {
	put(x, x.subscriptions, sub)
	facts := subscriptionFacts(sub)
	facts["started_at"] = wireTime(sub.StartedAt)
	x.record("subscription.created", sub.CustomerID, facts)
	x.emit("subscription.created", sub.ID)
	x.emit("subscription.active", sub.ID)
	x.emit("subscription.updated", sub.ID)
	x.resetBilledMeters(sub)
}

// currentPrices are the prices a new subscriber gets.
func currentPrices(p Product, currency string) []Price {
	var prices []Price
	for _, price := range p.Prices {
		if !price.Archived && price.Currency == currency {
			prices = append(prices, price)
		}
	}
	return prices
}

// upgradeFree moves a free subscription to the product that was just paid; a new period starts.
func (x *tx) upgradeFree(c Checkout, p Product) (Subscription, error) {
	row, err := x.subscriptions.get(c.UpgradeID)
	if err != nil {
		return Subscription{}, err
	}
	sub := *row
	if sub.CustomerID != c.CustomerID || sub.Ended() {
		return sub, invalid("Subscription does not exist.", "subscription_id")
	}
	old := sub.ProductID
	x.moveTo(&sub, p)
	sub.Stamp, sub.CheckoutID, sub.SeatCount, sub.Amount = x.touched(sub.Stamp), c.ID, c.SeatCount, c.Subtotal
	sub.PeriodStart, sub.Anchor, sub.DiscountID = x.now, x.now, c.DiscountID
	sub.PeriodEnd = sub.Interval.After(x.now, sub.IntervalCount)
	sub.CancelAtPeriodEnd, sub.CanceledAt, sub.EndsAt = false, noTime, noTime
	put(x, x.subscriptions, sub)
	x.record("subscription.product_updated", sub.CustomerID, Metadata{
		"subscription_id": sub.ID, "old_product_id": old, "new_product_id": p.ID,
	})
	return sub, nil
}
