package handlers

import (
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// fewCodes is how few recovery codes are a reason to make new ones.
const fewCodes = 3

// showSecurity handles GET /account/security: what protects the reader's account.
func (s *Server) showSecurity(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.securityPage(w, r, who, nil)
}

// securityPage shows it, with recovery codes that were just made, if any.
func (s *Server) securityPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, recovery []string) error {
	page := s.frame(r, who, "account.tab.security", "")
	notice(r, &page)
	second, err := s.Auth.Second(r.Context(), who)
	if err != nil {
		return err
	}
	password, err := s.passwordSettings(r, page.T, who)
	if err != nil {
		return err
	}
	passkeys, err := s.passkeysOf(r, page.T, who)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.AccountSecurityPage(page, views.Security{
		Password: password,
		Passkeys: passkeys,
		Second:   second.On, Left: page.T.N("recovery.left", int64(second.Left)), Few: second.Left <= fewCodes, Recovery: recovery,
	}))
}

// beginAuthenticator handles POST /account/authenticator: a secret that counts once its
// first code is typed.
func (s *Server) beginAuthenticator(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	err := s.Auth.BeginAuthenticator(r.Context(), who)
	if errors.Is(err, billing.ErrConflict) {
		redirect(w, "/account/security")
		return nil
	}
	if err != nil {
		return err
	}
	redirect(w, "/account/authenticator")
	return nil
}

// showSetup handles GET /account/authenticator: the secret, until it is confirmed.
func (s *Server) showSetup(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.setupPage(w, r, who, http.StatusOK, "")
}

func (s *Server) setupPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, status int, problem string) error {
	page := s.frame(r, who, "totp.setup.title", "")
	name := s.Brand.Name
	if name == "" {
		name = "Counterfoil"
	}
	setup, err := s.Auth.AuthenticatorSetup(r.Context(), who, name)
	if errors.Is(err, billing.ErrNotFound) {
		redirect(w, "/account/security")
		return nil
	}
	if err != nil {
		return err
	}
	return s.render(w, r, status, views.SetupPage(page, views.Setup{Secret: setup.Secret, PNG: setup.PNG, Error: problem}))
}

// confirmAuthenticator handles POST /account/authenticator/confirm: from now on signing in
// needs the app. The answer shows the recovery codes, which are kept nowhere.
func (s *Server) confirmAuthenticator(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	recovery, err := s.Auth.ConfirmAuthenticator(w, r, who, r.PostFormValue("code"))
	if errors.Is(err, billing.ErrNotFound) {
		redirect(w, "/account/security")
		return nil
	}
	if refusal := auth.ReasonOf(err); refusal != nil {
		t := s.frame(r, who, "", "").T
		problem := refusalText(t, refusal, "")
		if refusal.Reason == auth.BadCode {
			problem = t.T("totp.setup.bad")
		}
		retryAfter(w, refusal)
		return s.setupPage(w, r, who, refusalStatus(refusal), problem)
	}
	if err != nil {
		return err
	}
	return s.securityPage(w, r, who, recovery)
}

// showRemoveAuthenticator handles GET /account/authenticator/remove.
func (s *Server) showRemoveAuthenticator(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.render(w, r, http.StatusOK, views.RemoveAuthenticatorPage(s.frame(r, who, "totp.remove.title", "")))
}

// removeAuthenticator handles POST /account/authenticator/remove.
func (s *Server) removeAuthenticator(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	err := s.Auth.RemoveAuthenticator(r, who)
	if err != nil && !errors.Is(err, billing.ErrNotFound) {
		return err
	}
	s.Auth.NewToken(w, r, who)
	redirect(w, "/account/security?done=totp_removed")
	return nil
}

// makeRecovery handles POST /account/recovery: new recovery codes, shown in the answer.
func (s *Server) makeRecovery(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	recovery, err := s.Auth.NewRecovery(r, who)
	if err != nil {
		return err
	}
	return s.securityPage(w, r, who, recovery)
}
