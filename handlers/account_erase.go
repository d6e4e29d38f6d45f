package handlers

import (
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/db"
	"counterfoil/views"
)

// showErase handles GET /account/data/erase: what erasing does, and what stays and why.
func (s *Server) showErase(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.erasePage(w, r, who, http.StatusOK, "")
}

func (s *Server) erasePage(w http.ResponseWriter, r *http.Request, who auth.Visitor, status int, problem string) error {
	page := s.frame(r, who, "erase.title", "")
	plan, err := s.Store.PlanErasure(r.Context(), who.UserID, s.Now())
	if err != nil {
		return err
	}
	t := page.T
	m := views.Erase{
		Email: who.Email,
		Goes:  []string{t.T("erase.goes.profile"), t.T("erase.goes.usage"), t.T("erase.goes.credits")},
		Stays: []string{t.T("erase.stays.ledger"), t.T("erase.stays.backups")},
	}
	for _, name := range plan.Organizations {
		m.Goes = append(m.Goes, t.T("erase.goes.organization", "Name", name))
	}
	if plan.Papers > 0 {
		until := t.Date(db.BooksUntil(plan.LatestPaper, s.taxYears())).Text
		m.StaysUntil = t.T("erase.stays.until", "Date", until)
		m.Stays = append([]string{t.N("erase.stays.orders", int64(plan.Papers)), t.T("erase.stays.why")}, m.Stays...)
	}
	for _, h := range plan.Hindrances {
		m.Hindrances = append(m.Hindrances, hindrance(t, h))
	}
	if problem != "" {
		m.Error = t.T(problem)
	}
	return s.render(w, r, status, views.ErasePage(page, m))
}

// hindrance says what must end first. What an organisation has is managed while acting for it.
func hindrance(t *views.Translator, h db.HindranceReason) views.Hindrance {
	text := t.T("erase.hindered." + string(h.Kind))
	switch {
	case h.Until.IsZero():
	case h.Kind == db.HinderedBySubscription:
		text += " " + t.T("erase.hindered.period", "Date", t.Date(h.Until).Text)
	default:
		text += " " + t.T("erase.hindered.until", "Time", t.DateTime(h.Until).Text)
	}
	m := views.Hindrance{Text: text, URL: "/portal/subscriptions", Link: t.T("erase.hindered.portal")}
	switch {
	case h.Organization != "":
		m.Text = t.T("erase.hindered.of", "Name", h.Organization) + " " + m.Text
		m.URL, m.Link = "/orgs/"+h.Slug, t.T("erase.hindered.org")
	case h.Kind == db.HinderedByOrder:
		m.URL, m.Link = "/portal/orders", t.T("erase.hindered.orders")
	case h.Kind == db.HinderedByCheckout || h.Kind == db.HinderedByPurchase || h.Kind == db.HinderedByAction:
		m.URL, m.Link = "", ""
	}
	return m
}

// erase handles POST /account/data/erase. The reader has just proven who he is, and types
// his address, so that no stray press does it. Pressed twice, the second finds nobody
// signed in. The provider hears of it by a job.
func (s *Server) erase(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if auth.NormalEmail(r.PostFormValue("confirm")) != who.Email {
		return s.erasePage(w, r, who, http.StatusBadRequest, "erase.mistyped")
	}
	err := s.Auth.Erase(r, who)
	if _, hindered := errors.AsType[*db.Hindrance](err); hindered {
		return s.erasePage(w, r, who, http.StatusConflict, "")
	}
	if err != nil {
		return err
	}
	if err := s.Auth.SignOut(w, r); err != nil {
		return err
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	w.Header().Set("Cache-Control", "private, no-store")
	return s.render(w, r, http.StatusOK, views.ErasedPage(s.frame(r, auth.Visitor{}, "erase.done.title", "")))
}

// taxYears is how many years after its own an order is kept of whom was erased.
func (s *Server) taxYears() int {
	if s.TaxYears == 0 {
		return db.DefaultTaxYears
	}
	return s.TaxYears
}
