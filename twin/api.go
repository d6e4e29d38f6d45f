package twin

import (
	"context"
	"time"
)

var errSoon = refused("NotBuilt", "being written")

// UpdateCheckout edits an open checkout and prices it anew. Errors: ErrNotFound, *Invalid, *Refused.
func (e *Engine) UpdateCheckout(ctx context.Context, id string, edit CheckoutEdit) (Checkout, error) {
	return Checkout{}, errSoon
}

// ConfirmCheckout applies the edit and pays with the card (digits only; "" where nothing is due). A decline
// is *Refused with class PaymentError and the checkout is open again.
func (e *Engine) ConfirmCheckout(ctx context.Context, id string, edit CheckoutEdit, card string) (Confirmed, error) {
	return Confirmed{}, errSoon
}

// AnswerChallenge is the buyer's answer to the bank's question of a confirmed, Challenged checkout.
func (e *Engine) AnswerChallenge(ctx context.Context, id string, approve bool) (Confirmed, error) {
	return Confirmed{}, errSoon
}

// SuccessURL is where the buyer goes after paying: {CHECKOUT_ID} replaced, customer_session_token appended
// when there is one. A checkout without a success URL gets pageURL + "/confirmation".
func (c Checkout) SuccessAddress(pageURL, token string) string { return "" }

// WaitDelivered waits until every webhook of the type about the object was delivered or given up, or until
// the real-time limit has passed. True when nothing is left to wait for.
func (e *Engine) WaitDelivered(ctx context.Context, eventType, objectID string, limit time.Duration) bool {
	return false
}

// CustomerByToken returns the customer of an unexpired customer session token, or ErrNotFound.
func (e *Engine) CustomerByToken(token string) (Customer, error) { return Customer{}, errSoon }

// CancelSubscription schedules the end at the period's end.
func (e *Engine) CancelSubscription(ctx context.Context, id string, why Cancellation) (Subscription, error) {
	return Subscription{}, errSoon
}

// UncancelSubscription takes a scheduled end back.
func (e *Engine) UncancelSubscription(ctx context.Context, id string) (Subscription, error) {
	return Subscription{}, errSoon
}

// RetryPayment charges a pending order again; a non-empty card replaces the stored one first.
func (e *Engine) RetryPayment(ctx context.Context, orderID, card string) (Order, error) {
	return Order{}, errSoon
}
func defaultOrganization(s Stamp) Organization    { return Organization{} }
func (x *tx) expireCheckout(id string) error      { return nil }
func (x *tx) cycleSubscription(id string) error   { return nil }
func (x *tx) workOrder(id string) error           { return nil }
func (x *tx) tellStates() error                   { return nil }
func checkoutDue(*Checkout) (t time.Time)         { return }
func subscriptionDue(*Subscription) (t time.Time) { return }
func orderDue(*Order) (t time.Time)               { return }
