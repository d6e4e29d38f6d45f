package polar

import (
	"context"
	"net/http"
	"time"

	"counterfoil/twin"
)

var checkoutSorts = map[string]func(a, b *twin.Checkout) int{
	"created_at": byTime(func(c *twin.Checkout) time.Time { return c.CreatedAt }),
	"expires_at": byTime(func(c *twin.Checkout) time.Time { return c.ExpiresAt }),
	"status":     byText(func(c *twin.Checkout) string { return string(c.Status) }),
}

// listCheckouts: GET /v1/checkouts/
func (s *Server) listCheckouts(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.Checkout]{
		rows: v.Checkouts(), sorts: checkoutSorts, usual: "-created_at",
		keep: func(c *twin.Checkout) bool {
			return q.allows("product_id", c.ProductID) && q.allows("customer_id", c.CustomerID) &&
				q.allows("external_customer_id", c.ExternalCustomerID) && q.allows("status", string(c.Status)) &&
				q.within(c.CustomerEmail, c.CustomerName)
		},
		shape: func(c *twin.Checkout) any { return s.shapeCheckout(v, c) },
	}.answer(q)
}

// getCheckout: GET /v1/checkouts/{id}
func (s *Server) getCheckout(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, s.shapeCheckout)(v.Checkout(r.PathValue("id")))
}

// createCheckout: POST /v1/checkouts/
func (s *Server) createCheckout(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("products")
	in := twin.CheckoutInput{
		ProductIDs: b.strs("products"), CustomerID: b.text("customer_id"), ExternalCustomerID: b.text("external_customer_id"),
		SuccessURL: b.text("success_url"), ReturnURL: b.text("return_url"), EmbedOrigin: b.text("embed_origin"),
		AllowDiscountCodes: orTrue(b.flag("allow_discount_codes")), AllowTrial: orTrue(b.flag("allow_trial")),
		TrialInterval: interval(b, "trial_interval"), TrialCount: int(orZero(b.whole("trial_interval_count"))),
		UpgradeID: b.text("subscription_id"), Currency: b.text("currency"), CustomerMetadata: b.metadata("customer_metadata"),
		IPAddress: b.text("customer_ip_address"), Edit: checkoutEdit(b),
		MinSeats: orZero(b.whole("min_seats")), MaxSeats: orZero(b.whole("max_seats")),
	}
	if need := b.flag("require_billing_address"); need != nil {
		in.RequireBillingAddress = *need
	}
	merchantEdit(b, &in.Edit)
	if err := b.err(); err != nil {
		return nil, err
	}
	c, err := s.engine.CreateCheckout(ctx, in)
	return shapeOf(c, s.shapeCheckout), err
}

// updateCheckout: PATCH /v1/checkouts/{id}
func (s *Server) updateCheckout(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	edit := checkoutEdit(b)
	merchantEdit(b, &edit)
	edit.AllowDiscountCodes, edit.RequireBillingAddress = b.flag("allow_discount_codes"), b.flag("require_billing_address")
	if err := b.err(); err != nil {
		return nil, err
	}
	c, err := s.engine.UpdateCheckout(ctx, r.PathValue("id"), edit)
	return shapeOf(c, s.shapeCheckout), err
}

// checkoutEdit reads what a buyer may change.
func checkoutEdit(b body) twin.CheckoutEdit {
	edit := twin.CheckoutEdit{
		ProductID: b.str("product_id"), CustomSum: b.whole("amount"), SeatCount: b.whole("seats"),
		CustomerName: b.str("customer_name"), CustomerEmail: b.str("customer_email"), BillingName: b.str("customer_billing_name"),
		BillingAddress: b.address("customer_billing_address"), TaxID: b.str("customer_tax_id"),
		Business: b.flag("is_business_customer"), DiscountCode: b.str("discount_code"),
		CustomFieldData: b.metadata("custom_field_data"), Locale: b.str("locale"),
	}
	if b.null("discount_code") {
		edit.DiscountCode = new(string)
	}
	if trial := b.flag("allow_trial"); trial != nil {
		edit.RefuseTrial = !*trial
	}
	return edit
}

// merchantEdit reads what only the merchant may change.
func merchantEdit(b body, edit *twin.CheckoutEdit) {
	edit.DiscountCode = nil
	edit.DiscountID, edit.Metadata = b.str("discount_id"), b.metadata("metadata")
	edit.SuccessURL, edit.ReturnURL = b.str("success_url"), b.str("return_url")
	if b.null("discount_id") {
		edit.DiscountID = new(string)
	}
}

// orTrue is *p, or true.
func orTrue(p *bool) bool { return p == nil || *p }

// clientCheckout finds a checkout by its client secret; an expired one is gone.
func clientCheckout(v *twin.View, r *http.Request) (*twin.Checkout, error) {
	c, err := v.CheckoutBySecret(r.PathValue("secret"))
	if err == nil && c.Status == twin.CheckoutExpired {
		return nil, &twin.Refused{Class: "ExpiredCheckoutError", Detail: "This checkout session has expired."}
	}
	return c, err
}

// clientID is the id behind the client secret of a request.
func (s *Server) clientID(r *http.Request) (id string, err error) {
	err = s.engine.Read(func(v *twin.View) error {
		c, err := clientCheckout(v, r)
		if err == nil {
			id = c.ID
		}
		return err
	})
	return id, err
}

// clientGet: GET /v1/checkouts/client/{client_secret}
func (s *Server) clientGet(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, s.shapeCheckoutPublic)(clientCheckout(v, r))
}

// clientUpdate: PATCH /v1/checkouts/client/{client_secret}
func (s *Server) clientUpdate(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	id, err := s.clientID(r)
	if err != nil {
		return nil, err
	}
	edit := checkoutEdit(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	c, err := s.engine.UpdateCheckout(ctx, id, edit)
	return shapeOf(c, s.shapeCheckoutPublic), err
}

// clientConfirm: POST /v1/checkouts/client/{client_secret}/confirm. The twin's confirmation token is the
// number of a test card.
func (s *Server) clientConfirm(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	id, err := s.clientID(r)
	if err != nil {
		return nil, err
	}
	edit, card := checkoutEdit(b), b.text("confirmation_token_id")
	if err := b.err(); err != nil {
		return nil, err
	}
	done, err := s.engine.ConfirmCheckout(ctx, id, edit, card)
	return func(v *twin.View) any {
		out := checkoutConfirmed{s.shapeCheckoutPublic(v, &done.Checkout), text(done.Token)}
		out.Status = string(twin.CheckoutConfirmed) // the outcome is told by a later look
		return out
	}, err
}

// clientOpened: POST /v1/checkouts/client/{client_secret}/opened
func (s *Server) clientOpened(_ context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	_, err := s.clientID(r)
	return func(v *twin.View) any {
		out, _ := s.clientGet(v, r, query{}) // found a moment ago
		return out
	}, err
}
