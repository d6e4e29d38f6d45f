package twin

import (
	"context"
	"fmt"
	"time"
)

// noTime is "never".
var noTime time.Time

// wireTime writes an instant as events carry it: UTC, microseconds, Z.
func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// item makes an order line.
func (x *tx) item(label string, amount int64, priceID string, proration bool) OrderItem {
	return OrderItem{ID: newID(), Stamp: x.made(), Label: label, Amount: amount, PriceID: priceID, Proration: proration}
}

// newOrder adds up an order, not yet stored.
func (x *tx) newOrder(customerID, reason, currency string, items []OrderItem, discount *Discount) Order {
	o := Order{
		ID: newID(), Stamp: x.made(), Number: x.nextOrderNumber(), Status: OrderPending, Reason: reason,
		CustomerID: customerID, Currency: currency, Items: items, Metadata: Metadata{},
	}
	if c, ok := x.customers.rows[customerID]; ok {
		o.BillingName, o.BillingAddress = c.BillingName, c.BillingAddress
	}
	for _, it := range items {
		o.Subtotal += it.Amount
	}
	if discount != nil {
		o.DiscountID, o.Discount = discount.ID, discount.off(o.Subtotal)
	}
	o.Net = o.Subtotal - o.Discount
	o.Total = o.Net + o.Tax
	o.Due = o.Total
	return o
}

// settleBalance pays an order from what the customer is owed; a negative total is paid in. What is bought in a
// checkout does not take part: it costs what the page said.
func (x *tx) settleBalance(o *Order) {
	o.AppliedBalance = x.useBalance(o.CustomerID, o.Total)
	o.Due = o.Total - o.AppliedBalance
}

// useBalance pays total from what the customer is owed and returns how much; a negative total is paid in.
func (x *tx) useBalance(customerID string, total int64) int64 {
	row, ok := x.customers.rows[customerID]
	if !ok {
		return 0
	}
	applied := min(total, row.Balance)
	if applied != 0 {
		c := *row
		c.Balance -= applied
		put(x, x.customers, c)
	}
	return applied
}

// nextOrderNumber counts orders per organization; orders are never removed.
func (x *tx) nextOrderNumber() string {
	return fmt.Sprintf("%s-%04d", x.Organization().InvoicePrefix, len(x.orders.rows)+1)
}

// storePaidOrder stores an order that was paid at once and tells.
func (x *tx) storePaidOrder(o Order) {
	o.Status, o.PlatformFee = OrderPaid, platformFee(o.Due)
	put(x, x.orders, o)
	x.emit("order.created", o.ID)
	x.emit("order.updated", o.ID)
	x.tellPaid(o)
}

// tellPaid announces that an order was paid.
func (x *tx) tellPaid(o Order) {
	x.record("order.paid", o.CustomerID, orderFacts(o))
	x.emit("order.paid", o.ID)
}

// markPaid pays a stored pending order.
func (x *tx) markPaid(o *Order) {
	o.Status, o.NextPaymentAt, o.PlatformFee, o.Stamp = OrderPaid, noTime, platformFee(o.Due), x.touched(o.Stamp)
	put(x, x.orders, *o)
	x.emit("order.updated", o.ID)
	x.tellPaid(*o)
}

// platformFee is 4 % + 40 minor units of what was charged.
func platformFee(due int64) int64 {
	if due <= 0 {
		return 0
	}
	return share(due, 4, 100) + 40
}

// orderFacts is the metadata of the order.paid system event.
func orderFacts(o Order) Metadata {
	m := Metadata{
		"order_id": o.ID, "amount": num(o.Total), "currency": o.Currency, "net_amount": num(o.Net),
		"tax_amount": num(o.Tax), "applied_balance_amount": num(o.AppliedBalance), "discount_amount": num(o.Discount),
		"platform_fee": num(o.PlatformFee), "billing_type": "one_time",
	}
	for key, id := range map[string]string{
		"product_id": o.ProductID, "subscription_id": o.SubscriptionID, "discount_id": o.DiscountID,
	} {
		if id != "" {
			m[key] = id
		}
	}
	if o.SubscriptionID != "" {
		m["billing_type"] = "recurring"
	}
	return m
}

// UpdateOrder changes the billing name and address until an invoice was asked for. Errors: ErrNotFound, *Invalid.
func (e *Engine) UpdateOrder(ctx context.Context, id string, name *string, address *Address) (Order, error) {
	var o Order
	err := e.write(ctx, func(x *tx) error {
		row, err := x.orders.get(id)
		if err != nil {
			return err
		}
		o = *row
		if !o.InvoiceReadyAt.IsZero() {
			return invalid("Order cannot be updated after an invoice was generated.", "billing_name")
		}
		if address != nil && o.BillingAddress != nil {
			if address.Country != o.BillingAddress.Country {
				return invalid("Country cannot be changed", "billing_address", "country")
			}
			if address.State != o.BillingAddress.State {
				return invalid("State cannot be changed", "billing_address", "state")
			}
		}
		if address != nil {
			o.BillingAddress = address
		}
		o.BillingName, o.Stamp = pick(name, o.BillingName), x.touched(o.Stamp)
		put(x, x.orders, o)
		x.emit("order.updated", o.ID)
		return nil
	})
	return o, err
}
