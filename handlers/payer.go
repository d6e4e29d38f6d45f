package handlers

import (
	"context"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// forAnother reports whether a form that buys was made for somebody else than the visitor
// acts for now: another tab began to act for another since. A page that was shown to
// nobody names nobody; then whoever acts for an organisation is asked, too.
func forAnother(r *http.Request, who auth.Visitor) bool {
	named := r.PostFormValue("for")
	return named != who.CustomerID && (named != "" || who.OrganizationID != "")
}

// payer is somebody whom a visitor may buy for.
type payer struct{ id, name string }

// payers are the visitor himself, whose name is empty, and the organisations whose
// billing is his.
func (s *Server) payers(ctx context.Context, who auth.Visitor) ([]payer, error) {
	list, err := s.Store.Organizations(ctx, who.UserID)
	if err != nil {
		return nil, err
	}
	payers := []payer{{id: who.UserID}}
	for _, o := range list {
		if o.Role.Bills() {
			payers = append(payers, payer{o.ID, o.Name})
		}
	}
	return payers, nil
}

// askPayer answers a form that was made for another with the question for whom it is.
// Nothing is bought by it.
func (s *Server) askPayer(w http.ResponseWriter, r *http.Request, who auth.Visitor, product billing.Product) error {
	payers, err := s.payers(r.Context(), who)
	if err != nil {
		return err
	}
	page := s.frame(r, who, "payer.page", views.NavPlans)
	t, named := page.T, r.PostFormValue("for")
	model := views.Payers{Plan: product.Name, Slug: product.Slug}
	was := t.T("payer.was.gone")
	if named == "" {
		was = t.T("payer.was.nobody")
	}
	for _, p := range payers {
		text := t.T("payer.self")
		if p.name != "" {
			text = t.T("payer.other", "Name", p.name)
		}
		choice := views.Choice{Value: p.id, Text: text}
		switch {
		case p.id == who.CustomerID:
			model.Choices = append([]views.Choice{choice}, model.Choices...)
			continue
		case p.id == named && p.name == "":
			was = t.T("payer.was.self")
		case p.id == named:
			was = t.T("payer.was.other", "Name", p.name)
		case named != "" || !who.Bills():
			continue
		}
		model.Choices = append(model.Choices, choice)
	}
	now := t.T("payer.now.self")
	if who.OrganizationID != "" {
		now = t.T("payer.now.other", "Name", who.OrganizationName)
	}
	if len(model.Choices) == 0 { // he acts as a mere member, and the form is for nobody of his
		return say(billing.ErrNotFound, "failure.missing_page")
	}
	model.Text = was + " " + now
	return s.render(w, r, http.StatusConflict, views.PayerPage(page, model))
}

// checkoutFor handles POST /checkout/for: the visitor has said for whom he buys, and acts
// for that one from now on.
func (s *Server) checkoutFor(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	payers, err := s.payers(r.Context(), who)
	if err != nil {
		return err
	}
	named := r.PostFormValue("for")
	for _, p := range payers {
		if p.id != named {
			continue
		}
		if named != who.CustomerID {
			organization := named
			if named == who.UserID {
				organization = ""
			}
			if who, err = s.Auth.ActFor(w, r, who, organization); err != nil {
				return err
			}
		}
		return s.startCheckout(w, r, who)
	}
	return say(billing.ErrNotFound, "failure.missing_page")
}
