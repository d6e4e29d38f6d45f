package handlers

import (
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
	forTeams(page.T, sh, who, cards)
	return s.render(w, r, http.StatusOK, views.HomePage(page, views.Home{Plans: forWhom(page.T, who, cards)}))
}

// showPlans handles GET /plans?interval=year: everything that can be bought. It
// knows what the reader has already.
func (s *Server) showPlans(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.plansFrame(r, who, "plans.title")
	if err != nil {
		return err
	}
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
		model.Monthly = model.Monthly || onTab(p.Interval) == billing.IntervalMonth
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
	forTeams(page.T, sh, who, model.Plans)
	model.Plans, model.Packs = forWhom(page.T, who, model.Plans), forWhom(page.T, who, model.Packs)
	return s.render(w, r, http.StatusOK, views.PlansPage(page, model))
}

// forWhom offers nothing to buy to a mere member of the organisation that he acts for.
func forWhom(t *views.Translator, who auth.Visitor, cards []views.PlanCard) []views.PlanCard {
	if who.Bills() {
		return cards
	}
	for i := range cards {
		cards[i].Unavailable, cards[i].ManageURL = t.T("org.only_billing"), ""
	}
	return cards
}

// forTeams offers a plan that is sold by the seat to organisations alone.
func forTeams(t *views.Translator, sh shelf, who auth.Visitor, cards []views.PlanCard) {
	if !who.SignedIn() || who.OrganizationID != "" {
		return
	}
	bySeat := map[string]bool{}
	for _, p := range sh.forSale() {
		bySeat[p.Slug] = p.BySeat()
	}
	for i, card := range cards {
		if bySeat[card.Slug] && !card.Current {
			cards[i].Unavailable, cards[i].ManageURL = t.T("plan.for_teams"), ""
		}
	}
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
		if onTab(p.Interval) == every || !p.Costs() && p.Recurring() && every != billing.IntervalNone {
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
