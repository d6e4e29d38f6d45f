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
		if p.CreditedUnits == 0 { // revoked
			return struct{}{}
		}
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
