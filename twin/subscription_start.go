package twin

import "context"

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
	if _, ok := seatPrice(sub.Prices); ok {
		x.makeTeam(sub.CustomerID)
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
	x.recordProduct(sub, old)
	return sub, nil
}
