package twin

import "fmt"

// newPrices is the product's list of prices after a change: kept, new and archived ones.
func (x *tx) newPrices(p Product, wanted []Price) ([]Price, error) {
	keep := map[string]bool{}
	for _, price := range wanted {
		keep[price.ID] = true
	}
	var prices []Price
	for _, old := range p.Prices {
		if !keep[old.ID] && !old.Archived {
			old.Archived, old.Stamp = true, x.touched(old.Stamp)
		}
		prices = append(prices, old)
	}
	for i, price := range wanted {
		if price.ID != "" {
			continue
		}
		price.ID, price.Stamp, price.ProductID = newID(), x.made(), p.ID
		if price.Currency == "" {
			price.Currency = x.Organization().Currency
		}
		if price.Kind == Metered && x.meters.rows[price.MeterID] == nil {
			return nil, invalid("Meter does not exist.", "prices", i, "meter_id")
		}
		prices = append(prices, price)
	}
	return prices, checkPrices(p, prices, x.Organization().Currency)
}

// checkPrices holds the rules on the current prices of a product.
func checkPrices(p Product, prices []Price, currency string) error {
	seen, current, inDefault := map[string]bool{}, 0, false
	for _, price := range prices {
		if price.Archived {
			continue
		}
		current++
		inDefault = inDefault || price.Currency == currency
		key := fmt.Sprint(price.Currency, price.Kind, price.MeterID)
		if seen[key] {
			return invalid("Only one price of this type is allowed per currency.", "prices")
		}
		seen[key] = true
		if price.Kind == Metered && !p.Recurring() {
			return invalid("Metered pricing is not supported on one-time products.", "prices")
		}
		if price.Kind == Custom && (seen[fmt.Sprint(price.Currency, Fixed, "")] || seen[fmt.Sprint(price.Currency, Seats, "")]) {
			return invalid("A custom price stands alone.", "prices")
		}
	}
	if current == 0 {
		return invalid("At least one price is required.", "prices")
	}
	if !inDefault {
		return invalid("A price in the organization's default currency is required.", "prices")
	}
	return nil
}
