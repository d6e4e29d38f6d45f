package handlers

import (
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// showAccount handles GET /account: what the reader is called, and his address.
func (s *Server) showAccount(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.accountPage(w, r, who, http.StatusOK, who.Name, "")
}

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, status int, name, problem string) error {
	page := s.frame(r, who, "account.title", "")
	notice(r, &page)
	change, err := s.Auth.PendingEmail(r.Context(), who)
	if err != nil {
		return err
	}
	refused, err := s.Store.AddressRefused(r.Context(), who.UserID)
	if err != nil {
		return err
	}
	model := views.Account{Name: name, Email: who.Email, Verified: who.EmailVerified, Pending: change.New, Refused: refused}
	if problem != "" {
		model.Error = page.T.T(problem)
	}
	return s.render(w, r, status, views.AccountPage(page, model))
}

// saveAccount handles POST /account: the reader's name.
func (s *Server) saveAccount(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	name := r.PostFormValue("name")
	err := s.Auth.Rename(r.Context(), who, name)
	if errors.Is(err, billing.ErrInvalid) {
		return s.accountPage(w, r, who, http.StatusBadRequest, clip(name, 1000), "account.bad_name")
	}
	if err != nil {
		return err
	}
	redirect(w, "/account?done=saved")
	return nil
}
