package polar

import "counterfoil/twin"

// benefitPublic is the form inside checkouts.
type benefitPublic struct {
	ID string `json:"id"`
	stamp
	Type           string `json:"type"`
	Description    string `json:"description"`
	Selectable     bool   `json:"selectable"`
	Deletable      bool   `json:"deletable"`
	IsDeleted      bool   `json:"is_deleted"`
	OrganizationID string `json:"organization_id"`
}

// benefit is the merchant's form.
type benefit struct {
	benefitPublic
	Metadata   twin.Metadata `json:"metadata"`
	Properties any           `json:"properties"`
}

func shapeBenefitPublic(v *twin.View, b *twin.Benefit) benefitPublic {
	return benefitPublic{
		ID: b.ID, stamp: stamped(b.Stamp), Type: b.Type, Description: b.Description, Selectable: true, Deletable: true,
		IsDeleted: b.Deleted, OrganizationID: v.Organization().ID,
	}
}

func shapeBenefit(v *twin.View, b *twin.Benefit) benefit {
	return benefit{shapeBenefitPublic(v, b), b.Metadata, benefitProperties(b)}
}

type noteProperties struct {
	Note text `json:"note"`
}

type creditProperties struct {
	Units    int64  `json:"units"`
	Rollover bool   `json:"rollover"`
	MeterID  string `json:"meter_id"`
}

type keyProperties struct {
	Prefix      text            `json:"prefix"`
	Expires     *keyExpiry      `json:"expires"`
	Activations *keyActivations `json:"activations"`
	LimitUsage  count           `json:"limit_usage"`
}

type keyExpiry struct {
	TTL       int    `json:"ttl"`
	Timeframe string `json:"timeframe"`
}

type keyActivations struct {
	Limit               int  `json:"limit"`
	EnableCustomerAdmin bool `json:"enable_customer_admin"`
}

type fileProperties struct {
	Archived map[string]bool `json:"archived"`
	Files    []string        `json:"files"`
}

// benefitProperties shows what the benefit's type needs.
func benefitProperties(b *twin.Benefit) any {
	switch b.Type {
	case twin.BenefitCustom:
		return noteProperties{text(b.Note)}
	case twin.BenefitMeterCredit:
		return creditProperties{b.Units, b.Rollover, b.MeterID}
	case twin.BenefitLicenseKeys:
		out := keyProperties{Prefix: text(b.KeyPrefix), LimitUsage: count(b.UsageLimit)}
		if b.KeyTTL > 0 {
			out.Expires = &keyExpiry{b.KeyTTL, b.KeyTimeframe}
		}
		if b.ActivationLimit > 0 {
			out.Activations = &keyActivations{b.ActivationLimit, b.CustomerAdmin}
		}
		return out
	case twin.BenefitDownloadables:
		return fileProperties{map[string]bool{}, list(b.Files)}
	case twin.BenefitDiscord, twin.BenefitGitHub:
		return b.Settings
	default:
		return struct{}{}
	}
}

// grantProperties shows what a grant of the type remembers; unset keys are left out.
func grantProperties(p twin.GrantProperties, kind string) any {
	switch kind {
	case twin.BenefitMeterCredit:
		return grantedCredits{text(p.CreditedMeterID), p.CreditedUnits, instant(p.CreditedAt)}
	case twin.BenefitLicenseKeys:
		return map[string]string{"license_key_id": p.LicenseKeyID, "display_key": p.DisplayKey}
	case twin.BenefitDownloadables:
		return map[string][]string{"files": list(p.Files)}
	default:
		return struct{}{}
	}
}

type grantedCredits struct {
	LastCreditedMeterID text    `json:"last_credited_meter_id"`
	LastCreditedUnits   int64   `json:"last_credited_units"`
	LastCreditedAt      instant `json:"last_credited_at"`
}

// grant is one customer's hold on a benefit.
type grant struct {
	stamp
	ID             string    `json:"id"`
	GrantedAt      instant   `json:"granted_at"`
	IsGranted      bool      `json:"is_granted"`
	RevokedAt      instant   `json:"revoked_at"`
	IsRevoked      bool      `json:"is_revoked"`
	SubscriptionID text      `json:"subscription_id"`
	OrderID        text      `json:"order_id"`
	CustomerID     string    `json:"customer_id"`
	MemberID       text      `json:"member_id"`
	BenefitID      string    `json:"benefit_id"`
	Error          *struct{} `json:"error"`
	Customer       customer  `json:"customer"`
	Member         *member   `json:"member"`
	Benefit        benefit   `json:"benefit"`
	Properties     any       `json:"properties"`
}

// grantChange is a grant in a webhook, with what it was before.
type grantChange struct {
	grant
	PreviousProperties any `json:"previous_properties"`
}

func shapeGrant(v *twin.View, g *twin.Grant) grant {
	out := grant{
		stamp: stamped(g.Stamp), ID: g.ID, GrantedAt: instant(g.GrantedAt), IsGranted: g.Granted(),
		RevokedAt: instant(g.RevokedAt), IsRevoked: !g.RevokedAt.IsZero(), SubscriptionID: text(g.SubscriptionID),
		OrderID: text(g.OrderID), CustomerID: g.CustomerID, BenefitID: g.BenefitID, Customer: customerOf(v, g.CustomerID),
	}
	if b, err := v.Benefit(g.BenefitID); err == nil {
		out.Benefit, out.Properties = shapeBenefit(v, b), grantProperties(g.Properties, b.Type)
	}
	if c, err := v.Customer(g.CustomerID); err == nil {
		m := shapeMember(c)
		out.MemberID, out.Member = text(m.ID), &m
	}
	return out
}

// licenseKey is a key given by a grant.
type licenseKey struct {
	ID string `json:"id"`
	stamp
	OrganizationID   string          `json:"organization_id"`
	CustomerID       string          `json:"customer_id"`
	Customer         customer        `json:"customer"`
	BenefitID        string          `json:"benefit_id"`
	Key              string          `json:"key"`
	DisplayKey       string          `json:"display_key"`
	Status           string          `json:"status"`
	LimitActivations count           `json:"limit_activations"`
	Usage            int64           `json:"usage"`
	LimitUsage       count           `json:"limit_usage"`
	Validations      int64           `json:"validations"`
	LastValidatedAt  instant         `json:"last_validated_at"`
	ExpiresAt        instant         `json:"expires_at"`
	Activations      []keyActivation `json:"activations"`
}

type keyActivation struct {
	ID           string        `json:"id"`
	LicenseKeyID string        `json:"license_key_id"`
	Label        string        `json:"label"`
	Meta         twin.Metadata `json:"meta"`
	stamp
}

func shapeLicenseKey(v *twin.View, k *twin.LicenseKey) licenseKey {
	out := licenseKey{
		ID: k.ID, stamp: stamped(k.Stamp), OrganizationID: v.Organization().ID, CustomerID: k.CustomerID,
		Customer: customerOf(v, k.CustomerID), BenefitID: k.BenefitID, Key: k.Key, DisplayKey: k.Display(), Status: k.Status,
		LimitActivations: count(k.ActivationLimit), Usage: k.Usage, LimitUsage: count(k.UsageLimit),
		Validations: k.Validations, LastValidatedAt: instant(k.LastValidatedAt), ExpiresAt: instant(k.ExpiresAt),
		Activations: []keyActivation{},
	}
	for _, a := range k.Activations {
		out.Activations = append(out.Activations, keyActivation{a.ID, k.ID, a.Label, a.Meta, stamped(a.Stamp)})
	}
	return out
}
