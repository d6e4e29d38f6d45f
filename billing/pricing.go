package billing

import (
	"fmt"
	"time"
)

// Recurring reports whether the product is paid again every Interval.
func (p Product) Recurring() bool { return p.Interval != IntervalNone }

// BasePrice is what the product costs in a currency before any usage: its fixed or
// free price, else any other that is not metered. ErrNotFound: it has none.
func (p Product) BasePrice(currency string) (Price, error) {
	best := -1
	for i, price := range p.Prices {
		if price.Currency != currency || price.Kind == PriceMetered {
			continue
		}
		if price.Kind == PriceFixed || price.Kind == PriceFree {
			return price, nil
		}
		if best < 0 {
			best = i
		}
	}
	if best < 0 {
		return Price{}, fmt.Errorf("price of product %s in %q: %w", p.ProviderID, currency, ErrNotFound)
	}
	return p.Prices[best], nil
}

// Money is the price as an amount.
func (p Price) Money() Money { return Money{Amount: p.Amount, Currency: p.Currency} }

// monthsPer is how many months an interval has; weeks and days have no whole number.
var monthsPer = map[Interval]int64{IntervalMonth: 1, IntervalYear: 12}

// PerMonth spreads an amount that is due every count intervals over its months,
// rounded to the nearest minor unit. It is false for days and weeks.
func PerMonth(m Money, every Interval, count int) (Money, bool) {
	months := monthsPer[every] * int64(count)
	if months <= 0 {
		return Money{}, false
	}
	whole, rest := m.Amount/months, m.Amount%months
	if rest >= months-rest {
		whole++
	}
	return Money{Amount: whole, Currency: m.Currency}, true
}

// YearlySaving is how many whole percent a year of the yearly price is cheaper than
// twelve of the monthly one. It rounds down, so a page never promises too much, and
// is 0 when nothing is saved or the two cannot be compared.
func YearlySaving(monthly, yearly Money) int {
	const most = 1 << 50 // far above any price, far below an overflow of the products below
	if monthly.Currency != yearly.Currency || monthly.Amount <= 0 || monthly.Amount > most ||
		yearly.Amount < 0 || yearly.Amount >= 12*monthly.Amount {
		return 0
	}
	year := 12 * monthly.Amount
	return int((year - yearly.Amount) * 100 / year)
}

// NextCharge is when the subscription will be charged again and how much it costs
// then, before tax, discounts and metered usage. It is false for one that ends, that
// is free, or that is not live. While a payment is past due that charge is the one
// that is being tried again, and its date is the provider's affair: false as well.
func (s Subscription) NextCharge() (time.Time, Money, bool) {
	if s.Amount <= 0 || s.CancelAtPeriodEnd || s.Status != Active && s.Status != Trialing {
		return time.Time{}, Money{}, false
	}
	due := s.PeriodEnd
	if s.Status == Trialing && !s.TrialEnd.IsZero() {
		due = s.TrialEnd
	}
	return due, Money{Amount: s.Amount, Currency: s.Currency}, !due.IsZero()
}
