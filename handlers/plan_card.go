package handlers

import (
	"strings"

	"counterfoil/billing"
	"counterfoil/views"
)

// onTab is the list of plans that an interval is shown in: what renews more often than
// yearly is shown with the monthly ones.
func onTab(every billing.Interval) billing.Interval {
	if every == billing.IntervalDay || every == billing.IntervalWeek {
		return billing.IntervalMonth
	}
	return every
}

// planCard is a product as the page of plans offers it. Whatever else is charged beside the
// price is said under it.
func planCard(t *views.Translator, sh shelf, h held, p billing.Product, price billing.Price) views.PlanCard {
	card := views.PlanCard{
		Slug: p.Slug, Name: p.Name, Description: p.Description,
		Price: t.Price(price.Amount, price.Currency), Interval: views.Interval(p.Interval), Count: p.IntervalCount,
		Note: priceNote(t, p, price),
	}
	if !p.Costs() {
		card.Price, card.Interval = t.T("plan.free"), views.Once
	}
	card.Included, card.Benefits = sh.included(t, p)
	sub, has := h[p.ProviderID]
	switch paid, pays := h.paid(); {
	case has:
		card.Current, card.ManageURL = true, "/portal/subscriptions/"+sub.ProviderID
	case pays && p.Recurring():
		card.Unavailable = t.T("plan.have_another", "Plan", sh.name(paid.ProviderProductID, t.T("plan.another")))
		card.ManageURL = "/portal/subscriptions/" + paid.ProviderID
	}
	return card
}

// priceNote is what stands under a price: by what it goes up, and what it comes to.
func priceNote(t *views.Translator, p billing.Product, price billing.Price) string {
	var notes []string
	if p.TrialDays > 0 && p.Costs() {
		notes = append(notes, trialNote(t, p, price))
	}
	seats, bySeat := p.SeatPrice(price.Currency)
	switch {
	case price.Kind == billing.PriceSeats && price.Seats.Least > 1:
		notes = append(notes, t.T("plan.from_seats", "Least", t.Number(int64(price.Seats.Least))))
	case price.Kind == billing.PriceSeats:
		notes = append(notes, t.T("plan.per_seat"))
	case bySeat && len(seats.Tiers) > 0:
		notes = append(notes, t.T("plan.and_seats", "Amount", t.Price(seats.Tiers[0].Amount, price.Currency)))
	}
	month, ok := billing.PerMonth(price.Money(), p.Interval, p.IntervalCount)
	if ok && p.Interval == billing.IntervalYear && p.IntervalCount == 1 && price.Amount > 0 {
		notes = append(notes, t.T("plan.per_month", "Amount", t.Money(month.Amount, month.Currency)))
	}
	if p.Metered() {
		notes = append(notes, t.T("plan.and_usage"))
	}
	if others := otherPrices(t, p, price); len(others) > 0 && p.Costs() {
		notes = append(notes, t.T("plan.or", "Amounts", strings.Join(others, ", ")))
	}
	return strings.Join(notes, " · ")
}

// trialNote says how long a plan is free at first. Trials of months and years come as days,
// 30 to the month, so of those the days are not exact.
func trialNote(t *views.Translator, p billing.Product, price billing.Price) string {
	message := "plan.trial"
	if p.TrialDays%30 == 0 || p.TrialDays%365 == 0 {
		message = "plan.trial.about"
	}
	then := t.Price(price.Amount, price.Currency) + " " + t.Per(views.Interval(p.Interval), p.IntervalCount)
	return t.N(message, int64(p.TrialDays), "Then", then)
}

// otherPrices are what a product costs in its other currencies. Polar asks for the buyer's
// own where the product has it (polar-go, Organization.DefaultPresentmentCurrency).
func otherPrices(t *views.Translator, p billing.Product, shown billing.Price) (others []string) {
	seen := map[string]bool{shown.Currency: true}
	for _, each := range p.Prices {
		if seen[each.Currency] {
			continue
		}
		seen[each.Currency] = true
		price, err := p.BasePrice(each.Currency)
		if err != nil {
			continue // by use alone
		}
		text := t.Price(price.Amount, price.Currency)
		if seats, ok := p.SeatPrice(each.Currency); ok && price.Kind != billing.PriceSeats && len(seats.Tiers) > 0 {
			text += " " + t.T("plan.and_seats", "Amount", t.Price(seats.Tiers[0].Amount, each.Currency))
		}
		others = append(others, text)
	}
	return others
}

// basePrice is what a product costs in the currency of its first price; nothing before any
// use for one that is paid by use alone.
func basePrice(p billing.Product) (billing.Price, error) {
	if len(p.Prices) == 0 {
		return billing.Price{}, billing.ErrNotFound
	}
	currency := p.Prices[0].Currency
	price, err := p.BasePrice(currency)
	if err != nil && p.Metered() {
		return billing.Price{Kind: billing.PriceFree, Currency: currency}, nil
	}
	return price, err
}
