package twin

import "time"

// CheckoutStatus is where a checkout stands.
type CheckoutStatus string

// The statuses: open -> confirmed (payment in flight) -> succeeded; a decline returns it to open.
const (
	CheckoutOpen      CheckoutStatus = "open"
	CheckoutConfirmed CheckoutStatus = "confirmed"
	CheckoutSucceeded CheckoutStatus = "succeeded"
	CheckoutExpired   CheckoutStatus = "expired"
	CheckoutFailed    CheckoutStatus = "failed"
)

// Checkout is one hosted payment session. Amounts are of today's charge, minor units.
type Checkout struct {
	ID string
	Stamp
	Status       CheckoutStatus
	ClientSecret string
	ExpiresAt    time.Time
	SuccessURL   string // as given, {CHECKOUT_ID} not yet replaced; see Engine.SuccessURL
	ReturnURL    string // the page's back link, may be empty
	EmbedOrigin  string

	ProductIDs []string // what the buyer may choose from
	ProductID  string   // what is chosen
	PriceID    string
	Currency   string
	CustomSum  *int64 // amount chosen for a pay-what-you-want price
	SeatCount  int64
	MinSeats   int64 // 0: as the price says
	MaxSeats   int64 // 0: as the price says
	Subtotal   int64
	Discount   int64
	Tax        int64
	Total      int64 // Subtotal - Discount + Tax

	CardForLater bool // a card is needed for renewals even if nothing is due today

	DiscountID            string
	AllowDiscountCodes    bool
	RequireBillingAddress bool
	AllowTrial            bool
	TrialInterval         Interval // overrides the product's trial
	TrialCount            int
	TrialEnd              time.Time // zero: no trial will be given

	CustomerID         string
	ExternalCustomerID string
	CustomerName       string
	CustomerEmail      string
	BillingName        string
	BillingAddress     *Address
	TaxID              string
	Business           bool
	IPAddress          string
	Locale             string
	Metadata           Metadata
	CustomerMetadata   Metadata
	CustomFieldData    Metadata

	UpgradeID      string // free subscription that this checkout upgrades
	SubscriptionID string // result
	OrderID        string // result
	Challenged     bool   // the bank's question is open
	Card           string // while Challenged: the card to charge
	Identified     bool   // the merchant named the customer; only then is a session token given out
}

// CheckoutEdit is what a buyer may change on an open checkout; nil leaves a field alone.
type CheckoutEdit struct {
	ProductID       *string
	CustomSum       *int64
	SeatCount       *int64
	CustomerName    *string
	CustomerEmail   *string
	BillingName     *string
	BillingAddress  *Address
	TaxID           *string
	Business        *bool
	DiscountCode    *string // "" removes the discount
	DiscountID      *string // merchant only; "" removes the discount
	RefuseTrial     bool
	CustomFieldData Metadata
	Locale          *string
	Metadata        Metadata // merchant only
	SuccessURL      *string  // merchant only
	ReturnURL       *string  // merchant only

	AllowDiscountCodes    *bool // merchant only
	RequireBillingAddress *bool // merchant only
}

// Test cards. Any other number is refused as invalid.
const (
	CardSucceeds  = "4242424242424242"
	CardDeclined  = "4000000000000002"
	CardChallenge = "4000002500003155"
	CardFailsLate = "4000000000000341" // can be stored, every later charge fails

	CardRefundsLate = "4000000000007726" // pays; a refund of it is pending first
	CardRefundFails = "4000000000005126" // pays; a refund of it fails in the end
)

// Confirmed is the outcome of confirming a checkout.
type Confirmed struct {
	Checkout   Checkout
	Challenged bool   // ask the buyer, then call AnswerChallenge
	Token      string // customer session token; "" when the buyer was matched by e-mail only
	declined   bool
}
