package billing

import "time"

// Kind names a sort of provider object that the mirror keeps.
type Kind string

// The kinds of mirrored objects.
const (
	KindProduct      Kind = "product"
	KindMeter        Kind = "meter"
	KindCustomer     Kind = "customer"
	KindCheckout     Kind = "checkout"
	KindOrder        Kind = "order"
	KindSubscription Kind = "subscription"
	KindGrant        Kind = "benefit_grant"
	KindBalance      Kind = "customer_meter"
	KindRefund       Kind = "refund"
	KindBenefit      Kind = "benefit"
	KindOrganization Kind = "organization"
	KindSeat         Kind = "customer_seat"
)

// Ref names one object at one provider.
type Ref struct {
	Provider   string
	Kind       Kind
	ProviderID string
}

// Object is anything the mirror keeps: Product, Meter, BenefitDefinition, Organization,
// Customer, Checkout, Order, Refund, Subscription, Grant, Balance and Seat implement it.
type Object interface {
	// Ref names the object.
	Ref() Ref
	// ObjectVersion orders copies of one object: the provider's time of last
	// modification in unix microseconds. Of two copies the higher one is newer.
	ObjectVersion() int64
	// ObjectRaw is the object in the provider's own words, see Source.
	ObjectRaw() string
}

// Source is the part that every mirrored object shares.
type Source struct {
	Provider   string    `json:"provider"`
	ProviderID string    `json:"provider_id"`
	Version    int64     `json:"version"` // unix microseconds, see Object
	CreatedAt  time.Time `json:"created_at"`
	// Raw is the object in the provider's own words, JSON without other objects that the
	// mirror keeps by themselves. Empty when it was not read from the provider, and for
	// kinds that nobody asks for in those words.
	Raw string `json:"-"`
}

// ObjectRaw is Raw.
func (s Source) ObjectRaw() string { return s.Raw }

// ObjectVersion implements Object.
func (s Source) ObjectVersion() int64 { return s.Version }

func (s Source) ref(kind Kind) Ref { return Ref{s.Provider, kind, s.ProviderID} }

// Product is something that is sold: once, or again every Interval.
type Product struct {
	Source
	Slug          string            `json:"slug"` // operator's short name, from configuration or product metadata; may be empty
	Name          string            `json:"name"`
	Description   string            `json:"description"`
	Interval      Interval          `json:"interval"`       // IntervalNone for a one-time product
	IntervalCount int               `json:"interval_count"` // every 3 months is Month, 3
	TrialDays     int               `json:"trial_days"`     // 0 for none
	Archived      bool              `json:"archived"`
	Public        bool              `json:"public"` // shown on the plans page
	Prices        []Price           `json:"prices,omitzero"`
	Benefits      []Benefit         `json:"benefits,omitzero"`
	Metadata      map[string]string `json:"metadata,omitzero"`
}

// Ref implements Object.
func (p Product) Ref() Ref { return p.ref(KindProduct) }

// Interval is how often a recurring price is due.
type Interval string

// Intervals that the providers know.
const (
	IntervalNone  Interval = ""
	IntervalDay   Interval = "day"
	IntervalWeek  Interval = "week"
	IntervalMonth Interval = "month"
	IntervalYear  Interval = "year"
)

// PriceKind says how a price turns into an amount.
type PriceKind string

// Kinds of prices.
const (
	PriceFixed   PriceKind = "fixed"
	PriceFree    PriceKind = "free"
	PriceCustom  PriceKind = "custom"  // the buyer names the amount
	PriceMetered PriceKind = "metered" // per unit of a meter, in arrears
	PriceSeats   PriceKind = "seats"
)

// Price is how much a product costs in one currency.
type Price struct {
	ProviderID string    `json:"id"`
	Kind       PriceKind `json:"kind"`
	Currency   string    `json:"currency"`
	Amount     int64     `json:"amount"`                // minor units; preset for PriceCustom, one seat for PriceSeats
	UnitAmount string    `json:"unit_amount,omitempty"` // PriceMetered: decimal minor units per unit, such as "0.35"
	CapAmount  int64     `json:"cap_amount,omitempty"`  // PriceMetered: most per period in minor units, 0 for none
	MeterID    string    `json:"meter_id,omitempty"`    // PriceMetered: the provider's meter id
	Seats      SeatPrice `json:"seats,omitzero"`        // PriceSeats
}

// Benefit is what a product brings along.
type Benefit struct {
	ProviderID  string            `json:"id"`
	Kind        BenefitKind       `json:"kind"`
	Description string            `json:"description"`
	MeterID     string            `json:"meter_id,omitempty"` // BenefitCredits
	Units       Credits           `json:"units,omitempty"`    // BenefitCredits: granted each period
	Rollover    bool              `json:"rollover,omitempty"` // BenefitCredits: what is left carries over
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// BenefitKind is a provider-neutral sort of benefit.
type BenefitKind string

// Kinds of benefits.
const (
	BenefitCustom    BenefitKind = "custom"
	BenefitCredits   BenefitKind = "credits"
	BenefitFeature   BenefitKind = "feature"
	BenefitLicense   BenefitKind = "license_key"
	BenefitDownloads BenefitKind = "downloads"
	BenefitDiscord   BenefitKind = "discord"
	BenefitGitHub    BenefitKind = "github"
	BenefitOther     BenefitKind = "other" // a kind this version does not know: kept and shown by its description
)

// BenefitDefinition is a benefit as it stands by itself, with the times of its own
// changes; a product holds the Benefit alone.
type BenefitDefinition struct {
	Source
	Benefit Benefit `json:"benefit"`
}

// Ref implements Object.
func (b BenefitDefinition) Ref() Ref { return b.ref(KindBenefit) }

// Organization is the seller as the provider knows it.
type Organization struct {
	Source
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// Ref implements Object.
func (o Organization) Ref() Ref { return o.ref(KindOrganization) }

// Customer is a payer as a provider knows it. ExternalID is our own customer id,
// empty while the two are not linked.
type Customer struct {
	Source
	ExternalID    string `json:"external_id"`
	Email         string `json:"email"` // lower case
	EmailVerified bool   `json:"email_verified"`
	Name          string `json:"name"`
	Deleted       bool   `json:"deleted"` // a tombstone: never overwritten by a later copy
}

// Ref implements Object.
func (c Customer) Ref() Ref { return c.ref(KindCustomer) }
