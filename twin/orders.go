package twin

import "time"

// Order statuses used by the twin.
const (
	OrderPending   = "pending"
	OrderPaid      = "paid"
	OrderRefunded  = "refunded"
	OrderPartially = "partially_refunded"
	OrderVoid      = "void"
)

// OrderItem is one line of an order.
type OrderItem struct {
	ID string
	Stamp
	Label     string
	Amount    int64
	Tax       int64
	Proration bool
	PriceID   string
}

// Order is one invoice. Subtotal - Discount = Net; Net + Tax = Total; Total - AppliedBalance = Due.
type Order struct {
	ID string
	Stamp
	Number                             string // "LUMEN-0001", given at creation
	Status                             string
	Reason                             string // purchase, subscription_create, subscription_cycle, subscription_update
	CustomerID, ProductID              string
	SubscriptionID, CheckoutID         string
	DiscountID                         string
	Subtotal, Discount, Net            int64
	Tax, Total, AppliedBalance, Due    int64
	Refunded, RefundedTax, PlatformFee int64
	Currency                           string
	BillingName                        string
	BillingAddress                     *Address
	Items                              []OrderItem
	Description                        string
	SeatCount                          int64
	InvoiceReadyAt                     time.Time // zero: not asked for
	InvoiceGenerated                   bool
	NextPaymentAt                      time.Time // next dunning attempt of a pending order
	Attempts                           int       // failed payment attempts so far
	Metadata                           Metadata
	CustomFieldData                    Metadata
}

// Paid reports whether money was taken, whatever was given back later.
func (o Order) Paid() bool { return o.Status != OrderPending && o.Status != OrderVoid }

// Payment is one attempt to charge a card.
type Payment struct {
	ID string
	Stamp
	OrderID, CheckoutID, CustomerID string
	Amount                          int64
	Currency                        string
	Status                          string // succeeded, failed, pending
	Card                            string
	DeclineCode                     string
}

// PaymentsOf returns the attempts to pay an order.
func (v *View) PaymentsOf(orderID string) []*Payment { return v.payments.by(0, orderID) }

// Refund is money given back. Amount is without tax.
type Refund struct {
	ID string
	Stamp
	OrderID, SubscriptionID, CustomerID string
	Status, Reason, Comment             string
	Amount, Tax                         int64
	Currency                            string
	RevokeBenefits                      bool
	SettlesAt                           time.Time // of a pending refund
	Metadata                            Metadata
}
