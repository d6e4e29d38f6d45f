package polar

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"counterfoil/billing"
)

func (p *Provider) product(w wireProduct) (billing.Product, error) {
	source, err := w.source()
	if err != nil {
		return billing.Product{}, err
	}
	product := billing.Product{
		Source: source, Name: w.Name, Description: w.Description,
		Interval: billing.Interval(w.RecurringInterval), TrialDays: days(w.TrialInterval) * w.TrialIntervalCount,
		Archived: w.IsArchived, Public: w.Visibility == "public", Metadata: texts(w.Metadata),
	}
	if product.Recurring() {
		product.IntervalCount = max(1, w.RecurringIntervalCount)
	}
	if product.Slug = p.slugs[w.ID]; product.Slug == "" {
		product.Slug = product.Metadata["slug"]
	}
	for _, wire := range w.Prices {
		price, known := price(wire)
		switch {
		case wire.IsArchived:
		case known:
			product.Prices = append(product.Prices, price)
		default:
			product.Public = false // we cannot say what it costs
		}
	}
	for _, raw := range w.Benefits {
		var wire wireBenefit
		if err := decode(raw, &wire); err != nil {
			return billing.Product{}, fmt.Errorf("product %s: benefit: %w", w.ID, err)
		}
		b, err := benefit(wire)
		if err != nil {
			return billing.Product{}, fmt.Errorf("product %s: %w", w.ID, err)
		}
		product.Benefits = append(product.Benefits, b)
	}
	return product, nil
}

// price translates a price; false for a kind that this version does not know, such as
// Polar's unit_based.
func price(w wirePrice) (billing.Price, bool) {
	price := billing.Price{ProviderID: w.ID, Currency: lower(w.Currency)}
	switch w.AmountType {
	case "fixed":
		price.Kind, price.Amount = billing.PriceFixed, w.PriceAmount
		if w.PriceAmount == 0 {
			price.Kind = billing.PriceFree // Polar has turned free prices into these
		}
	case "free":
		price.Kind = billing.PriceFree
	case "custom":
		price.Kind, price.Amount = billing.PriceCustom, max(w.PresetAmount, w.MinimumAmount)
	case "metered_unit":
		price.Kind, price.UnitAmount = billing.PriceMetered, w.UnitAmount.String()
		price.CapAmount, price.MeterID = w.CapAmount, w.MeterID
	case "seat_based":
		price.Kind = billing.PriceSeats
		price.Seats = seatPrice(w)
		if len(price.Seats.Tiers) > 0 {
			price.Amount = price.Seats.Tiers[0].Amount
		}
	default:
		return price, false
	}
	return price, true
}

// seatPrice translates what seats cost. Without a type the tiers are those of "volume",
// Polar's default (its reference, Products, 2026-08).
func seatPrice(w wirePrice) billing.SeatPrice {
	price := billing.SeatPrice{Graduated: w.SeatTiers.Type == "graduated", Least: max(1, w.SeatTiers.Least), Most: w.SeatTiers.Most}
	for _, tier := range w.SeatTiers.Tiers {
		if len(price.Tiers) == 0 {
			price.Least = max(price.Least, tier.MinSeats)
		}
		price.Tiers = append(price.Tiers, billing.SeatTier{From: tier.MinSeats, To: tier.MaxSeats, Amount: tier.PricePerSeat})
	}
	return price
}

// days is the length of a trial interval; a month is given as 30 days.
func days(interval string) int {
	return map[string]int{"day": 1, "week": 7, "month": 30, "year": 365}[interval]
}

func meter(w wireMeter) (billing.Meter, error) {
	source, err := w.source()
	if err != nil {
		return billing.Meter{}, err
	}
	aggregation := billing.Aggregation(w.Aggregation.Func)
	switch aggregation {
	case billing.AggregateCount, billing.AggregateSum, billing.AggregateMax, billing.AggregateMin,
		billing.AggregateAvg, billing.AggregateUnique:
	default:
		return billing.Meter{}, fmt.Errorf("meter %s: unknown aggregation %q", w.ID, w.Aggregation.Func)
	}
	filter, err := filter(w.Filter, 0)
	if err != nil {
		return billing.Meter{}, fmt.Errorf("meter %s: %w", w.ID, err)
	}
	return billing.Meter{
		Source: source, Name: w.Name, Aggregation: aggregation, Property: w.Aggregation.Property,
		Filter: filter, Archived: !w.ArchivedAt.IsZero(),
	}, nil
}

// maxFilterDepth is far beyond what anybody nests.
const maxFilterDepth = 32

// filter parts the mixed list of a filter into clauses and nested filters.
func filter(w wireFilter, depth int) (billing.Filter, error) {
	if w.Conjunction != "and" && w.Conjunction != "or" {
		return billing.Filter{}, fmt.Errorf("unknown conjunction %q of a filter", w.Conjunction)
	}
	if depth > maxFilterDepth {
		return billing.Filter{}, errors.New("a filter nested too deep")
	}
	out := billing.Filter{Any: w.Conjunction == "or"}
	for _, raw := range w.Clauses {
		var shape struct {
			Clauses json.RawMessage `json:"clauses"`
		}
		if err := decode(raw, &shape); err != nil {
			return billing.Filter{}, err
		}
		if shape.Clauses == nil {
			var clause billing.Clause
			if err := decode(raw, &clause); err != nil {
				return billing.Filter{}, err
			}
			out.Clauses = append(out.Clauses, clause)
			continue
		}
		var nested wireFilter
		if err := decode(raw, &nested); err != nil {
			return billing.Filter{}, err
		}
		inner, err := filter(nested, depth+1)
		if err != nil {
			return billing.Filter{}, err
		}
		out.Nested = append(out.Nested, inner)
	}
	return out, nil
}

func lower(text string) string { return strings.ToLower(text) }
