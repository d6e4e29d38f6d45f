package twin

import "time"

// refundDelay is how long a pending refund waits for the card network, on the twin's clock.
const refundDelay = time.Hour

// refundDue is when a pending refund is decided.
func refundDue(r *Refund) time.Time { return r.SettlesAt }

// settleRefund decides a pending refund: it succeeds, unless the order was paid with the card that cannot be
// refunded.
func (x *tx) settleRefund(id string) error {
	row, err := x.refunds.get(id)
	if err != nil {
		return err
	}
	r := *row
	r.Status, r.SettlesAt, r.Stamp = "succeeded", noTime, x.touched(r.Stamp)
	if x.paidWith(r.OrderID) == CardRefundFails {
		r.Status = "failed"
	}
	put(x, x.refunds, r)
	x.emit("refund.updated", r.ID)
	if r.Status == "succeeded" {
		x.applyRefund(r)
	}
	return nil
}

// applyRefund notes money that was given back on its order, and takes the benefits if that was asked.
func (x *tx) applyRefund(r Refund) {
	x.refundOrder(*x.orders.rows[r.OrderID], r)
	if r.RevokeBenefits {
		x.revokeScope("", r.OrderID)
	}
	x.stateOf(r.CustomerID)
}

// paidWith is the card that paid an order, "" when none did.
func (v *View) paidWith(orderID string) string {
	for _, p := range v.payments.by(0, orderID) {
		if p.Status == "succeeded" {
			return p.Card
		}
	}
	return ""
}

// refundPending reports whether a refund of the order is still undecided.
func (v *View) refundPending(orderID string) bool {
	for _, r := range v.refunds.by(0, orderID) {
		if r.Status == "pending" {
			return true
		}
	}
	return false
}
