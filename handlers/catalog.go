package handlers

import (
	"context"
	"strings"

	"counterfoil/billing"
	"counterfoil/views"
)

// shelf is everything that is sold and counted, by the provider's ids.
type shelf struct {
	list     []billing.Product
	products map[string]billing.Product
	meters   map[string]billing.Meter
}

func (s *Server) shelf(ctx context.Context) (shelf, error) {
	list, err := s.Store.Products(ctx)
	if err != nil {
		return shelf{}, err
	}
	meters, err := s.Store.Meters(ctx)
	if err != nil {
		return shelf{}, err
	}
	sh := shelf{list: list, products: map[string]billing.Product{}, meters: map[string]billing.Meter{}}
	for _, p := range list {
		sh.products[p.ProviderID] = p
	}
	for _, m := range meters {
		sh.meters[m.ProviderID] = m
	}
	return sh, nil
}

// forSale are the products that a newcomer may choose, in the order of the catalog.
func (sh shelf) forSale() []billing.Product {
	var out []billing.Product
	for _, p := range sh.list {
		if p.Public && !p.Archived && p.Slug != "" {
			out = append(out, p)
		}
	}
	return out
}

// name is a product's name; a product that the mirror does not have is called by
// the fallback, what the provider wrote on the order.
func (sh shelf) name(providerID, fallback string) string {
	if p, ok := sh.products[providerID]; ok {
		return p.Name
	}
	return fallback
}

// included lists what a product grants in amounts, and its other benefits.
func (sh shelf) included(t *views.Translator, p billing.Product) (amounts, benefits []string) {
	for _, b := range p.Benefits {
		meter, ok := sh.meters[b.MeterID]
		if b.Kind != billing.BenefitCredits || !ok {
			benefits = append(benefits, b.Description)
			continue
		}
		units, noun := t.Credits(int64(b.Units)), meterNoun(meter.Name)
		if every := t.Per(views.Interval(p.Interval), p.IntervalCount); every != "" {
			amounts = append(amounts, t.T("plan.included.every", "Units", units, "Meter", noun, "Every", every))
		} else {
			amounts = append(amounts, t.T("plan.included.once", "Units", units, "Meter", noun))
		}
	}
	return amounts, benefits
}

// meterNoun is a meter's name inside a sentence: "File uploads" becomes "file
// uploads", "AI credits" stays.
func meterNoun(name string) string {
	first, rest, _ := strings.Cut(name, " ")
	if len(first) > 1 && strings.ToUpper(first) == first {
		return name
	}
	if rest != "" {
		rest = " " + rest
	}
	return strings.ToLower(first) + rest
}
