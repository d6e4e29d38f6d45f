package polar

import (
	"context"
	"net/http"
	"strings"
	"time"

	"counterfoil/twin"
)

var productSorts = map[string]func(a, b *twin.Product) int{
	"created_at": byTime(func(p *twin.Product) time.Time { return p.CreatedAt }),
	"name":       byText(func(p *twin.Product) string { return p.Name }),
}

// listProducts: GET /v1/products/
func (s *Server) listProducts(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.Product]{
		rows: v.Products(), sorts: productSorts, usual: "-created_at",
		keep: func(p *twin.Product) bool {
			return q.allows("id", p.ID) && q.within(p.Name) && q.allowsFlag("is_archived", p.Archived) &&
				q.allowsFlag("is_recurring", p.Recurring()) && q.allows("visibility", p.Visibility) &&
				q.allowsMetadata(p.Metadata) && anyAllowed(q, "benefit_id", p.BenefitIDs)
		},
		shape: func(p *twin.Product) any { return shapeProduct(v, p) },
	}.answer(q)
}

// anyAllowed reports whether one of the values passes the filter key.
func anyAllowed(q query, key string, values []string) bool {
	for _, value := range values {
		if q.allows(key, value) {
			return true
		}
	}
	return len(q.all(key)) == 0
}

// getProduct: GET /v1/products/{id}
func (s *Server) getProduct(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeProduct)(v.Product(r.PathValue("id")))
}

// createProduct: POST /v1/products/
func (s *Server) createProduct(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.noOrganization()
	b.need("name")
	b.need("prices")
	in := productInput(b)
	in.Interval = interval(b, "recurring_interval")
	if n := b.whole("recurring_interval_count"); n != nil {
		in.IntervalCount = int(*n)
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	p, err := s.engine.CreateProduct(ctx, in)
	return shapeOf(p, shapeProduct), err
}

// updateProduct: PATCH /v1/products/{id}
func (s *Server) updateProduct(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	in := productInput(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	p, err := s.engine.UpdateProduct(ctx, r.PathValue("id"), in)
	return shapeOf(p, shapeProduct), err
}

// setBenefits: POST /v1/products/{id}/benefits
func (s *Server) setBenefits(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	b.need("benefits")
	ids := b.strs("benefits")
	if err := b.err(); err != nil {
		return nil, err
	}
	p, err := s.engine.SetBenefits(ctx, r.PathValue("id"), ids)
	return shapeOf(p, shapeProduct), err
}

// productInput reads the fields that create and update share.
func productInput(b body) twin.ProductInput {
	in := twin.ProductInput{
		Name: b.str("name"), Description: b.str("description"), Archived: b.flag("is_archived"), Metadata: b.metadata("metadata"),
	}
	if v := b.choice("visibility", "draft", "private", "public"); v != "" {
		in.Visibility = &v
	}
	if b.has("trial_interval") {
		v := interval(b, "trial_interval")
		in.TrialInterval = &v
	}
	if n := b.whole("trial_interval_count"); n != nil {
		v := int(*n)
		in.TrialCount = &v
	}
	if b.has("attached_custom_fields") {
		in.Fields = []twin.AttachedField{}
		for _, a := range b.objects("attached_custom_fields") {
			a.need("custom_field_id")
			required := a.flag("required")
			in.Fields = append(in.Fields, twin.AttachedField{FieldID: a.text("custom_field_id"), Required: required != nil && *required})
		}
	}
	if b.has("medias") {
		in.MediaIDs = b.strs("medias")
	}
	if b.has("prices") {
		in.Prices = []twin.Price{}
		for _, p := range b.objects("prices") {
			in.Prices = append(in.Prices, priceInput(p))
		}
	}
	return in
}

// interval reads a recurring or trial interval.
func interval(b body, key string) twin.Interval {
	return twin.Interval(b.choice(key, "day", "week", "month", "year"))
}

// priceInput reads one price: {"id"} keeps one, the rest makes one. A free price is a fixed one of 0.
func priceInput(b body) twin.Price {
	if id := b.text("id"); id != "" {
		return twin.Price{ID: id}
	}
	b.need("amount_type")
	kind := b.choice("amount_type", "fixed", "free", "custom", "metered_unit", "seat_based")
	p := twin.Price{Kind: twin.PriceKind(kind), Currency: b.text("price_currency")}
	switch kind {
	case "free":
		p.Kind = twin.Fixed
	case "fixed":
		b.need("price_amount")
		p.Amount = orZero(b.whole("price_amount"))
	case "custom":
		p.MinimumAmount = orZero(b.whole("minimum_amount"))
		p.MaximumAmount, p.PresetAmount = b.whole("maximum_amount"), b.whole("preset_amount")
	case "metered_unit":
		b.need("meter_id")
		p.MeterID, p.UnitAmount, p.CapAmount = b.text("meter_id"), decimal(b, "unit_amount"), b.whole("cap_amount")
	case "seat_based":
		tiers := b.nested("seat_tiers")
		p.TierType = tiers.choice("seat_tier_type", "volume", "graduated")
		for _, t := range tiers.objects("tiers") {
			p.Tiers = append(p.Tiers, twin.SeatTier{
				Min: orZero(t.whole("min_seats")), Max: t.whole("max_seats"), Price: orZero(t.whole("price_per_seat")),
			})
		}
		if len(p.Tiers) == 0 {
			tiers.need("tiers")
		}
	}
	return p
}

// decimal reads a number that may be written as a string and must be one.
func decimal(b body, key string) string {
	b.need(key)
	text := strings.Trim(string(b.fields[key]), `"`)
	if !twin.IsDecimal(text) {
		b.say(key, "decimal_parsing", "Input should be a valid decimal")
	}
	return text
}

// orZero is *p, or 0.
func orZero(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}
