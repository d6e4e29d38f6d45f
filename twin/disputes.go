package twin

import "context"

// Dispute is a buyer's bank asking for a payment back. Status is one of the provider's: prevented,
// early_warning, needs_response, under_review, lost, won.
type Dispute struct {
	ID string
	Stamp
	OrderID, PaymentID string
	Status             string
	Amount, Tax        int64
	Currency           string
}

// Closed reports whether the bank has decided.
func (d Dispute) Closed() bool {
	return d.Status == "lost" || d.Status == "won" || d.Status == "prevented"
}

// Dispute returns a dispute, or ErrNotFound.
func (v *View) Dispute(id string) (*Dispute, error) { return v.disputes.get(id) }

// Disputes returns all disputes.
func (v *View) Disputes() []*Dispute { return v.disputes.all() }

// OpenDispute makes the bank dispute the payment of an order. Errors: ErrNotFound, *Refused when nothing was
// charged for it.
func (e *Engine) OpenDispute(ctx context.Context, orderID, status string) (Dispute, error) {
	var d Dispute
	err := e.write(ctx, func(x *tx) error {
		o, err := x.orders.get(orderID)
		if err != nil {
			return err
		}
		for _, p := range x.payments.by(0, orderID) {
			if p.Status == "succeeded" && p.Amount > 0 {
				d = Dispute{
					ID: newID(), Stamp: x.made(), OrderID: o.ID, PaymentID: p.ID, Status: status,
					Amount: o.Net, Tax: o.Tax, Currency: o.Currency,
				}
				put(x, x.disputes, d)
				return nil
			}
		}
		return refused("NotPermitted", "Nothing was charged for this order.")
	})
	return d, err
}
