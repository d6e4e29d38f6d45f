package pages

import (
	"fmt"
	"strings"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// per says how often a price is charged: "a month", "every 3 months", or "" for once.
func per(interval twin.Interval, count int) string {
	switch {
	case interval == "":
		return ""
	case count <= 1:
		return "a " + string(interval)
	}
	return fmt.Sprintf("every %d %ss", count, interval)
}

// each is the adverb to per: "every month", "every 3 months".
func each(interval twin.Interval, count int) string {
	if count <= 1 {
		return "every " + string(interval)
	}
	return per(interval, count)
}

// priceOf names a product's price before discounts: "$24.00 a month", "Free", "$12.00 once".
func priceOf(p twin.Product, currency string) string {
	base, ok := p.Base(currency)
	period := per(p.Interval, p.IntervalCount)
	switch {
	case !ok:
		return "By use"
	case base.Kind == twin.Custom:
		return strings.TrimSpace("Your choice " + period)
	case base.Kind == twin.Seats:
		return strings.TrimSpace("By seat " + period)
	case base.Amount == 0:
		return "Free"
	case period == "":
		return look.Money(base.Amount, base.Currency) + " once"
	}
	return look.Money(base.Amount, base.Currency) + " " + period
}

// renewal is what a recurring discount leaves of an amount, and the whole amount
// otherwise: the engine decides at each renewal, this is the promise made today.
func renewal(c twin.Checkout, d twin.Discount) int64 {
	if d.Duration == "forever" || d.Duration == "repeating" && d.Months > 1 {
		return c.Subtotal - c.Discount
	}
	return c.Subtotal
}

// discountNote says how much a discount takes off and for how long.
func discountNote(d twin.Discount) string {
	off := look.Money(d.Amount, d.Currency) + " off"
	if d.Kind == "percentage" {
		off = strings.TrimSuffix(fmt.Sprintf("%d.%02d", d.BasisPoints/100, d.BasisPoints%100), ".00") + " % off"
	}
	switch d.Duration {
	case "forever":
		return off + " every payment"
	case "repeating":
		return fmt.Sprintf("%s for %d months", off, d.Months)
	}
	return off + " this payment"
}

// groups writes a card number in fours; only test cards are ever shown.
func groups(card string) string {
	var b strings.Builder
	for i, digit := range card {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// lastFour is how a stored card is named.
func lastFour(card string) string {
	return card[max(0, len(card)-4):]
}
