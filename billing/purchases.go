package billing

import "time"

// CheckoutStatus is where a checkout stands.
type CheckoutStatus string

// Statuses of a checkout. Confirmed means that the payment is under way.
const (
	CheckoutOpen      CheckoutStatus = "open"
	CheckoutConfirmed CheckoutStatus = "confirmed"
	CheckoutSucceeded CheckoutStatus = "succeeded"
	CheckoutFailed    CheckoutStatus = "failed"
	CheckoutExpired   CheckoutStatus = "expired"
)

// Checkout is one hosted payment session.
type Checkout struct {
	Source
	Status             CheckoutStatus
	URL                string // the hosted page
	ProviderProductID  string
	ProviderCustomerID string // empty until the provider knows the buyer
	ExternalCustomerID string // our customer id, if the checkout was opened for one
	Subtotal, Discount int64  // minor units
	Tax, Total         int64  // minor units
	Currency           string
	ExpiresAt          time.Time
}

// Ref implements Object.
func (c Checkout) Ref() Ref { return c.ref(KindCheckout) }

// OrderStatus is where an order stands.
type OrderStatus string

// Statuses of an order. Pending is not paid yet: fulfil nothing.
const (
	OrderPending           OrderStatus = "pending"
	OrderPaid              OrderStatus = "paid"
	OrderRefunded          OrderStatus = "refunded"
	OrderPartiallyRefunded OrderStatus = "partially_refunded"
	OrderVoid              OrderStatus = "void"
)

// Order is one charge: subtotal - discount + tax = total, in minor units of Currency.
type Order struct {
	Source
	ProviderCustomerID     string
	ProviderProductID      string // may be empty
	ProviderSubscriptionID string // may be empty
	ProviderCheckoutID     string // may be empty
	Status                 OrderStatus
	Reason                 string // purchase, subscription_create, subscription_cycle, subscription_update
	Number                 string // the invoice number people quote
	Description            string
	Subtotal, Discount     int64
	Tax, Total             int64
	Refunded               int64 // given back so far, tax included
	Currency               string
	Items                  []OrderItem
	NextAttemptAt          time.Time // zero unless a failed payment will be tried again
}

// Ref implements Object.
func (o Order) Ref() Ref { return o.ref(KindOrder) }

// OrderItem is one line of an order, before tax, in minor units of the order's currency.
type OrderItem struct {
	Label     string `json:"label"`
	Amount    int64  `json:"amount"`
	Tax       int64  `json:"tax"`
	Proration bool   `json:"proration,omitempty"`
}

// Status is where a subscription stands, in our own words.
type Status string

// Statuses of a subscription. Incomplete has never been paid; PastDue has a failed
// renewal that is being tried again.
const (
	Incomplete Status = "incomplete"
	Trialing   Status = "trialing"
	Active     Status = "active"
	PastDue    Status = "past_due"
	Paused     Status = "paused"
	Canceled   Status = "canceled"
)

// Subscription is a recurring agreement. Amount is what one period costs, in minor
// units. While CancelAtPeriodEnd is set it stays Active until EndsAt.
type Subscription struct {
	Source
	ProviderCustomerID string
	ProviderProductID  string
	ProviderCheckoutID string // may be empty
	Status             Status
	Amount             int64
	Currency           string
	Interval           Interval
	IntervalCount      int
	PeriodStart        time.Time
	PeriodEnd          time.Time // the next renewal, unless canceled
	TrialEnd           time.Time // zero without a trial
	CancelAtPeriodEnd  bool
	CanceledAt         time.Time // when the cancellation was asked for; zero if not
	StartedAt          time.Time
	EndsAt             time.Time // when access will end; zero if it renews
	EndedAt            time.Time // when access ended; zero while it lasts
	CancelReason       string
	CancelComment      string
}

// Ref implements Object.
func (s Subscription) Ref() Ref { return s.ref(KindSubscription) }

// Live reports whether the subscription gives access now: trialing, active, or past
// due within the provider's grace (the provider revokes the grants when it is over).
func (s Subscription) Live() bool {
	return s.Status == Trialing || s.Status == Active || s.Status == PastDue
}

// Grant is the provider's record that a customer has a benefit.
type Grant struct {
	Source
	ProviderCustomerID     string
	ProviderBenefitID      string
	ProviderSubscriptionID string // may be empty
	ProviderOrderID        string // may be empty
	Kind                   BenefitKind
	Description            string
	GrantedAt              time.Time // zero while it is being granted
	RevokedAt              time.Time // zero while it lasts
	Properties             map[string]string
}

// Ref implements Object.
func (g Grant) Ref() Ref { return g.ref(KindGrant) }
