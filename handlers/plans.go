package handlers

import (
	"context"
	"net/http"
	"slices"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// showHome handles GET /: what this is, and a taste of the plans.
func (s *Server) showHome(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page := s.frame(r, who, "", "")
	sh, err := s.shelf(r.Context())
	if err != nil {
		return err
	}
	held, err := s.held(r.Context(), who)
	if err != nil {
		return err
	}
	cards := s.cards(page.T, sh, held, billing.IntervalMonth)
	return s.render(w, r, http.StatusOK, views.HomePage(page, views.Home{Plans: cards}))
}

// showPlans handles GET /plans?interval=year: everything that can be bought. It
// knows what the reader has already.
func (s *Server) showPlans(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page := s.frame(r, who, "plans.title", views.NavPlans)
	sh, err := s.shelf(r.Context())
	if err != nil {
		return err
	}
	held, err := s.held(r.Context(), who)
	if err != nil {
		return err
	}
	model := views.Plans{Interval: views.Month}
	for _, p := range sh.forSale() {
		model.Monthly = model.Monthly || p.Interval == billing.IntervalMonth
		model.Yearly = model.Yearly || p.Interval == billing.IntervalYear
	}
	if r.URL.Query().Get("interval") == string(views.Year) || !model.Monthly && model.Yearly {
		model.Interval = views.Year
	}
	if saving := bestSaving(sh.forSale()); saving > 0 {
		model.Saving = page.T.T("plans.saving", "Percent", page.T.Number(int64(saving)))
	}
	model.Plans = s.cards(page.T, sh, held, billing.Interval(model.Interval))
	model.Packs = s.cards(page.T, sh, held, billing.IntervalNone)
	return s.render(w, r, http.StatusOK, views.PlansPage(page, model))
}

// held is what a customer's live subscriptions are for: product id -> subscription.
type held map[string]billing.Subscription

func (s *Server) held(ctx context.Context, who auth.Visitor) (held, error) {
	if !who.SignedIn() {
		return nil, nil
	}
	list, err := s.Store.Subscriptions(ctx, who.CustomerID)
	if err != nil {
		return nil, err
	}
	h := held{}
	for _, sub := range list {
		if sub.Live() {
			h[sub.ProviderProductID] = sub
		}
	}
	return h, nil
}

// paid is a live subscription that costs money: a second plan beside it would be
// paid twice, so it is changed and not bought anew.
func (h held) paid() (billing.Subscription, bool) {
	for _, sub := range h {
		if sub.Amount > 0 {
			return sub, true
		}
	}
	return billing.Subscription{}, false
}

// free is a live subscription that costs nothing: a checkout can upgrade it.
func (h held) free() (billing.Subscription, bool) {
	for _, sub := range h {
		if sub.Amount == 0 {
			return sub, true
		}
	}
	return billing.Subscription{}, false
}

// cards are the products of one interval, cheapest first, the free plan with both.
func (s *Server) cards(t *views.Translator, sh shelf, h held, every billing.Interval) []views.PlanCard {
	type priced struct {
		product billing.Product
		price   billing.Price
	}
	var list []priced
	for _, p := range sh.forSale() {
		price, err := basePrice(p)
		if err != nil {
			s.Log.Warn("a product has no price to show", "product", p.ProviderID, "err", err)
			continue
		}
		if p.Interval == every || price.Amount == 0 && p.Recurring() && every != billing.IntervalNone {
			list = append(list, priced{p, price})
		}
	}
	slices.SortStableFunc(list, func(a, b priced) int { return int(a.price.Amount - b.price.Amount) })
	cards := make([]views.PlanCard, len(list))
	for i, item := range list {
		cards[i] = planCard(t, sh, h, item.product, item.price)
	}
	if every != billing.IntervalNone {
		for i := range cards {
			if list[i].price.Amount > 0 {
				cards[i].Featured = true // the first plan that costs something
				break
			}
		}
	}
	return cards
}

func planCard(t *views.Translator, sh shelf, h held, p billing.Product, price billing.Price) views.PlanCard {
	card := views.PlanCard{
		Slug: p.Slug, Name: p.Name, Description: p.Description,
		Price: t.Price(price.Amount, price.Currency), Interval: views.Interval(p.Interval),
	}
	if price.Amount == 0 {
		card.Price, card.Interval = t.T("plan.free"), views.Once
	}
	if month, ok := billing.PerMonth(price.Money(), p.Interval, p.IntervalCount); ok && p.Interval == billing.IntervalYear && price.Amount > 0 {
		card.Note = t.T("plan.per_month", "Amount", t.Money(month.Amount, month.Currency))
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

// bestSaving is the most whole percent that a yearly plan saves against the monthly
// plan of the same name.
func bestSaving(products []billing.Product) int {
	best := 0
	for _, year := range products {
		for _, month := range products {
			if year.Interval != billing.IntervalYear || month.Interval != billing.IntervalMonth || year.IntervalCount != 1 || month.IntervalCount != 1 {
				continue
			}
			if year.Slug != month.Slug+"-yearly" && year.Name != month.Name {
				continue
			}
			yearly, err1 := basePrice(year)
			monthly, err2 := basePrice(month)
			if err1 == nil && err2 == nil {
				best = max(best, billing.YearlySaving(monthly.Money(), yearly.Money()))
			}
		}
	}
	return best
}

// basePrice is what a product costs in the currency of its first price.
func basePrice(p billing.Product) (billing.Price, error) {
	if len(p.Prices) == 0 {
		return billing.Price{}, billing.ErrNotFound
	}
	return p.BasePrice(p.Prices[0].Currency)
}
