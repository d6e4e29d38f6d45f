package billing

import (
	"fmt"
	"math/bits"
	"slices"
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

// Metered reports whether the product is paid by use, alone or beside another price.
func (p Product) Metered() bool {
	return slices.ContainsFunc(p.Prices, func(price Price) bool { return price.Kind == PriceMetered })
}

// Costs reports whether the product can cost anything: a fixed price, what the buyer
// chooses to pay, seats or use. Without a price nothing is known to cost.
func (p Product) Costs() bool {
	return slices.ContainsFunc(p.Prices, func(price Price) bool {
		return price.Kind != PriceFree && (price.Kind != PriceFixed || price.Amount > 0)
	})
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

// SeatPrice is what seats cost in each period. Graduated: each tier counts for the seats
// within it; else all seats cost what the tier of their number says.
type SeatPrice struct {
	Graduated bool       `json:"graduated,omitempty"`
	Least     int        `json:"least,omitempty"` // seats that must be bought
	Most      int        `json:"most,omitempty"`  // seats that can be bought; 0 for no limit
	Tiers     []SeatTier `json:"tiers,omitzero"`
}

// SeatTier is the price of one seat from a number of seats to another, 0 for no end.
type SeatTier struct {
	From   int   `json:"from"`
	To     int   `json:"to,omitempty"`
	Amount int64 `json:"amount"` // minor units
}

// Of is what a number of seats costs a period, in minor units. ErrInvalid: that many
// cannot be bought.
func (p SeatPrice) Of(seats int) (int64, error) {
	const most = 1 << 20 // far above any team, far below an overflow of the products below
	if seats < max(1, p.Least) || p.Most > 0 && seats > p.Most || seats > most {
		return 0, fmt.Errorf("%d seats: %w", seats, ErrInvalid)
	}
	var sum int64
	covered := 0
	for _, tier := range p.Tiers {
		if tier.To > 0 && tier.To < seats {
			if p.Graduated {
				sum += int64(tier.To-covered) * tier.Amount
				covered = tier.To
			}
			continue
		}
		if p.Graduated {
			return sum + int64(seats-covered)*tier.Amount, nil
		}
		return int64(seats) * tier.Amount, nil
	}
	return 0, fmt.Errorf("%d seats have no tier: %w", seats, ErrInvalid)
}

// SeatPrice is what the product costs by the seat in a currency; false for one that is
// not sold by the seat.
func (p Product) SeatPrice(currency string) (SeatPrice, bool) {
	for _, price := range p.Prices {
		if price.Kind == PriceSeats && price.Currency == currency {
			return price.Seats, true
		}
	}
	return SeatPrice{}, false
}

// BySeat reports whether the product is sold by the seat.
func (p Product) BySeat() bool {
	for _, price := range p.Prices {
		if price.Kind == PriceSeats {
			return true
		}
	}
	return false
}

// Rest is the part of an amount that falls to what is left of a period at a moment, by
// seconds, rounded to the nearest minor unit, halves away from zero: as Polar prorates
// (its reference, 4.13).
func Rest(amount int64, start, end, now time.Time) int64 {
	whole, left := int64(end.Sub(start)/time.Second), int64(end.Sub(now)/time.Second)
	if whole <= 0 || left <= 0 {
		return 0
	}
	magnitude := uint64(amount)
	if amount < 0 {
		magnitude = -magnitude
	}
	// In 128 bits: a big sum in a currency of small units, times seconds, is more than 64.
	high, low := bits.Mul64(magnitude, uint64(min(left, whole)))
	low, carry := bits.Add64(low, uint64(whole)/2, 0)
	share, _ := bits.Div64(high+carry, low, uint64(whole))
	if amount < 0 {
		return -int64(share)
	}
	return int64(share)
}
