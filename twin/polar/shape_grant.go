package polar

import "counterfoil/twin"

// grant is one customer's hold on a benefit.
type grant struct {
	stamp
	ID             string      `json:"id"`
	GrantedAt      instant     `json:"granted_at"`
	IsGranted      bool        `json:"is_granted"`
	RevokedAt      instant     `json:"revoked_at"`
	IsRevoked      bool        `json:"is_revoked"`
	SubscriptionID text        `json:"subscription_id"`
	OrderID        text        `json:"order_id"`
	CustomerID     string      `json:"customer_id"`
	MemberID       text        `json:"member_id"`
	BenefitID      string      `json:"benefit_id"`
	Error          *grantError `json:"error"`
	Customer       customer    `json:"customer"`
	Member         *member     `json:"member"`
	Benefit        benefit     `json:"benefit"`
	Properties     any         `json:"properties"`
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
		Error: errorOf(g),
	}
	if b, err := v.Benefit(g.BenefitID); err == nil {
		out.Benefit, out.Properties = shapeBenefit(v, b), grantProperties(g.Properties, b)
	}
	if out.Member = memberOf(v, grantMember(v, g)); out.Member != nil {
		out.MemberID = text(out.Member.ID)
	}
	return out
}

// grantMember is the member who holds a grant; without a seat, the one the customer was made with.
func grantMember(v *twin.View, g *twin.Grant) string {
	if g.MemberID != "" {
		return g.MemberID
	}
	c, err := v.Customer(g.CustomerID)
	if err != nil {
		return ""
	}
	return c.MemberID
}

// grantError says why a grant is not given yet.
type grantError struct {
	Message   string  `json:"message"`
	Type      string  `json:"type"`
	Timestamp instant `json:"timestamp"`
}

// errorOf is what a waiting grant waits for; null otherwise.
func errorOf(g *twin.Grant) *grantError {
	if !g.Waits {
		return nil
	}
	return &grantError{"The customer needs to connect an account.", "BenefitActionRequiredError", instant(g.CreatedAt)}
}
