package polar

import "counterfoil/twin"

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
