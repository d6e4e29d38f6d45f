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
	Status             CheckoutStatus `json:"status"`
	URL                string         `json:"url"` // the hosted page
	ProviderProductID  string         `json:"provider_product_id"`
	ProviderCustomerID string         `json:"provider_customer_id"` // empty until the provider knows the buyer
	ExternalCustomerID string         `json:"external_customer_id"` // our customer id, if the checkout was opened for one
	Subtotal           int64          `json:"subtotal"`             // minor units
	Discount           int64          `json:"discount"`
	Tax                int64          `json:"tax"` // minor units
	Total              int64          `json:"total"`
	Currency           string         `json:"currency"`
	ExpiresAt          time.Time      `json:"expires_at,omitzero"`
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
	ProviderCustomerID     string      `json:"provider_customer_id"`
	ProviderProductID      string      `json:"provider_product_id"`      // may be empty
	ProviderSubscriptionID string      `json:"provider_subscription_id"` // may be empty
	ProviderCheckoutID     string      `json:"provider_checkout_id"`     // may be empty
	Status                 OrderStatus `json:"status"`
	Reason                 string      `json:"reason"` // purchase, subscription_create, subscription_cycle, subscription_update
	Number                 string      `json:"number"` // the invoice number people quote
	Description            string      `json:"description"`
	Subtotal               int64       `json:"subtotal"`
	Discount               int64       `json:"discount"`
	Tax                    int64       `json:"tax"`
	Total                  int64       `json:"total"`
	Refunded               int64       `json:"refunded"` // given back so far, tax included
	Currency               string      `json:"currency"`
	Items                  []OrderItem `json:"items,omitzero"`
	NextAttemptAt          time.Time   `json:"next_attempt_at,omitzero"` // zero unless a failed payment will be tried again
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

// RefundStatus is where a refund stands.
type RefundStatus string

// Statuses of a refund. Pending waits for the payment processor.
const (
	RefundPending   RefundStatus = "pending"
	RefundSucceeded RefundStatus = "succeeded"
	RefundFailed    RefundStatus = "failed"
	RefundCanceled  RefundStatus = "canceled"
)

// Refund is money given back of one order. Amount is minor units without tax, Tax what
// was given back of it beside that.
type Refund struct {
	Source
	ProviderOrderID        string            `json:"provider_order_id"`
	ProviderCustomerID     string            `json:"provider_customer_id"`
	ProviderSubscriptionID string            `json:"provider_subscription_id"` // may be empty
	Status                 RefundStatus      `json:"status"`
	Reason                 string            `json:"reason"` // as the provider names it
	Amount                 int64             `json:"amount"`
	Tax                    int64             `json:"tax"`
	Currency               string            `json:"currency"`
	Metadata               map[string]string `json:"metadata,omitzero"`
}

// Ref implements Object.
func (r Refund) Ref() Ref { return r.ref(KindRefund) }

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
	ProviderCustomerID string    `json:"provider_customer_id"`
	ProviderProductID  string    `json:"provider_product_id"`
	ProviderCheckoutID string    `json:"provider_checkout_id"` // may be empty
	Status             Status    `json:"status"`
	Amount             int64     `json:"amount"`
	Currency           string    `json:"currency"`
	Interval           Interval  `json:"interval"`
	IntervalCount      int       `json:"interval_count"`
	PeriodStart        time.Time `json:"period_start,omitzero"`
	PeriodEnd          time.Time `json:"period_end,omitzero"` // the next renewal, unless canceled
	TrialEnd           time.Time `json:"trial_end,omitzero"`  // zero without a trial
	CancelAtPeriodEnd  bool      `json:"cancel_at_period_end"`
	CanceledAt         time.Time `json:"canceled_at,omitzero"` // when the cancellation was asked for; zero if not
	StartedAt          time.Time `json:"started_at,omitzero"`
	EndsAt             time.Time `json:"ends_at,omitzero"`  // when access will end; zero if it renews
	EndedAt            time.Time `json:"ended_at,omitzero"` // when access ended; zero while it lasts
	Seats              int       `json:"seats,omitempty"`   // bought; 0 for what is not sold by the seat
	CancelReason       string    `json:"cancel_reason"`
	CancelComment      string    `json:"cancel_comment"`
	// ReferenceID is whom it is for, as whoever opened the checkout named it: an
	// organisation, for example. Empty: for its customer.
	ReferenceID string `json:"reference_id,omitempty"`
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
	ProviderCustomerID     string            `json:"provider_customer_id"`
	ProviderBenefitID      string            `json:"provider_benefit_id"`
	ProviderSubscriptionID string            `json:"provider_subscription_id"`     // may be empty
	ProviderOrderID        string            `json:"provider_order_id"`            // may be empty
	ProviderMemberID       string            `json:"provider_member_id,omitempty"` // of what came by a seat: whose
	Kind                   BenefitKind       `json:"kind"`
	Description            string            `json:"description"`
	GrantedAt              time.Time         `json:"granted_at,omitzero"` // zero while it is being granted
	RevokedAt              time.Time         `json:"revoked_at,omitzero"` // zero while it lasts
	Properties             map[string]string `json:"properties,omitzero"`
}

// Ref implements Object.
func (g Grant) Ref() Ref { return g.ref(KindGrant) }
