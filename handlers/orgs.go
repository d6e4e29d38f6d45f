package handlers

import (
	"context"
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// billing lets in who sees and does what is about billing, for whom he acts for. For a
// mere member of an organisation the route is a missing page, whatever its path names.
func (s *Server) billing(h handler) http.Handler {
	return s.signedIn(billed(h))
}

// freshBilling is billing for what changes money.
func (s *Server) freshBilling(h handler) http.Handler {
	return s.signedIn(billed(s.afterProof(h)))
}

func billed(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		if !who.Bills() {
			return say(billing.ErrNotFound, "failure.missing_page")
		}
		return h(w, r, who)
	}
}

// roles is the order in which roles are offered; the words are messages role.<role>.
var roles = []billing.Role{billing.RoleMember, billing.RoleBillingManager, billing.RoleOwner}

func roleName(t *views.Translator, role billing.Role) string { return t.T("role." + string(role)) }

// actingOf says for whom the reader acts and may act. Without the list the page shows
// who he acts for all the same.
func (s *Server) actingOf(ctx context.Context, t *views.Translator, who auth.Visitor) *views.Acting {
	acting := &views.Acting{Name: who.OrganizationName}
	if who.OrganizationID != "" {
		acting.Role = roleName(t, who.Role)
	}
	list, err := s.Store.Organizations(ctx, who.UserID)
	if err != nil {
		s.Log.WarnContext(ctx, "organisations of a reader", "err", err)
		return acting
	}
	for _, o := range list {
		if o.ID == who.OrganizationID {
			acting.Slug = o.Slug
			continue
		}
		acting.Other = append(acting.Other, views.OrgRow{ID: o.ID, Slug: o.Slug, Name: o.Name})
	}
	return acting
}

// showOrgs handles GET /orgs: the reader's organisations, and a form for another.
func (s *Server) showOrgs(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.orgsPage(w, r, who, http.StatusOK, views.OrgForm{}, "")
}

// orgsPage shows what was typed and refused again, or what is wrong with a code.
func (s *Server) orgsPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, status int, form views.OrgForm, codeProblem string) error {
	page := s.frame(r, who, "orgs.title", "")
	notice(r, &page)
	list, err := s.Store.Organizations(r.Context(), who.UserID)
	if err != nil {
		return err
	}
	waits, err := s.Auth.Founding(r)
	if err != nil {
		return err
	}
	model := views.Orgs{Form: form}
	switch {
	case form.Shown:
	case waits.Name != "":
		model.Founding = views.Founding{Name: waits.Name, Email: waits.Email, Error: codeProblem}
	default:
		model.Form.Error = codeProblem
	}
	if !who.EmailVerified {
		model.Close = page.T.T("orgs.unproven")
	}
	for _, o := range list {
		model.Rows = append(model.Rows, views.OrgRow{
			ID: o.ID, Slug: o.Slug, Name: o.Name, Role: roleName(page.T, o.Role), Current: o.ID == who.OrganizationID,
		})
	}
	return s.render(w, r, status, views.OrgsPage(page, model))
}

// actFor handles POST /orgs/act: for whom this browser acts from now on.
func (s *Server) actFor(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if _, err := s.Auth.ActFor(w, r, who, r.PostFormValue("organization")); err != nil {
		return err
	}
	redirect(w, "/portal?done=org_switched")
	return nil
}

// showInvitation handles GET /invitations: what a mailed link is for. Opening it changes
// nothing.
func (s *Server) showInvitation(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page := s.frame(r, who, "orgs.title", "")
	page.Path = "/" // the theme form leads nowhere near the token
	token := r.URL.Query().Get("token")
	invitation, err := s.Auth.Invitation(r.Context(), token)
	if errors.Is(err, billing.ErrNotFound) {
		return s.render(w, r, http.StatusNotFound, views.InvitePage(page, views.Invite{}))
	}
	if err != nil {
		return err
	}
	model := views.Invite{
		Token: token, Organization: invitation.OrganizationName, Role: roleName(page.T, invitation.Role), Email: invitation.Email,
		Other: who.Email != invitation.Email, Unproven: !who.EmailVerified,
	}
	if !who.SignedIn() {
		model.SignInURL = loginPath(r.URL.RequestURI())
	}
	return s.render(w, r, http.StatusOK, views.InvitePage(page, model))
}

// acceptInvitation handles POST /invitations.
func (s *Server) acceptInvitation(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	accepted, err := s.Auth.Accept(w, r, who, r.PostFormValue("token"))
	switch {
	case errors.Is(err, billing.ErrNotFound):
		page := s.frame(r, who, "orgs.title", "")
		return s.render(w, r, http.StatusNotFound, views.InvitePage(page, views.Invite{}))
	case err != nil:
		return err
	}
	redirect(w, "/orgs/"+accepted.OrganizationSlug+"?done=org_joined")
	return nil
}
