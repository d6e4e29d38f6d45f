package handlers

import (
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// askOrg handles POST /orgs: a code is mailed to the address of a new organisation. The
// list then shows the form that takes it.
func (s *Server) askOrg(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	err := s.Auth.AskOrganization(w, r, who, r.PostFormValue("name"), r.PostFormValue("email"))
	refusal := auth.ReasonOf(err)
	t, status := s.frame(r, who, "", "").T, http.StatusBadRequest
	form := views.OrgForm{Name: clip(r.PostFormValue("name"), 1000), Email: clip(r.PostFormValue("email"), 1000), Shown: true}
	switch {
	case err == nil:
		redirect(w, "/orgs")
		return nil
	case refusal != nil && refusal.Reason == auth.BadEmail:
		form.Error = t.T("orgs.bad_email")
	case refusal != nil && refusal.Reason == auth.SameEmail:
		form.Error = t.T("orgs.own_email")
	case refusal != nil:
		form.Error, status = refusalText(t, refusal, ""), refusalStatus(refusal)
	case errors.Is(err, billing.ErrInvalid):
		form.Error = t.T("orgs.bad_name")
	case errors.Is(err, billing.ErrDenied):
		return say(billing.ErrDenied, "orgs.unproven")
	default:
		return err
	}
	return s.orgsPage(w, r, who, status, form, "")
}

// createOrg handles POST /orgs/code: the organisation that waits is made.
func (s *Server) createOrg(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	o, err := s.Auth.CreateOrganization(w, r, who, r.PostFormValue("code"))
	refusal := auth.ReasonOf(err)
	switch {
	case err == nil:
		redirect(w, "/orgs/"+o.Slug+"?done=org_created")
		return nil
	case refusal != nil:
		return s.orgsPage(w, r, who, refusalStatus(refusal), views.OrgForm{}, foundingProblem(s.frame(r, who, "", "").T, refusal))
	case errors.Is(err, billing.ErrDenied):
		return say(billing.ErrDenied, "orgs.too_many")
	}
	return err
}

// foundingProblem is the sentence for a refusal; the ones that a sign-in has too are its.
func foundingProblem(t *views.Translator, refusal *auth.Refusal) string {
	switch refusal.Reason {
	case auth.CodeDead, auth.CodeExpired, auth.CodeUsed, auth.TakenEmail:
		return t.T("orgs." + string(refusal.Reason))
	case auth.ForeignBrowser:
		return t.T("orgs.none_waits")
	}
	return refusalText(t, refusal, "")
}

// dropOrg handles POST /orgs/code/drop: the organisation that waits is given up.
func (s *Server) dropOrg(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	if err := s.Auth.DropFounding(w, r); err != nil {
		return err
	}
	redirect(w, "/orgs")
	return nil
}
