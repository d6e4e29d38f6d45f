package handlers

import (
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// passwordSettings is the section about the password on the page about security; nil when
// passwords are off.
func (s *Server) passwordSettings(r *http.Request, t *views.Translator, who auth.Visitor) (*views.PasswordSettings, error) {
	if !s.Auth.Offers(auth.WayPassword) {
		return nil, nil
	}
	since, err := s.Auth.PasswordSince(r.Context(), who)
	if err != nil {
		return nil, err
	}
	m := &views.PasswordSettings{Email: who.Email, Set: !since.IsZero()}
	if m.Set {
		m.Since = t.Ago(since, s.Now())
	}
	return m, nil
}

// showPassword handles GET /account/password.
func (s *Server) showPassword(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.passwordPage(w, r, who, http.StatusOK, nil)
}

func (s *Server) passwordPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, status int, refusal *auth.Refusal) error {
	page := s.frame(r, who, "password.title", "")
	notice(r, &page)
	m, err := s.passwordSettings(r, page.T, who)
	if err != nil {
		return err
	}
	if m == nil {
		return say(billing.ErrNotFound, "failure.missing_page")
	}
	if refusal != nil {
		m.Errors = fieldErrors(page.T, refusal)
		switch refusal.Reason {
		case auth.WrongPassword:
			m.Errors = views.FieldErrors{Current: page.T.T("password.wrong")}
		case auth.LastWay:
			m.Errors = views.FieldErrors{Remove: m.Errors.Password}
		}
	}
	return s.render(w, r, status, views.AccountPasswordPage(page, *m))
}

// savePassword handles POST /account/password: a first password, or another one.
func (s *Server) savePassword(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	since, err := s.Auth.PasswordSince(r.Context(), who)
	if err != nil {
		return err
	}
	done := "password_changed"
	if since.IsZero() {
		done, err = "password_set", s.Auth.SetPassword(r, who, r.PostFormValue("password"))
	} else {
		err = s.Auth.ChangePassword(r, who, r.PostFormValue("current"), r.PostFormValue("password"))
	}
	return s.passwordDone(w, r, who, done, err)
}

// removePassword handles POST /account/password/remove.
func (s *Server) removePassword(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.passwordDone(w, r, who, "password_removed", s.Auth.RemovePassword(r, who))
}

// passwordDone shows the page anew, with what the change came to.
func (s *Server) passwordDone(w http.ResponseWriter, r *http.Request, who auth.Visitor, done string, err error) error {
	if refusal := auth.ReasonOf(err); refusal != nil && refusal.Reason != auth.WayOff {
		retryAfter(w, refusal)
		return s.passwordPage(w, r, who, refusalStatus(refusal), refusal)
	}
	if err != nil {
		return err
	}
	s.Auth.NewToken(w, r, who)
	redirect(w, "/account/security?done="+done)
	return nil
}
