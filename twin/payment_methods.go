package twin

import (
	"context"
	"slices"
)

// PaymentMethod is a stored card. One that waits for the bank's question (Setup not empty) can't be charged.
type PaymentMethod struct {
	ID string
	Stamp
	CustomerID string
	Card       string // number of a test card
	Setup      string // id of the open setup; "" once stored
}

// PaymentMethods returns the stored cards of a customer.
func (v *View) PaymentMethods(customerID string) []*PaymentMethod {
	return slices.DeleteFunc(v.methods.by(byOwner, customerID), func(m *PaymentMethod) bool { return m.Setup != "" })
}

// storeCard makes a card the customer's default ("" is none) and stores the changed customer. The card becomes
// a payment method unless it is one.
func (x *tx) storeCard(c *Customer, card string) {
	c.Card, c.MethodID = card, ""
	if card != "" {
		c.MethodID = x.method(c.ID, card).ID
	}
	put(x, x.customers, *c)
}

// method finds or makes the payment method of a card.
func (x *tx) method(customerID, card string) PaymentMethod {
	for _, m := range x.PaymentMethods(customerID) {
		if m.Card == card {
			return *m
		}
	}
	m := PaymentMethod{ID: newID(), Stamp: x.made(), CustomerID: customerID, Card: card}
	put(x, x.methods, m)
	return m
}

// AddPaymentMethod stores a test card. One whose bank asks comes back with Setup set: ConfirmPaymentMethod
// finishes it. Errors: ErrNotFound, *Refused.
func (e *Engine) AddPaymentMethod(ctx context.Context, customerID, card string, usual bool) (PaymentMethod, error) {
	var made PaymentMethod
	err := e.write(ctx, func(x *tx) error {
		if _, err := x.living(customerID); err != nil {
			return err
		}
		if !knownCard(card) || card == CardDeclined {
			return refused("PaymentMethodSetupFailed",
				"Could not add this payment method: Your card was declined. Please try again with a different card.")
		}
		if card == CardChallenge {
			made = PaymentMethod{ID: newID(), Stamp: x.made(), CustomerID: customerID, Card: card, Setup: "seti_" + newToken("")}
			put(x, x.methods, made)
			return nil
		}
		made = x.method(customerID, card)
		return x.prefer(made, usual)
	})
	return made, err
}

// ConfirmPaymentMethod stores a card after its bank's question was answered. Errors: *Invalid.
func (e *Engine) ConfirmPaymentMethod(ctx context.Context, customerID, setup string, usual bool) (PaymentMethod, error) {
	var made PaymentMethod
	err := e.write(ctx, func(x *tx) error {
		for _, m := range x.methods.by(byOwner, customerID) {
			if m.Setup != "" && m.Setup == setup {
				made = *m
				made.Setup, made.Stamp = "", x.touched(m.Stamp)
				put(x, x.methods, made)
				return x.prefer(made, usual)
			}
		}
		return invalid("Invalid setup_intent_id.", "setup_intent_id")
	})
	return made, err
}

// SetDefaultMethod makes a stored card the one that renewals are charged to. Errors: ErrNotFound, *Invalid.
func (e *Engine) SetDefaultMethod(ctx context.Context, customerID, id string) error {
	return e.write(ctx, func(x *tx) error {
		m, err := x.methods.get(id)
		if err != nil || m.CustomerID != customerID || m.Setup != "" {
			return invalid("Payment method not found.", "default_payment_method_id")
		}
		return x.prefer(*m, true)
	})
}

// prefer makes a method the default if that is wished or it is the only one. A new default is tried at once
// on what is past due.
func (x *tx) prefer(m PaymentMethod, wished bool) error {
	c, err := x.living(m.CustomerID)
	if err != nil {
		return err
	}
	if !wished && c.MethodID != "" {
		return nil
	}
	c.Card, c.MethodID, c.Stamp = m.Card, m.ID, x.touched(c.Stamp)
	put(x, x.customers, c)
	x.emit("customer.updated", c.ID)
	for _, row := range x.orders.by(byOwner, c.ID) {
		if row.Status == OrderPending && !row.NextPaymentAt.IsZero() {
			o := *row
			o.NextPaymentAt = x.now
			put(x, x.orders, o)
		}
	}
	return nil
}

// RemovePaymentMethod forgets a card. Running paid subscriptions move to another card, and keep the last one
// from being removed. Errors: ErrNotFound, *Refused.
func (e *Engine) RemovePaymentMethod(ctx context.Context, customerID, id string) error {
	return e.write(ctx, func(x *tx) error {
		m, err := x.methods.get(id)
		if err != nil || m.CustomerID != customerID {
			return ErrNotFound
		}
		c, err := x.living(customerID)
		if err != nil {
			return err
		}
		remove(x, x.methods, id)
		if c.MethodID != id {
			return nil
		}
		c.Card, c.MethodID = "", ""
		if left := x.PaymentMethods(customerID); len(left) > 0 {
			c.Card, c.MethodID = left[0].Card, left[0].ID
		} else if x.paysRegularly(customerID) {
			return refused("PaymentMethodInUseByActiveSubscription",
				"Cannot delete payment method: it is used by an active subscription and there is no other one.")
		}
		c.Stamp = x.touched(c.Stamp)
		put(x, x.customers, c)
		x.emit("customer.updated", c.ID)
		x.stateOf(c.ID)
		return nil
	})
}

// paysRegularly reports whether the customer has a running subscription that costs something.
func (v *View) paysRegularly(customerID string) bool {
	return slices.ContainsFunc(v.subscriptions.by(byOwner, customerID), func(s *Subscription) bool { return !s.Ended() && s.Amount > 0 })
}
