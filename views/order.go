package views

// OrderRow is one order in a list.
type OrderRow struct {
	ID      string
	Number  string // the provider's invoice number
	Date    Time
	Product string
	Reason  OrderReason
	Amount  string
	Status  OrderStatus
}

// OrderStatus is where an order stands.
type OrderStatus string

// Statuses of an order.
const (
	OrderPending           OrderStatus = "pending"
	OrderPaid              OrderStatus = "paid"
	OrderRefunded          OrderStatus = "refunded"
	OrderPartiallyRefunded OrderStatus = "partially_refunded"
	OrderVoid              OrderStatus = "void"
)

// OrderReason says why an order exists.
type OrderReason string

// Reasons of an order (Polar API reference, OrderBillingReason).
const (
	ReasonPurchase OrderReason = "purchase"
	ReasonStart    OrderReason = "subscription_create"
	ReasonRenewal  OrderReason = "subscription_cycle"
	ReasonUpdate   OrderReason = "subscription_update"
)

// Orders is one page of a customer's orders, newest first.
type Orders struct {
	Rows     []OrderRow
	NewerURL string // "" on the first page
	OlderURL string // "" on the last page
}

// OrderDetail is the page of one order.
type OrderDetail struct {
	Receipt         Receipt
	Reason          OrderReason
	SubscriptionURL string // "" when the order belongs to none
	Refunds         []Refund
	Provider        string // "Polar"; "" hides the way to its own portal
}

// Refund is money given back on an order.
type Refund struct {
	Date   Time
	Amount string
	Status string // already a word for the reader
	Reason string // may be ""
}

// Receipt is an order as a piece of paper: lines, totals, who paid. Empty
// totals are left out; Total is always shown.
type Receipt struct {
	Number   string
	Date     Time
	Status   OrderStatus
	Lines    []ReceiptLine
	Subtotal string
	Discount string // with its sign: "−$4.80"
	Tax      string
	Total    string
	Refunded string   // with its sign
	Paid     string   // what remains after refunds; shown with Refunded
	BillTo   []string // name and address, a line each; may be empty
	Method   string   // "Visa ending in 4242"; may be ""
}

// ReceiptLine is one item.
type ReceiptLine struct {
	Text   string
	Note   string // the period, or "Proration"; may be ""
	Amount string
}
