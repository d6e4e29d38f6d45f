package polar

import (
	"context"
	"net/http"

	"counterfoil/twin"
)

// portalGrant is a customer's form of a grant.
type portalGrant struct {
	grant
	Customer portalCustomer `json:"customer"`
	Member   *struct{}      `json:"member,omitempty"` // hides the merchant's
	Benefit  subscriberForm `json:"benefit"`
}

// subscriberForm is a benefit as its holders see it.
type subscriberForm struct {
	benefitPublic
	Metadata     twin.Metadata        `json:"metadata"`
	Organization checkoutOrganization `json:"organization"`
	Properties   any                  `json:"properties"`
}

func shapePortalGrant(v *twin.View, g *twin.Grant) portalGrant {
	out := portalGrant{grant: shapeGrant(v, g)}
	if c, err := v.Customer(g.CustomerID); err == nil {
		out.Customer = shapePortalCustomer(v, c)
	}
	if b, err := v.Benefit(g.BenefitID); err == nil {
		out.Benefit = subscriberForm{
			shapeBenefitPublic(v, b), b.Metadata, shapeCheckoutOrganization(v.Organization()), subscriberProperties(b),
		}
	}
	return out
}

// subscriberProperties are a benefit's properties without what only the merchant may know.
func subscriberProperties(b *twin.Benefit) any {
	switch b.Type {
	case twin.BenefitDownloadables:
		return map[string][]string{"active_files": activeFiles(b)}
	case twin.BenefitDiscord:
		return map[string]string{"guild_id": b.Settings["guild_id"]}
	case twin.BenefitGitHub:
		return map[string]string{"repository_owner": b.Settings["repository_owner"], "repository_name": b.Settings["repository_name"]}
	default:
		return benefitProperties(b)
	}
}

// portalGrants: GET /v1/customer-portal/benefit-grants/
func (s *Server) portalGrants(v *twin.View, me twin.Actor, _ *http.Request, q query) (any, error) {
	return listing[twin.Grant]{
		rows: v.Grants(me.Customer.ID), sorts: grantSorts, usual: "-granted_at",
		keep: func(g *twin.Grant) bool {
			b, err := v.Benefit(g.BenefitID)
			return err == nil && me.Holds(g.MemberID) && g.Held() && q.allows("type", b.Type) && q.allows("benefit_id", b.ID) &&
				q.allows("order_id", g.OrderID) && q.allows("subscription_id", g.SubscriptionID) &&
				q.allows("member_id", grantMember(v, g)) && q.allows("checkout_id", grantCheckout(v, g)) && q.within(b.Description)
		},
		shape: func(g *twin.Grant) any { return shapePortalGrant(v, g) },
	}.answer(q)
}

// grantCheckout is the checkout that a grant came from, or "".
func grantCheckout(v *twin.View, g *twin.Grant) string {
	if o, err := v.Order(g.OrderID); err == nil {
		return o.CheckoutID
	}
	if s, err := v.Subscription(g.SubscriptionID); err == nil {
		return s.CheckoutID
	}
	return ""
}

// ownGrant is the grant that the path names.
func ownGrant(v *twin.View, me twin.Actor, r *http.Request) (*twin.Grant, error) {
	g, err := own(me, func(g *twin.Grant) string { return g.CustomerID })(v.Grant(r.PathValue("id")))
	if err != nil || !me.Holds(g.MemberID) {
		return nil, twin.ErrNotFound
	}
	return g, nil
}

// portalGrant: GET /v1/customer-portal/benefit-grants/{id}
func (s *Server) portalGrant(v *twin.View, me twin.Actor, r *http.Request, _ query) (any, error) {
	return shaped(v, shapePortalGrant)(ownGrant(v, me, r))
}

// portalUpdateGrant: PATCH /v1/customer-portal/benefit-grants/{id}: which Discord or GitHub account is let in
func (s *Server) portalUpdateGrant(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
	b.need("benefit_type")
	kind, account := b.text("benefit_type"), b.nested("properties").text("account_id")
	if err := b.err(); err != nil {
		return nil, err
	}
	if _, err := checkOwn(s, me, r, ownGrant); err != nil {
		return nil, err
	}
	g, err := s.engine.ConnectAccount(ctx, r.PathValue("id"), kind, account)
	return shapeOf(g, shapePortalGrant), err
}
