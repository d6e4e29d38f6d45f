package twin

import (
	"context"
	"time"
)

// invoiceDelay is how long an invoice takes to be ready, on the twin's clock.
const invoiceDelay = 2 * time.Second

// GenerateInvoice asks for an order's invoice; it is ready a moment later, with an order.updated. Asking
// again changes nothing. Errors: ErrNotFound, *Refused.
func (e *Engine) GenerateInvoice(ctx context.Context, id string) error {
	return e.write(ctx, func(x *tx) error {
		row, err := x.orders.get(id)
		if err != nil {
			return err
		}
		o := *row
		if !o.Paid() {
			return refused("OrderNotEligibleForInvoice", "Order is not eligible for invoice: it is not paid.")
		}
		if o.BillingName == "" || o.BillingAddress == nil {
			return refused("MissingInvoiceBillingDetails", "Billing name and address are required to generate an invoice.")
		}
		if !o.InvoiceReadyAt.IsZero() {
			return nil
		}
		o.InvoiceReadyAt = x.now.Add(invoiceDelay)
		put(x, x.orders, o)
		return nil
	})
}

// orderDue is when an order needs work: its invoice, or the next attempt to be paid.
func orderDue(o *Order) time.Time {
	if !o.InvoiceReadyAt.IsZero() && !o.InvoiceGenerated {
		return o.InvoiceReadyAt
	}
	return o.NextPaymentAt
}

// workOrder finishes the invoice or tries the payment again.
func (x *tx) workOrder(id string) error {
	row, err := x.orders.get(id)
	if err != nil {
		return err
	}
	o := *row
	if !o.InvoiceReadyAt.IsZero() && !o.InvoiceGenerated {
		o.InvoiceGenerated, o.Stamp = true, x.touched(o.Stamp)
		put(x, x.orders, o)
		x.emit("order.updated", o.ID)
		return nil
	}
	return x.collect(o)
}
