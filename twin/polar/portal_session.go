package polar

import (
	"context"
	"net/http"

	"counterfoil/twin"
)

// sessionFacts is what a session says about itself.
type sessionFacts struct {
	ExpiresAt instant `json:"expires_at"`
	ReturnURL text    `json:"return_url"`
}

// portalIntrospect: GET /v1/customer-portal/customer-session/introspect
func (s *Server) portalIntrospect(_ *twin.View, me twin.Actor, _ *http.Request, _ query) (any, error) {
	return sessionFacts{instant(me.Session.ExpiresAt), text(me.Session.ReturnURL)}, nil
}

// portalPerson is who a session stands for.
type portalPerson struct {
	Type       string `json:"type"`
	Name       text   `json:"name"`
	Email      string `json:"email"`
	CustomerID string `json:"customer_id"`
	MemberID   text   `json:"member_id"`
	Role       text   `json:"role"`
}

// portalUser: GET /v1/customer-portal/customer-session/user
func (s *Server) portalUser(_ *twin.View, me twin.Actor, _ *http.Request, _ query) (any, error) {
	if me.Session.MemberID == "" {
		return portalPerson{Type: "customer", Name: text(me.Customer.Name), Email: me.Customer.Email, CustomerID: me.Customer.ID}, nil
	}
	m := me.Member
	return portalPerson{"member", text(m.Name), m.Email, m.CustomerID, text(m.ID), text(m.Role)}, nil
}

// portalRequestCode: POST /v1/customer-portal/customer-session/request. The code is in the twin's mailbox; the
// answer is the same for an address nobody has.
func (s *Server) portalRequestCode(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("email")
	b.need("organization_id")
	email, organization, customer := b.text("email"), b.text("organization_id"), b.text("customer_id")
	if err := b.err(); err != nil {
		return nil, err
	}
	if organization != s.engine.Organization().ID {
		return nil, nil
	}
	return nil, s.engine.RequestLogin(ctx, email, customer)
}

// sessionToken answers a login.
type sessionToken struct {
	Token string `json:"token"`
}

// portalAuthenticate: POST /v1/customer-portal/customer-session/authenticate
func (s *Server) portalAuthenticate(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("code")
	code := b.text("code")
	if err := b.err(); err != nil {
		return nil, err
	}
	made, err := s.engine.Login(ctx, code)
	return func(*twin.View) any { return sessionToken{made.Token} }, err
}

// portalShop is the merchant and what it sells, for everybody.
type portalShop struct {
	Organization portalOrganization `json:"organization"`
	Products     []productPublic    `json:"products"`
}

// portalOrganization: GET /v1/customer-portal/organizations/{slug}
func (s *Server) portalOrganization(v *twin.View, r *http.Request, _ query) (any, error) {
	o := v.Organization()
	if o.Slug != r.PathValue("slug") {
		return nil, twin.ErrNotFound
	}
	out := portalShop{shapePortalOrganization(o), []productPublic{}}
	for _, p := range v.Products() {
		if !p.Archived && p.Visibility == "public" {
			out.Products = append(out.Products, shapeProductPublic(v, p))
		}
	}
	return out, nil
}
