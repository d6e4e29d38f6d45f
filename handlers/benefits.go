package handlers

import (
	"context"
	"net/http"
	"slices"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// showBenefits handles GET /portal/benefits: everything granted, and what is over.
func (s *Server) showBenefits(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.customerFrame(r, who, "benefits.title", views.NavPortal)
	if err != nil {
		return err
	}
	sh, err := s.shelf(r.Context())
	if err != nil {
		return err
	}
	subs, err := s.Store.Subscriptions(r.Context(), who.CustomerID)
	if err != nil {
		return err
	}
	grants, err := s.grants(r.Context(), who, subs)
	if err != nil {
		return err
	}
	var model views.Benefits
	model.Current, model.Past = benefitCards(page.T, sh, grants, subs)
	return s.render(w, r, http.StatusOK, views.BenefitsPage(page, model))
}

// grants are the benefits that the reader has: those of whom he acts for and, of a plan
// that is sold by the seat, those that came by his own seat.
func (s *Server) grants(ctx context.Context, who auth.Visitor, subs []billing.Subscription) ([]billing.Grant, error) {
	grants, err := s.Store.Grants(ctx, who.CustomerID)
	if err != nil {
		return nil, err
	}
	bySeat := map[string]bool{}
	for _, sub := range subs {
		if sub.Seats > 0 {
			bySeat[sub.ProviderID] = true
		}
	}
	if len(bySeat) == 0 {
		return grants, nil
	}
	seats, err := s.Store.TakenSeats(ctx, who.CustomerID)
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	for _, seat := range seats {
		if seat.Status == billing.SeatClaimed && seat.IsOf(who.UserID, who.Email) {
			own[seat.ProviderMemberID] = true
		}
	}
	return slices.DeleteFunc(grants, func(g billing.Grant) bool {
		return bySeat[g.ProviderSubscriptionID] && !own[g.ProviderMemberID]
	}), nil
}

// benefitViews translates our words into the page's.
var benefitViews = map[billing.BenefitKind]views.BenefitKind{
	billing.BenefitCustom: views.BenefitNote, billing.BenefitCredits: views.BenefitCredits,
	billing.BenefitFeature: views.BenefitFeature, billing.BenefitLicense: views.BenefitLicense,
	billing.BenefitDownloads: views.BenefitDownload,
}

// benefitCards splits grants into those that last and those that are over.
func benefitCards(t *views.Translator, sh shelf, grants []billing.Grant, subs []billing.Subscription) (current, past []views.Benefit) {
	product := map[string]string{} // subscription -> name of its product
	for _, sub := range subs {
		product[sub.ProviderID] = sh.name(sub.ProviderProductID, "")
	}
	for _, g := range grants {
		kind, known := benefitViews[g.Kind]
		if !known {
			kind = views.BenefitNote
		}
		card := views.Benefit{
			Kind: kind, Name: g.Description, Note: g.Properties["note"], Key: g.Properties["display_key"],
			Product: product[g.ProviderSubscriptionID], Granted: t.Date(g.GrantedAt), Revoked: t.Date(g.RevokedAt),
		}
		if g.Kind == billing.BenefitCredits {
			card.URL = "/credits"
		}
		if g.RevokedAt.IsZero() {
			current = append(current, card)
		} else {
			past = append(past, card)
		}
	}
	return current, past
}
