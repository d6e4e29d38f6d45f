package twin

import (
	"context"
	"strings"
)

// ConfirmCheckout applies the edit and pays with the card (digits only; "" where none is needed). A decline is
// *Refused with class PaymentError and leaves the checkout open. Errors: ErrNotFound, *Invalid, *Refused.
func (e *Engine) ConfirmCheckout(ctx context.Context, id string, edit CheckoutEdit, card string) (Confirmed, error) {
	var out Confirmed
	err := e.write(ctx, func(x *tx) error {
		c, err := x.openCheckout(id)
		if err != nil {
			return err
		}
		if err := x.editCheckout(&c, edit); err != nil {
			return err
		}
		if err := x.confirmable(c, card); err != nil {
			return err
		}
		known, err := x.attachCustomer(&c)
		if err != nil {
			return err
		}
		c.Status, c.Card = CheckoutConfirmed, card
		c.Challenged = card == CardChallenge && c.NeedsCard()
		c.Identified = c.Identified || !known
		x.saveCheckout(&c)
		if c.Challenged {
			out = Confirmed{Checkout: c, Challenged: true}
			return nil
		}
		out, err = x.settle(c)
		return err
	})
	return out.unlessDeclined(err)
}

// AnswerChallenge is the buyer's answer to the bank's question of a confirmed, Challenged checkout. A refusal
// is a decline.
func (e *Engine) AnswerChallenge(ctx context.Context, id string, approve bool) (Confirmed, error) {
	var out Confirmed
	err := e.write(ctx, func(x *tx) error {
		row, err := x.checkouts.get(id)
		if err != nil {
			return err
		}
		c := *row
		if !c.Challenged {
			return refused("NotOpenCheckout", "The bank is not waiting for an answer.")
		}
		c.Challenged = false
		if !approve {
			c.Card = CardDeclined
		}
		out, err = x.settle(c)
		return err
	})
	return out.unlessDeclined(err)
}

// confirmable checks what confirmation needs beyond a valid edit.
func (x *tx) confirmable(c Checkout, card string) error {
	var missing []FieldError
	need := func(ok bool, field string) {
		if !ok {
			missing = append(missing, FieldError{Loc: []any{"body", field}, Msg: "Field is required.", Type: "missing"})
		}
	}
	need(c.CustomerEmail != "", "customer_email")
	need(!c.RequireBillingAddress || c.BillingAddress != nil, "customer_billing_address")
	need(!c.NeedsCard() || card != "", "confirmation_token_id")
	if p, ok := x.products.rows[c.ProductID]; ok {
		for _, slug := range x.unanswered(*p, c.CustomFieldData) {
			missing = append(missing, FieldError{Loc: []any{"body", "custom_field_data", slug}, Msg: "Field required", Type: "missing"})
		}
	}
	if len(missing) > 0 {
		return &Invalid{Fields: missing}
	}
	if c.NeedsCard() && !knownCard(card) {
		return refused("PaymentError", "Your card number is incorrect.")
	}
	if !c.TrialEnd.IsZero() && x.Organization().PreventTrialAbuse && x.hadTrial(c.CustomerEmail) {
		return refused("TrialAlreadyRedeemed", "You have already used a trial for this product.")
	}
	if d, ok := x.discounts.rows[c.DiscountID]; ok && d.exhausted() {
		return refused("DiscountRedemptionLimitReached", "The discount redemption limit has been reached.")
	}
	return nil
}

// hadTrial reports whether a customer with the address ever had a trial.
func (v *View) hadTrial(email string) bool {
	for _, c := range v.customers.by(customersByEmail, strings.ToLower(email)) {
		for _, sub := range v.subscriptions.by(byOwner, c.ID) {
			if !sub.TrialStart.IsZero() {
				return true
			}
		}
	}
	return false
}

// knownCard reports whether number is one of the test cards.
func knownCard(number string) bool {
	switch number {
	case CardSucceeds, CardDeclined, CardChallenge, CardFailsLate, CardRefundsLate, CardRefundFails:
		return true
	}
	return false
}

// unlessDeclined turns a decline, which was kept, into the error that callers get.
func (out Confirmed) unlessDeclined(err error) (Confirmed, error) {
	if err == nil && out.declined {
		err = refused("PaymentError", "Your card was declined.")
	}
	return out, err
}

// settle charges a confirmed checkout and delivers what was bought. A decline is not an error here: it is
// kept, not rolled back.
func (x *tx) settle(c Checkout) (Confirmed, error) {
	payment := Payment{
		ID: newID(), Stamp: x.made(), CheckoutID: c.ID, CustomerID: c.CustomerID, Amount: c.DueToday(),
		Currency: c.Currency, Status: "succeeded", Card: c.Card,
	}
	if c.NeedsCard() && c.Card == CardDeclined {
		payment.Status, payment.DeclineCode = "failed", "card_declined"
		put(x, x.payments, payment)
		c.Status, c.Card = CheckoutOpen, ""
		x.saveCheckout(&c)
		return Confirmed{Checkout: c, declined: true}, nil
	}
	if c.NeedsCard() {
		if err := x.keepCard(c); err != nil {
			return Confirmed{}, err
		}
	}
	if err := x.fulfil(&c, &payment); err != nil {
		return Confirmed{}, err
	}
	out := Confirmed{Checkout: c}
	if c.Identified {
		out.Token = x.openSession(c.CustomerID, "").Token
	}
	return out, nil
}

// keepCard stores the card that paid as the customer's.
func (x *tx) keepCard(c Checkout) error {
	customer, err := x.living(c.CustomerID)
	if err != nil {
		return err
	}
	x.storeCard(&customer, c.Card)
	return nil
}
