package polar

import (
	"encoding/json"
	"time"
)

// The wire structs hold the fields that we read of Polar's objects (its reference,
// 2026-08). They serve API answers and webhooks alike. null reads as the zero value.

// stamps are the fields that every object has.
type stamps struct {
	ID         string    `json:"id"`
	CreatedAt  time.Time `json:"created_at"`
	ModifiedAt time.Time `json:"modified_at"` // null until the first change

	raw string // the whole object, see inOwnWords
}

func (s *stamps) keep(raw string) { s.raw = raw }

type wireProduct struct {
	stamps
	Name                   string            `json:"name"`
	Description            string            `json:"description"`
	Visibility             string            `json:"visibility"`
	RecurringInterval      string            `json:"recurring_interval"`
	RecurringIntervalCount int               `json:"recurring_interval_count"`
	TrialInterval          string            `json:"trial_interval"`
	TrialIntervalCount     int               `json:"trial_interval_count"`
	IsArchived             bool              `json:"is_archived"`
	Metadata               map[string]any    `json:"metadata"`
	Prices                 []wirePrice       `json:"prices"`
	Benefits               []json.RawMessage `json:"benefits"`
}

type wirePrice struct {
	ID            string      `json:"id"`
	AmountType    string      `json:"amount_type"`
	Currency      string      `json:"price_currency"`
	IsArchived    bool        `json:"is_archived"`
	PriceAmount   int64       `json:"price_amount"`
	PresetAmount  int64       `json:"preset_amount"`
	MinimumAmount int64       `json:"minimum_amount"`
	UnitAmount    json.Number `json:"unit_amount"` // a decimal string on the wire
	CapAmount     int64       `json:"cap_amount"`
	MeterID       string      `json:"meter_id"`
	SeatTiers     struct {
		Type  string `json:"seat_tier_type"`
		Least int    `json:"minimum_seats"`
		Most  int    `json:"maximum_seats"`
		Tiers []struct {
			MinSeats     int   `json:"min_seats"`
			MaxSeats     int   `json:"max_seats"`
			PricePerSeat int64 `json:"price_per_seat"`
		} `json:"tiers"`
	} `json:"seat_tiers"`
}

type wireBenefit struct {
	stamps
	Type        string          `json:"type"`
	Description string          `json:"description"`
	Metadata    map[string]any  `json:"metadata"`
	Properties  json.RawMessage `json:"properties"` // by Type
}

// wireCredit is the properties of a benefit of type meter_credit.
type wireCredit struct {
	Units    json.Number `json:"units"`
	Rollover bool        `json:"rollover"`
	MeterID  string      `json:"meter_id"`
}

type wireMeter struct {
	stamps
	Name        string     `json:"name"`
	Filter      wireFilter `json:"filter"`
	ArchivedAt  time.Time  `json:"archived_at"`
	Aggregation struct {
		Func     string `json:"func"`
		Property string `json:"property"`
	} `json:"aggregation"`
}

type wireFilter struct {
	Conjunction string            `json:"conjunction"`
	Clauses     []json.RawMessage `json:"clauses"` // clauses and nested filters
}

type wireCustomer struct {
	stamps
	ExternalID    string         `json:"external_id"`
	Email         string         `json:"email"`
	EmailVerified bool           `json:"email_verified"`
	Name          string         `json:"name"`
	DeletedAt     time.Time      `json:"deleted_at"`
	Metadata      map[string]any `json:"metadata"`
}

type wireCheckout struct {
	stamps
	Status             string    `json:"status"`
	URL                string    `json:"url"`
	ExpiresAt          time.Time `json:"expires_at"`
	Amount             int64     `json:"amount"`
	DiscountAmount     int64     `json:"discount_amount"`
	TaxAmount          int64     `json:"tax_amount"`
	TotalAmount        int64     `json:"total_amount"`
	Currency           string    `json:"currency"`
	ProductID          string    `json:"product_id"`
	CustomerID         string    `json:"customer_id"`
	ExternalCustomerID string    `json:"external_customer_id"`
}

type wireOrder struct {
	stamps
	Status               string    `json:"status"`
	BillingReason        string    `json:"billing_reason"`
	InvoiceNumber        string    `json:"invoice_number"`
	Description          string    `json:"description"`
	SubtotalAmount       int64     `json:"subtotal_amount"`
	DiscountAmount       int64     `json:"discount_amount"`
	TaxAmount            int64     `json:"tax_amount"`
	TotalAmount          int64     `json:"total_amount"`
	RefundedAmount       int64     `json:"refunded_amount"`
	RefundedTaxAmount    int64     `json:"refunded_tax_amount"`
	Currency             string    `json:"currency"`
	CustomerID           string    `json:"customer_id"`
	ProductID            string    `json:"product_id"`
	SubscriptionID       string    `json:"subscription_id"`
	CheckoutID           string    `json:"checkout_id"`
	NextPaymentAttemptAt time.Time `json:"next_payment_attempt_at"`
	Items                []struct {
		Label     string `json:"label"`
		Amount    int64  `json:"amount"`
		TaxAmount int64  `json:"tax_amount"`
		Proration bool   `json:"proration"`
	} `json:"items"`
}

type wireRefund struct {
	stamps
	Status         string         `json:"status"`
	Reason         string         `json:"reason"`
	Amount         int64          `json:"amount"`
	TaxAmount      int64          `json:"tax_amount"`
	Currency       string         `json:"currency"`
	OrderID        string         `json:"order_id"`
	SubscriptionID string         `json:"subscription_id"`
	CustomerID     string         `json:"customer_id"`
	Metadata       map[string]any `json:"metadata"`
}

type wireOrganization struct {
	stamps
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// wireEndpoint leaves out the secret that Polar sends along.
type wireEndpoint struct {
	ID      string   `json:"id"`
	URL     string   `json:"url"`
	Enabled *bool    `json:"enabled"`
	Events  []string `json:"events"`
}

type wireSubscription struct {
	stamps
	Status                 string    `json:"status"`
	Amount                 int64     `json:"amount"`
	Currency               string    `json:"currency"`
	RecurringInterval      string    `json:"recurring_interval"`
	RecurringIntervalCount int       `json:"recurring_interval_count"`
	CurrentPeriodStart     time.Time `json:"current_period_start"`
	CurrentPeriodEnd       time.Time `json:"current_period_end"`
	TrialEnd               time.Time `json:"trial_end"`
	CancelAtPeriodEnd      bool      `json:"cancel_at_period_end"`
	CanceledAt             time.Time `json:"canceled_at"`
	StartedAt              time.Time `json:"started_at"`
	EndsAt                 time.Time `json:"ends_at"`
	EndedAt                time.Time `json:"ended_at"`
	CustomerID             string    `json:"customer_id"`
	ProductID              string    `json:"product_id"`
	CheckoutID             string    `json:"checkout_id"`
	Seats                  int       `json:"seats"`
	CancelReason           string    `json:"customer_cancellation_reason"`
	CancelComment          string    `json:"customer_cancellation_comment"`
	Metadata               struct {
		ReferenceID any `json:"referenceId"` // text, if it is the Better Auth plugin's
	} `json:"metadata"`
}

type wireGrant struct {
	stamps
	GrantedAt      time.Time      `json:"granted_at"`
	RevokedAt      time.Time      `json:"revoked_at"`
	IsRevoked      bool           `json:"is_revoked"`
	CustomerID     string         `json:"customer_id"`
	BenefitID      string         `json:"benefit_id"`
	SubscriptionID string         `json:"subscription_id"`
	OrderID        string         `json:"order_id"`
	MemberID       string         `json:"member_id"`
	Benefit        wireBenefit    `json:"benefit"`
	Properties     map[string]any `json:"properties"`
}

type wireBalance struct {
	stamps
	CustomerID    string      `json:"customer_id"`
	MeterID       string      `json:"meter_id"`
	ConsumedUnits json.Number `json:"consumed_units"`
	CreditedUnits json.Number `json:"credited_units"`
	Balance       json.Number `json:"balance"`
}

type wireEvent struct {
	ID         string         `json:"id"`
	ExternalID string         `json:"external_id"` // not in every version of the API
	Timestamp  time.Time      `json:"timestamp"`
	CustomerID string         `json:"customer_id"`
	Name       string         `json:"name"`
	Source     string         `json:"source"`
	Metadata   map[string]any `json:"metadata"`
}
