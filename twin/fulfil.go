package twin

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
	if _, ok := seatPrice(currentPrices(*p, c.Currency)); ok {
		x.makeTeam(c.CustomerID) // benefits follow the seats
		x.stateOf(c.CustomerID)
		return nil
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
