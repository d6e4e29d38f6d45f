package views

// BenefitKind says what a benefit is, so that it can be shown fittingly.
type BenefitKind string

// Kinds of benefit. Any other kind is shown like BenefitNote.
const (
	BenefitNote     BenefitKind = "custom"
	BenefitLicense  BenefitKind = "license_keys"
	BenefitFeature  BenefitKind = "feature_flag"
	BenefitCredits  BenefitKind = "meter_credit"
	BenefitDownload BenefitKind = "downloadables"
)

// Benefit is one thing that the customer has been granted.
type Benefit struct {
	Kind    BenefitKind
	Name    string
	Note    string // the merchant's text, or what the credits are worth; may be ""
	Key     string // a license key in full; "" for other kinds
	KeyNote string // "2 of 5 activations used"; may be ""
	Product string // what brought it; may be ""
	Granted Time
	Revoked Time   // zero while it counts
	URL     string // where to use it, such as /credits; may be ""
}

// Benefits lists everything granted, and below it what is over.
type Benefits struct {
	Current []Benefit
	Past    []Benefit
}
