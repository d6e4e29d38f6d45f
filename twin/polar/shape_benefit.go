package polar

import (
	"slices"

	"counterfoil/twin"
)

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

type discordProperties struct {
	GuildID    string `json:"guild_id"`
	RoleID     string `json:"role_id"`
	KickMember bool   `json:"kick_member"`
	GuildToken string `json:"guild_token"`
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
		return fileProperties{archivedFiles(b), list(b.Files)}
	case twin.BenefitDiscord:
		return discordProperties{b.Settings["guild_id"], b.Settings["role_id"], b.Settings["kick_member"] == "true", b.Settings["guild_token"]}
	case twin.BenefitGitHub:
		return b.Settings
	default:
		return struct{}{}
	}
}

// grantProperties shows what a grant of the benefit remembers; unset keys are left out.
func grantProperties(p twin.GrantProperties, b *twin.Benefit) any {
	switch b.Type {
	case twin.BenefitMeterCredit:
		if p.CreditedUnits == 0 { // revoked
			return struct{}{}
		}
		return grantedCredits{text(p.CreditedMeterID), p.CreditedUnits, instant(p.CreditedAt)}
	case twin.BenefitLicenseKeys:
		return map[string]string{"license_key_id": p.LicenseKeyID, "display_key": p.DisplayKey}
	case twin.BenefitDownloadables:
		return map[string][]string{"files": list(p.Files)}
	case twin.BenefitDiscord, twin.BenefitGitHub:
		return access(p, b)
	default:
		return struct{}{}
	}
}

// access is where a grant lets its holder in, and under which account once that is known.
func access(p twin.GrantProperties, b *twin.Benefit) map[string]string {
	out := map[string]string{}
	for _, key := range []string{"guild_id", "role_id", "repository_owner", "repository_name", "permission"} {
		if b.Settings[key] != "" {
			out[key] = b.Settings[key]
		}
	}
	if p.AccountID != "" {
		out["account_id"], out["granted_account_id"] = p.AccountID, p.AccountID
	}
	return out
}

type grantedCredits struct {
	LastCreditedMeterID text    `json:"last_credited_meter_id"`
	LastCreditedUnits   int64   `json:"last_credited_units"`
	LastCreditedAt      instant `json:"last_credited_at"`
}

// archivedFiles marks the files that new buyers do not get.
func archivedFiles(b *twin.Benefit) map[string]bool {
	archived := map[string]bool{}
	for _, id := range b.Archived {
		archived[id] = true
	}
	return archived
}

// activeFiles are the files of a downloadables benefit that are not archived.
func activeFiles(b *twin.Benefit) []string {
	active := []string{}
	for _, id := range b.Files {
		if !slices.Contains(b.Archived, id) {
			active = append(active, id)
		}
	}
	return active
}
