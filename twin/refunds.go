package twin

import (
	"context"
)

// RefundInput gives money back. Amount is without tax.
type RefundInput struct {
	OrderID, Reason, Comment string
	Amount                   int64
	RevokeBenefits           bool
	Metadata                 Metadata
}

// CreateRefund refunds an order, whole or in part. A refund does not cancel a subscription. Errors: *Invalid,
// *Refused.
func (e *Engine) CreateRefund(ctx context.Context, in RefundInput) (Refund, error) {
	var made Refund
	err := e.write(ctx, func(x *tx) error {
		row, err := x.orders.get(in.OrderID)
		if err != nil {
			return invalid("Order not found", "order_id")
		}
		o := *row
		if err := refundable(o, in); err != nil {
			return err
		}
		if x.refundPending(o.ID) {
			return refused("RefundPendingCreation", "Another refund of this order is pending.")
		}
		made = Refund{
			ID: newID(), Stamp: x.made(), OrderID: o.ID, SubscriptionID: o.SubscriptionID, CustomerID: o.CustomerID,
			Status: "succeeded", Reason: in.Reason, Comment: in.Comment, Amount: in.Amount, Currency: o.Currency,
			Tax: share(o.Tax, in.Amount, max(o.Net, 1)), RevokeBenefits: in.RevokeBenefits, Metadata: in.Metadata,
		}
		if card := x.paidWith(o.ID); card == CardRefundsLate || card == CardRefundFails {
			made.Status, made.SettlesAt = "pending", x.now.Add(refundDelay)
		}
		put(x, x.refunds, made)
		x.emit("refund.created", made.ID)
		if made.Status == "succeeded" {
			x.applyRefund(made)
		}
		return nil
	})
	return made, err
}

// refundable checks a refund against what is left of the order.
func refundable(o Order, in RefundInput) error {
	left := o.Net - o.AppliedBalance - o.Refunded
	switch {
	case o.Status == OrderRefunded || o.Paid() && o.Net > 0 && left == 0:
		return refused("RefundedAlready", "Order is already fully refunded.")
	case !o.Paid() || in.Amount > left:
		return invalid("Refund amount exceeds refundable amount", "amount")
	case in.Amount <= 0:
		return &Invalid{Fields: []FieldError{{
			Loc: []any{"body", "amount"}, Msg: "Input should be greater than 0", Type: "greater_than", Input: in.Amount,
		}}}
	case in.RevokeBenefits && o.SubscriptionID != "":
		return refused("RevokeSubscriptionBenefitsProhibited", "Benefits of a subscription can only be revoked by canceling it.")
	}
	return nil
}

// refundOrder notes the refund on its order.
func (x *tx) refundOrder(o Order, r Refund) {
	o.Refunded, o.RefundedTax, o.Stamp = o.Refunded+r.Amount, o.RefundedTax+r.Tax, x.touched(o.Stamp)
	o.Status = OrderPartially
	if o.Refunded >= o.Net-o.AppliedBalance {
		o.Status = OrderRefunded
	}
	put(x, x.orders, o)
	x.record("order.refunded", o.CustomerID, Metadata{
		"order_id": o.ID, "refunded_amount": num(r.Amount), "currency": o.Currency,
	})
	x.emit("order.updated", o.ID)
	x.emit("order.refunded", o.ID)
}
