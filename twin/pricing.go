package twin

import (
	"math/big"
	"slices"
	"time"
)

// baseAmount is what the product costs up front: the fixed and seat prices added, or the chosen sum of a
// pay-what-you-want price. The second result is the price that stands for it on an order.
func baseAmount(prices []Price, currency string, sum *int64, seats int64) (int64, string) {
	var total int64
	var id string
	for _, p := range prices {
		if p.Archived || p.Kind == Metered || p.Currency != currency {
			continue
		}
		if id == "" {
			id = p.ID
		}
		switch p.Kind {
		case Fixed:
			total += p.Amount
		case Custom:
			total += pick(sum, pick(p.PresetAmount, p.MinimumAmount))
		case Seats:
			total += seatAmount(p, max(seats, minSeats(p)))
		}
	}
	return total, id
}

// seatAmount prices n seats: "volume" puts all of them into the tier reached, "graduated" fills tiers in turn.
func seatAmount(p Price, n int64) int64 {
	var total int64
	for _, tier := range p.Tiers {
		if n < tier.Min {
			break
		}
		upper := pick(tier.Max, n)
		if p.TierType == "graduated" {
			total += (min(n, upper) - tier.Min + 1) * tier.Price
		} else {
			total = n * tier.Price
		}
	}
	return total
}

// minSeats is the smallest number of seats the price allows.
func minSeats(p Price) int64 {
	if len(p.Tiers) == 0 {
		return 1
	}
	return p.Tiers[0].Min
}

// maxSeats is the largest number of seats the price allows; 0 for no limit.
func maxSeats(p Price) int64 {
	if len(p.Tiers) == 0 {
		return 0
	}
	return pick(p.Tiers[len(p.Tiers)-1].Max, 0)
}

// off is how much the discount takes from subtotal.
func (d Discount) off(subtotal int64) int64 {
	if subtotal <= 0 {
		return 0
	}
	if d.Kind == "percentage" {
		return share(subtotal, d.BasisPoints, 10_000)
	}
	return min(d.Amount, subtotal)
}

// fits reports whether the discount may be used for the product.
func (d Discount) fits(productID string) bool {
	return len(d.ProductIDs) == 0 || slices.Contains(d.ProductIDs, productID)
}

// usable reports whether the discount can be redeemed at now.
func (d Discount) usable(now time.Time) bool {
	return !d.Deleted && (d.StartsAt.IsZero() || !now.Before(d.StartsAt)) &&
		(d.EndsAt.IsZero() || now.Before(d.EndsAt)) && !d.exhausted()
}

// exhausted reports whether all redemptions are used.
func (d Discount) exhausted() bool { return d.MaxRedemptions > 0 && d.Redemptions >= d.MaxRedemptions }

// share is amount x part / whole, rounded to the nearest minor unit, halves away from zero.
func share(amount, part, whole int64) int64 {
	r := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(amount), big.NewInt(part)), big.NewInt(whole))
	return roundRat(r).Int64()
}

// meteredAmount is what units beyond the credits cost: max(0, consumed - credited) x unit amount, capped and
// rounded.
func meteredAmount(p Price, consumed Quantity, credited int64) int64 {
	over := consumed - Units(credited)
	unit, ok := new(big.Rat).SetString(p.UnitAmount)
	if over <= 0 || !ok {
		return 0
	}
	amount := roundRat(unit.Mul(unit, big.NewRat(int64(over), quantityScale))).Int64()
	if p.CapAmount != nil {
		return min(amount, *p.CapAmount)
	}
	return amount
}

// prorate is the part of a full-period amount that is left at now, counted in seconds.
func prorate(amount int64, start, end, now time.Time) int64 {
	whole := int64(end.Sub(start) / time.Second)
	left := int64(end.Sub(now) / time.Second)
	if whole <= 0 || left <= 0 {
		return 0
	}
	return share(amount, min(left, whole), whole)
}
