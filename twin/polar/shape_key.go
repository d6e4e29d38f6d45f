package polar

import "counterfoil/twin"

// licenseKeyCore is a key given by a grant.
type licenseKeyCore struct {
	ID string `json:"id"`
	stamp
	OrganizationID   string   `json:"organization_id"`
	CustomerID       string   `json:"customer_id"`
	Customer         customer `json:"customer"`
	BenefitID        string   `json:"benefit_id"`
	Key              string   `json:"key"`
	DisplayKey       string   `json:"display_key"`
	Status           string   `json:"status"`
	LimitActivations count    `json:"limit_activations"`
	Usage            int64    `json:"usage"`
	LimitUsage       count    `json:"limit_usage"`
	Validations      int64    `json:"validations"`
	LastValidatedAt  instant  `json:"last_validated_at"`
	ExpiresAt        instant  `json:"expires_at"`
}

// licenseKey is a key with the places it is used at.
type licenseKey struct {
	licenseKeyCore
	Activations []keyActivation `json:"activations"`
}

// validatedKey answers a validation.
type validatedKey struct {
	licenseKeyCore
	Activation *keyActivation `json:"activation"`
}

type keyActivation struct {
	ID           string        `json:"id"`
	LicenseKeyID string        `json:"license_key_id"`
	Label        string        `json:"label"`
	Meta         twin.Metadata `json:"meta"`
	stamp
}

// activationWhole is an activation with its key.
type activationWhole struct {
	keyActivation
	LicenseKey licenseKeyCore `json:"license_key"`
}

func shapeKeyCore(v *twin.View, k *twin.LicenseKey) licenseKeyCore {
	return licenseKeyCore{
		ID: k.ID, stamp: stamped(k.Stamp), OrganizationID: v.Organization().ID, CustomerID: k.CustomerID,
		Customer: customerOf(v, k.CustomerID), BenefitID: k.BenefitID, Key: k.Key, DisplayKey: k.Display(), Status: k.Status,
		LimitActivations: count(k.ActivationLimit), Usage: k.Usage, LimitUsage: count(k.UsageLimit),
		Validations: k.Validations, LastValidatedAt: instant(k.LastValidatedAt), ExpiresAt: instant(k.ExpiresAt),
	}
}

func shapeLicenseKey(v *twin.View, k *twin.LicenseKey) licenseKey {
	out := licenseKey{shapeKeyCore(v, k), []keyActivation{}}
	for _, a := range k.Activations {
		out.Activations = append(out.Activations, shapeActivation(k, a))
	}
	return out
}

func shapeActivation(k *twin.LicenseKey, a twin.Activation) keyActivation {
	return keyActivation{a.ID, k.ID, a.Label, a.Meta, stamped(a.Stamp)}
}
