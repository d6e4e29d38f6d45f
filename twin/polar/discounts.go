package polar

import (
	"context"
	"net/http"
	"time"

	"counterfoil/twin"
)

var discountSorts = map[string]func(a, b *twin.Discount) int{
	"created_at":        byTime(func(d *twin.Discount) time.Time { return d.CreatedAt }),
	"name":              byText(func(d *twin.Discount) string { return d.Name }),
	"code":              byText(func(d *twin.Discount) string { return d.Code }),
	"redemptions_count": byNumber(func(d *twin.Discount) int64 { return int64(d.Redemptions) }),
}

// listDiscounts: GET /v1/discounts/
func (s *Server) listDiscounts(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.Discount]{
		rows: v.Discounts(), sorts: discountSorts, usual: "-created_at",
		keep:  func(d *twin.Discount) bool { return !d.Deleted && q.within(d.Name) },
		shape: func(d *twin.Discount) any { return shapeDiscount(v, d) },
	}.answer(q)
}

// getDiscount: GET /v1/discounts/{id}
func (s *Server) getDiscount(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeDiscount)(v.Discount(r.PathValue("id")))
}

// createDiscount: POST /v1/discounts/
func (s *Server) createDiscount(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.noOrganization()
	for _, key := range []string{"name", "type", "duration"} {
		b.need(key)
	}
	d := twin.Discount{
		Kind: b.choice("type", "fixed", "percentage"), Duration: b.choice("duration", "once", "forever", "repeating"),
		Months: int(orZero(b.whole("duration_in_months"))), Amount: orZero(b.whole("amount")), Currency: b.text("currency"),
		BasisPoints: orZero(b.whole("basis_points")),
	}
	if d.Currency == "" {
		d.Currency = s.engine.Organization().Currency
	}
	if d.Duration == "repeating" {
		b.need("duration_in_months")
	}
	fillDiscount(b, &d)
	if err := b.err(); err != nil {
		return nil, err
	}
	d, err := s.engine.CreateDiscount(ctx, twin.DiscountInput{Discount: d})
	return shapeOf(d, shapeDiscount), err
}

// updateDiscount: PATCH /v1/discounts/{id}
func (s *Server) updateDiscount(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	fillDiscount(b, &twin.Discount{}) // collects mistakes
	if err := b.err(); err != nil {
		return nil, err
	}
	d, err := s.engine.UpdateDiscount(ctx, r.PathValue("id"), func(d *twin.Discount) { fillDiscount(b, d) })
	return shapeOf(d, shapeDiscount), err
}

// deleteDiscount: DELETE /v1/discounts/{id}
func (s *Server) deleteDiscount(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	_, err := s.engine.UpdateDiscount(ctx, r.PathValue("id"), func(d *twin.Discount) { d.Deleted = true })
	return nil, err
}

// fillDiscount reads the fields that can be changed.
func fillDiscount(b body, d *twin.Discount) {
	if b.has("name") {
		d.Name = b.text("name")
	}
	if b.has("code") || b.null("code") {
		d.Code = b.text("code")
	}
	if b.has("starts_at") || b.null("starts_at") {
		d.StartsAt = b.moment("starts_at")
	}
	if b.has("ends_at") || b.null("ends_at") {
		d.EndsAt = b.moment("ends_at")
	}
	if b.has("max_redemptions") || b.null("max_redemptions") {
		d.MaxRedemptions = int(orZero(b.whole("max_redemptions")))
	}
	if b.has("products") {
		d.ProductIDs = b.strs("products")
	}
	if m := b.metadata("metadata"); m != nil {
		d.Metadata = m
	}
}
