package polar

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"counterfoil/twin"
)

var customerSorts = map[string]func(a, b *twin.Customer) int{
	"created_at":    byTime(func(c *twin.Customer) time.Time { return c.CreatedAt }),
	"email":         byText(func(c *twin.Customer) string { return c.Email }),
	"customer_name": byText(func(c *twin.Customer) string { return c.Name }),
	"name":          byText(func(c *twin.Customer) string { return c.Name }),
}

// listCustomers: GET /v1/customers/
func (s *Server) listCustomers(v *twin.View, _ *http.Request, q query) (any, error) {
	email := q.Get("email")
	return listing[twin.Customer]{
		rows: v.Customers(), sorts: customerSorts, usual: "-created_at",
		keep: func(c *twin.Customer) bool {
			return c.DeletedAt.IsZero() && (email == "" || strings.EqualFold(c.Email, email)) &&
				q.allowsMetadata(c.Metadata) && searchCustomer(q.Get("query"), c)
		},
		shape: func(c *twin.Customer) any { return shapeCustomer(v, c) },
	}.answer(q)
}

// searchCustomer looks for words in name and e-mail, or at the start of the external id.
func searchCustomer(words string, c *twin.Customer) bool {
	words = strings.ToLower(words)
	return strings.Contains(strings.ToLower(c.Name), words) || strings.Contains(strings.ToLower(c.Email), words) ||
		words != "" && strings.HasPrefix(strings.ToLower(c.ExternalID), words)
}

// pathCustomer is the living customer that the path names by id or external id.
func pathCustomer(v *twin.View, r *http.Request) (*twin.Customer, error) {
	external := r.PathValue("external")
	if external == "" {
		return v.LivingCustomer(r.PathValue("id"))
	}
	c, err := v.CustomerByExternal(external)
	return &c, err
}

// customerID is the id of the customer that the path names.
func (s *Server) customerID(r *http.Request) (id string, err error) {
	err = s.engine.Read(func(v *twin.View) error {
		c, err := pathCustomer(v, r)
		if err == nil {
			id = c.ID
		}
		return err
	})
	return id, err
}

// getCustomer: GET /v1/customers/{id} and /v1/customers/external/{external_id}
func (s *Server) getCustomer(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeCustomer)(pathCustomer(v, r))
}

// getState: GET /v1/customers/{id}/state and /v1/customers/external/{external_id}/state
func (s *Server) getState(v *twin.View, r *http.Request, _ query) (any, error) {
	c, err := pathCustomer(v, r)
	if err != nil {
		return nil, err
	}
	state, err := v.State(c.ID)
	return shapeState(v, state), err
}

// getPart: GET /v1/customers/{id}/state. The pattern is wider than that, because {id}/state and external/{id}
// would overlap without one of them being the narrower.
func (s *Server) getPart(v *twin.View, r *http.Request, q query) (any, error) {
	if r.PathValue("part") != "state" {
		return nil, twin.ErrNotFound
	}
	return s.getState(v, r, q)
}

// createCustomer: POST /v1/customers/
func (s *Server) createCustomer(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.noOrganization()
	in := customerInput(b)
	if b.has("type") {
		in.Team = b.choice("type", "individual", "team") == "team"
	}
	if owner := b.nested("owner"); b.has("owner") {
		in.Owner = &twin.MemberInput{Email: owner.text("email"), Name: owner.text("name"), ExternalID: owner.text("external_id")}
	}
	if !in.Team {
		b.need("email")
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	c, err := s.engine.CreateCustomer(ctx, in)
	return shapeOf(c, shapeCustomer), err
}

// updateCustomer: PATCH /v1/customers/{id} and /v1/customers/external/{external_id}
func (s *Server) updateCustomer(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	id, err := s.customerID(r)
	if err != nil {
		return nil, err
	}
	if r.PathValue("external") != "" && b.has("external_id") {
		b.say("external_id", "extra_forbidden", "Extra inputs are not permitted")
	}
	in := customerInput(b)
	switch b.choice("type", "individual", "team") {
	case "team":
		in.Team = true
	case "individual":
		if c, err := s.engine.Customer(id); err == nil && c.Team {
			b.say("type", "value_error", "A team customer cannot become an individual one.")
		}
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	c, err := s.engine.UpdateCustomer(ctx, id, in)
	return shapeOf(c, shapeCustomer), err
}

// deleteCustomer: DELETE /v1/customers/{id} and /v1/customers/external/{external_id}
func (s *Server) deleteCustomer(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	id, err := s.customerID(r)
	if err != nil {
		return nil, err
	}
	anonymize, err := strconv.ParseBool(r.URL.Query().Get("anonymize"))
	if err != nil && r.URL.Query().Has("anonymize") {
		return nil, wrong("bool_parsing", "Input should be a valid boolean", r.URL.Query().Get("anonymize"), "query", "anonymize")
	}
	return nil, s.engine.DeleteCustomer(ctx, id, anonymize)
}

// customerInput reads the fields of a customer.
func customerInput(b body) twin.CustomerInput {
	in := twin.CustomerInput{
		Email: b.str("email"), ExternalID: b.str("external_id"), Name: b.str("name"), BillingName: b.str("billing_name"),
		BillingAddress: b.address("billing_address"), ClearAddress: b.null("billing_address"),
		Locale: b.str("locale"), Metadata: b.metadata("metadata"),
	}
	if b.null("name") {
		in.Name = new(string)
	}
	if id := b.text("tax_id"); id != "" {
		in.TaxID = []string{id, taxFormat(id)}
	}
	return in
}

// taxFormat guesses the kind of a tax id by its first letters, as far as demos need it.
func taxFormat(id string) string {
	if len(id) > 2 && id[0] >= 'A' && id[0] <= 'Z' && id[1] >= 'A' && id[1] <= 'Z' {
		return "eu_vat"
	}
	return "us_ein"
}

// createSession: POST /v1/customer-sessions/
func (s *Server) createSession(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	id, external := b.text("customer_id"), b.text("external_customer_id")
	if external == "" {
		external = b.text("customer_external_id")
	}
	if id == "" && external == "" {
		b.need("customer_id")
	}
	in := twin.SessionInput{
		CustomerID: id, ExternalCustomerID: external, MemberID: b.text("member_id"), ExternalMemberID: b.text("external_member_id"),
		ReturnURL: b.text("return_url"),
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	made, err := s.engine.CreateSessionFor(ctx, in)
	return shapeOf(made, s.shapeSession), err
}

// shapeSession shows a session with the address of the hosted portal.
func (s *Server) shapeSession(v *twin.View, made *twin.CustomerSession) session {
	c := customerOf(v, made.CustomerID)
	portal := s.baseURL + "/" + v.Organization().Slug + "/portal?" +
		url.Values{"customer_session_token": {made.Token}, "email": {string(c.Email)}}.Encode()
	return session{
		stamped(made.Stamp), made.ID, made.Token, instant(made.ExpiresAt), text(made.ReturnURL), portal, made.CustomerID, c,
	}
}
