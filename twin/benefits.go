package twin

import "time"

// Benefit types that the twin grants by itself.
const (
	BenefitCustom        = "custom"
	BenefitFeatureFlag   = "feature_flag"
	BenefitMeterCredit   = "meter_credit"
	BenefitLicenseKeys   = "license_keys"
	BenefitDownloadables = "downloadables"
	BenefitDiscord       = "discord"
	BenefitGitHub        = "github_repository"
)

// Benefit is something that a product gives to its buyers. Which fields count depends on Type.
type Benefit struct {
	ID string
	Stamp
	Type, Description string
	Metadata          Metadata
	Deleted           bool

	Note     string // custom
	Units    int64  // meter_credit
	Rollover bool   // meter_credit
	MeterID  string // meter_credit

	KeyPrefix       string // license_keys
	KeyTTL          int    // license_keys: 0 never expires
	KeyTimeframe    string // license_keys: day, month, year
	ActivationLimit int    // license_keys: 0 no activations
	CustomerAdmin   bool   // license_keys: customers may drop activations
	UsageLimit      int64  // license_keys: 0 no limit

	Files    []string          // downloadables
	Archived []string          // downloadables: files that are no longer given
	Settings map[string]string // discord, github_repository
}

// Grant is one customer's hold on a benefit, scoped to an order or a subscription.
type Grant struct {
	ID string
	Stamp
	CustomerID, BenefitID   string
	SubscriptionID, OrderID string
	MemberID                string // who holds it by a seat; "": the customer itself
	GrantedAt, RevokedAt    time.Time
	Waits                   bool // for the customer to name an account
	Properties              GrantProperties
}

// Granted reports whether the grant holds now.
func (g Grant) Granted() bool { return !g.GrantedAt.IsZero() && g.RevokedAt.IsZero() }

// Held reports whether the grant holds or waits for the customer's account.
func (g Grant) Held() bool { return g.Granted() || g.Waits }

// GrantProperties is what the benefit's type remembers about a grant.
type GrantProperties struct {
	LicenseKeyID, DisplayKey string
	CreditedMeterID          string
	CreditedUnits            int64
	CreditedAt               time.Time
	Files                    []string
	AccountID                string // discord, github_repository: who was let in
}

// LicenseKey is a key made by a license_keys grant.
type LicenseKey struct {
	ID string
	Stamp
	CustomerID, BenefitID, GrantID string
	MemberID                       string // see Grant
	Key                            string
	Status                         string // one of the statuses below
	ActivationLimit                int
	UsageLimit, Usage, Validations int64
	LastValidatedAt, ExpiresAt     time.Time
	Activations                    []Activation
}

// Statuses of a license key.
const (
	KeyGranted  = "granted"
	KeyRevoked  = "revoked"
	KeyDisabled = "disabled"
)

// Activation is one use place of a license key.
type Activation struct {
	ID string
	Stamp
	Label      string
	Meta       Metadata
	Conditions Metadata // what a validation of this activation must repeat
}
