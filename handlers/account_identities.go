package handlers

import (
	"net/http"

	"counterfoil/auth"
	"counterfoil/views"
)

const identitiesPath = "/account/identities"

// showIdentities handles GET /account/identities: the accounts elsewhere that the reader
// signs in with, and those that he could add.
func (s *Server) showIdentities(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page := s.frame(r, who, "account.tab.identities", "")
	notice(r, &page)
	if err := s.takeFlash(w, r, &page); err != nil {
		return err
	}
	list, err := s.Auth.Identities(r.Context(), who)
	if err != nil {
		return err
	}
	model := views.Identities{Verified: who.EmailVerified}
	for _, l := range list {
		model.Linked = append(model.Linked, views.Identity{
			ID: l.ID, Provider: l.Name, Email: l.Email, Off: l.Provider == "",
			Linked: page.T.Date(l.LinkedAt), Used: page.T.Ago(l.UsedAt, s.Now()),
		})
	}
	for _, p := range s.Auth.Providers() {
		model.Offered = append(model.Offered, views.LoginProvider{ID: p.ID, Name: p.Name})
	}
	return s.render(w, r, http.StatusOK, views.AccountIdentitiesPage(page, model))
}

// linkIdentity handles POST /account/identities: it sends the browser to
// an identity provider, to come back with one more way in.
func (s *Server) linkIdentity(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	provider := r.PostFormValue("provider")
	target, err := s.Auth.StartLink(w, r, auth.ProviderStart{Provider: provider, Next: identitiesPath})
	if err != nil {
		return s.refusedAt(w, r, identitiesPath, err)
	}
	return s.leaveFor(w, r, provider, target)
}

// unlinkIdentity handles POST /account/identities/{id}/unlink. The last way in stays.
func (s *Server) unlinkIdentity(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if err := s.Auth.Unlink(r, who, r.PathValue("id")); err != nil {
		return s.refusedAt(w, r, identitiesPath, err)
	}
	redirect(w, identitiesPath+"?done=unlinked")
	return nil
}
