package twin

import (
	"context"
)

// charge tries the customer's stored card and keeps the attempt.
func (x *tx) charge(o *Order) bool {
	c := x.customers.rows[o.CustomerID]
	ok := c.Card != "" && c.Card != CardDeclined && c.Card != CardFailsLate
	if c.DeclineNext {
		declined := *c
		declined.DeclineNext, ok = false, false
		put(x, x.customers, declined)
	}
	p := Payment{
		ID: newID(), Stamp: x.made(), OrderID: o.ID, CustomerID: o.CustomerID, Amount: o.Due, Currency: o.Currency,
		Status: "succeeded", Card: c.Card,
	}
	if !ok {
		p.Status, p.DeclineCode = "failed", "card_declined"
	}
	put(x, x.payments, p)
	return ok
}

// recovered follows a paid order: its subscription is active, and a renewal's benefits are cycled (or given
// again when the grace period had ended).
func (x *tx) recovered(o Order) error {
	row, ok := x.subscriptions.rows[o.SubscriptionID]
	if !ok || row.Ended() {
		return nil
	}
	sub := *row
	if sub.Status == PastDue {
		sub.Status, sub.PastDueAt, sub.GraceEnds, sub.Stamp = Active, noTime, noTime, x.touched(sub.Stamp)
		put(x, x.subscriptions, sub)
		x.emit("subscription.updated", sub.ID)
		x.emit("subscription.active", sub.ID)
	}
	if o.Reason == "subscription_cycle" {
		if err := x.dropGrants(sub); err != nil { // of a product it has just left
			return err
		}
		x.cycleGrants(sub)
	}
	return x.alignGrants(sub)
}

// unpaid follows a failed charge.
func (x *tx) unpaid(o Order) error {
	row, ok := x.subscriptions.rows[o.SubscriptionID]
	if !ok || row.Ended() {
		return nil
	}
	sub := *row
	if sub.Status != PastDue {
		sub.Status, sub.PastDueAt, sub.Stamp = PastDue, x.now, x.touched(sub.Stamp)
		sub.GraceEnds = x.now.AddDate(0, 0, x.Organization().GraceDays)
		put(x, x.subscriptions, sub)
	}
	o.NextPaymentAt = noTime
	if o.Attempts < len(dunning) {
		o.NextPaymentAt = sub.PastDueAt.AddDate(0, 0, dunning[o.Attempts])
	}
	o.Attempts, o.Stamp = o.Attempts+1, x.touched(o.Stamp)
	put(x, x.orders, o)
	if o.NextPaymentAt.IsZero() {
		return x.endSubscription(sub, Cancellation{}, true)
	}
	if o.Attempts == 1 {
		x.emit("subscription.updated", sub.ID)
		x.emit("subscription.past_due", sub.ID)
	} else {
		x.emit("order.updated", o.ID)
	}
	x.stateOf(sub.CustomerID)
	return nil
}

// voidOrders gives up a subscription's unpaid orders when it ends; a balance that one had used is owed to the
// customer again.
func (x *tx) voidOrders(subscriptionID string) {
	for _, row := range x.orders.by(ordersBySub, subscriptionID) {
		if row.Status != OrderPending {
			continue
		}
		o := *row
		o.Status, o.NextPaymentAt, o.Stamp = OrderVoid, noTime, x.touched(o.Stamp)
		put(x, x.orders, o)
		if o.AppliedBalance != 0 {
			x.useBalance(o.CustomerID, -o.AppliedBalance)
		}
		x.emit("order.updated", o.ID)
	}
}

// RetryPayment charges a pending order again; a non-empty card replaces the stored one first. A decline is
// *Refused with class PaymentFailed and does not use up an attempt of the dunning schedule.
func (e *Engine) RetryPayment(ctx context.Context, orderID, card string) (Order, error) {
	var o Order
	var declined error
	err := e.write(ctx, func(x *tx) error {
		row, err := x.orders.get(orderID)
		if err != nil {
			return err
		}
		o = *row
		if o.Status != OrderPending || o.NextPaymentAt.IsZero() {
			return refused("OrderNotEligibleForRetry", "Order is not eligible for a payment retry.")
		}
		if card != "" {
			if !knownCard(card) {
				return refused("PaymentError", "Your card number is incorrect.")
			}
			c, err := x.living(o.CustomerID)
			if err != nil {
				return err
			}
			x.storeCard(&c, card)
		}
		if !x.charge(&o) {
			declined = refused("PaymentFailed", "Your card was declined.")
			return nil
		}
		x.markPaid(&o)
		return x.recovered(o)
	})
	if err == nil {
		err = declined
	}
	return o, err
}
