package handlers

import (
	"errors"
	"net/http"
	"strings"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// showDeleteOrg handles GET /orgs/{slug}/delete: what deleting does, to whom, and what
// must end first.
func (s *Server) showDeleteOrg(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	return s.deleteOrgPage(w, r, who, o, http.StatusOK, "")
}

func (s *Server) deleteOrgPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization, status int, problem string) error {
	page := s.frame(r, who, "", "")
	t := page.T
	page.Title = t.T("org.delete.title", "Name", o.Name)
	members, err := s.Store.Members(r.Context(), o.ID)
	if err != nil {
		return err
	}
	open, err := s.Store.Invitations(r.Context(), o.ID, s.Now())
	if err != nil {
		return err
	}
	running, err := s.Store.Running(r.Context(), o.ID, s.Now())
	if err != nil {
		return err
	}
	m := views.DeleteOrg{
		Slug: o.Slug, Name: o.Name, People: t.N("org.delete.people", int64(len(members))),
		Who: []string{t.T("org.delete.lose")},
	}
	if len(open) > 0 {
		m.Who = append(m.Who, t.N("org.delete.invitations", int64(len(open))))
	}
	for _, reason := range running {
		h := hindrance(t, reason)
		if who.OrganizationID != o.ID { // the pages of another's billing would not show it
			h.URL, h.Link = "", ""
		}
		m.Hindrances = append(m.Hindrances, h)
	}
	if problem != "" {
		m.Error = t.T(problem, "Name", o.Name)
	}
	return s.render(w, r, status, views.DeleteOrgPage(page, m))
}

// deleteOrg handles POST /orgs/{slug}/delete. The reader has just proven who he is, and
// types the name, so that no stray press does it. What began to be billed since the page
// was shown is shown instead.
func (s *Server) deleteOrg(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	if !sameName(r.PostFormValue("confirm"), o.Name) {
		return s.deleteOrgPage(w, r, who, o, http.StatusBadRequest, "org.delete.mistyped")
	}
	err := s.Store.DeleteOrganization(r.Context(), o.ID, who.UserID, s.Now())
	if errors.Is(err, billing.ErrConflict) {
		return s.deleteOrgPage(w, r, who, o, http.StatusConflict, "org.delete.billed")
	}
	if err != nil {
		return err
	}
	redirect(w, "/orgs?done=org_deleted")
	return nil
}

// sameName compares what was typed with a name; case and the width of spaces do not count.
func sameName(typed, name string) bool {
	plain := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	return strings.EqualFold(plain(typed), plain(name))
}
