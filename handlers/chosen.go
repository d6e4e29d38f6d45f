package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// maxSlug is the longest plan that is remembered while somebody signs in, in bytes.
const maxSlug = 200

// chosenPath is the page of a plan that was chosen by somebody who had to sign in first.
func chosenPath(plan string) string {
	if plan == "" || len(plan) > maxSlug {
		return "/plans"
	}
	return "/checkout?plan=" + url.QueryEscape(plan)
}

// showChosen handles GET /checkout?plan=: the plan that was chosen before the sign-in, for
// the reader to go on with. Opening it buys nothing and opens no checkout; its button
// does, so that a link to it does no harm.
func (s *Server) showChosen(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	slug := r.URL.Query().Get("plan")
	if slug == "" {
		redirect(w, "/plans")
		return nil
	}
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
	for _, p := range sh.forSale() {
		price, err := basePrice(p)
		if p.Slug != slug || err != nil {
			continue
		}
		cards := []views.PlanCard{planCard(page.T, sh, held, p, price)}
		forTeams(page.T, sh, who, cards)
		card := forWhom(page.T, who, cards)[0]
		card.Featured, card.Chosen = true, true
		if !p.Recurring() {
			card.Note = strings.TrimSuffix(page.T.T("interval.once")+" · "+card.Note, " · ")
		}
		title := "chosen.title"
		if card.Current {
			title = "chosen.held"
		}
		page.Title = page.T.T(title, "Plan", card.Name)
		return s.render(w, r, http.StatusOK, views.ChosenPage(page, card))
	}
	return say(billing.ErrNotFound, "failure.unknown_plan")
}
