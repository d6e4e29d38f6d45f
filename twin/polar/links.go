package polar

import (
	"context"
	"net/http"
	"time"

	"counterfoil/twin"
)

// link is a lasting address that opens checkouts.
type link struct {
	ID string `json:"id"`
	stamp
	TrialInterval         text          `json:"trial_interval"`
	TrialIntervalCount    count         `json:"trial_interval_count"`
	Metadata              twin.Metadata `json:"metadata"`
	PaymentProcessor      string        `json:"payment_processor"`
	ClientSecret          string        `json:"client_secret"`
	SuccessURL            text          `json:"success_url"`
	ReturnURL             text          `json:"return_url"`
	Label                 text          `json:"label"`
	AllowDiscountCodes    bool          `json:"allow_discount_codes"`
	RequireBillingAddress bool          `json:"require_billing_address"`
	DiscountID            text          `json:"discount_id"`
	OrganizationID        string        `json:"organization_id"`
	Products              []linkProduct `json:"products"`
	Discount              any           `json:"discount"`
	URL                   string        `json:"url"`
}

// linkProduct is a product inside a link.
type linkProduct struct {
	productPublic
	Metadata twin.Metadata `json:"metadata"`
}

func (s *Server) shapeLink(v *twin.View, l *twin.CheckoutLink) link {
	out := link{
		ID: l.ID, stamp: stamped(l.Stamp), TrialInterval: text(l.TrialInterval), TrialIntervalCount: count(l.TrialCount),
		Metadata: l.Metadata, PaymentProcessor: "stripe", ClientSecret: l.ClientSecret, SuccessURL: text(l.SuccessURL),
		ReturnURL: text(l.ReturnURL), Label: text(l.Label), AllowDiscountCodes: l.AllowDiscountCodes,
		RequireBillingAddress: l.RequireBillingAddress, DiscountID: text(l.DiscountID), OrganizationID: v.Organization().ID,
		Products: []linkProduct{}, URL: s.baseURL + "/v1/checkout-links/" + l.ClientSecret + "/redirect",
	}
	for _, id := range l.ProductIDs {
		if p, err := v.Product(id); err == nil {
			out.Products = append(out.Products, linkProduct{shapeProductPublic(v, p), p.Metadata})
		}
	}
	if d, err := v.Discount(l.DiscountID); err == nil {
		out.Discount = shapeDiscountBase(v, d)
	}
	return out
}

var linkSorts = map[string]func(a, b *twin.CheckoutLink) int{
	"created_at": byTime(func(l *twin.CheckoutLink) time.Time { return l.CreatedAt }),
	"label":      byText(func(l *twin.CheckoutLink) string { return l.Label }),
}

// listLinks: GET /v1/checkout-links/
func (s *Server) listLinks(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.CheckoutLink]{
		rows: v.CheckoutLinks(), sorts: linkSorts, usual: "created_at",
		keep:  func(l *twin.CheckoutLink) bool { return anyAllowed(q, "product_id", l.ProductIDs) },
		shape: func(l *twin.CheckoutLink) any { return s.shapeLink(v, l) },
	}.answer(q)
}

// getLink: GET /v1/checkout-links/{id}
func (s *Server) getLink(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, s.shapeLink)(v.CheckoutLink(r.PathValue("id")))
}

// createLink: POST /v1/checkout-links/, for products, one product or one price of a product
func (s *Server) createLink(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	in := twin.CheckoutLink{AllowDiscountCodes: true, ProductIDs: s.linkProducts(b)}
	fill := linkChange(b)
	if in.ProductIDs == nil {
		b.need("products")
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	fill(&in)
	l, err := s.engine.CreateCheckoutLink(ctx, in)
	return shapeOf(l, s.shapeLink), err
}

// linkProducts reads what a new link sells.
func (s *Server) linkProducts(b body) []string {
	if id := b.text("product_id"); id != "" {
		return []string{id}
	}
	price := b.text("product_price_id")
	for _, p := range s.engine.Products() {
		for _, known := range p.Prices {
			if known.ID == price {
				return []string{p.ID}
			}
		}
	}
	return b.strs("products")
}

// linkChange reads what create and update share.
func linkChange(b body) func(*twin.CheckoutLink) {
	products, label, success, back, discount := b.strs("products"), b.str("label"), b.str("success_url"), b.str("return_url"), b.str("discount_id")
	codes, address, metadata := b.flag("allow_discount_codes"), b.flag("require_billing_address"), b.metadata("metadata")
	trial, trials := interval(b, "trial_interval"), b.whole("trial_interval_count")
	return func(l *twin.CheckoutLink) {
		if products != nil {
			l.ProductIDs = products
		}
		for key, field := range map[string]struct {
			to   *string
			from *string
		}{"label": {&l.Label, label}, "success_url": {&l.SuccessURL, success}, "return_url": {&l.ReturnURL, back}, "discount_id": {&l.DiscountID, discount}} {
			if field.from != nil {
				*field.to = *field.from
			} else if b.null(key) {
				*field.to = ""
			}
		}
		if codes != nil {
			l.AllowDiscountCodes = *codes
		}
		if address != nil {
			l.RequireBillingAddress = *address
		}
		if metadata != nil {
			l.Metadata = metadata
		}
		if trial != "" || b.null("trial_interval") {
			l.TrialInterval, l.TrialCount = trial, int(orZero(trials))
		}
	}
}

// updateLink: PATCH /v1/checkout-links/{id}
func (s *Server) updateLink(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	change := linkChange(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	l, err := s.engine.UpdateCheckoutLink(ctx, r.PathValue("id"), change)
	return shapeOf(l, s.shapeLink), err
}

// deleteLink: DELETE /v1/checkout-links/{id}
func (s *Server) deleteLink(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	return nil, s.engine.DeleteCheckoutLink(ctx, r.PathValue("id"))
}

// followLink: GET /v1/checkout-links/{client_secret}/redirect: a new checkout, and on to its page
func (s *Server) followLink(w http.ResponseWriter, r *http.Request) {
	c, err := s.engine.OpenCheckoutLink(r.Context(), r.PathValue("secret"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, s.checkoutURL(&c), http.StatusSeeOther)
}
