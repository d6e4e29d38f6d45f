package handlers

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"counterfoil/auth"
	"counterfoil/views"
)

// showLogin handles GET /login: it asks for an address or, after a code was sent
// from this browser, for the code.
func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	next := localPath(r.URL.Query().Get("next"), "")
	if who.SignedIn() {
		redirect(w, localPath(next, "/portal"))
		return nil
	}
	step := r.URL.Query().Get("step")
	if step == "" {
		return s.loginPage(w, r, http.StatusOK, views.Login{Next: next, ByPassword: r.URL.Query().Has("password")})
	}
	pending, err := s.Auth.Pending(r)
	if err != nil {
		return err
	}
	if pending.Email == "" {
		redirect(w, loginPath(next))
		return nil
	}
	return s.loginPage(w, r, http.StatusOK, views.Login{
		Sent: true, Resent: step == "again", Email: pending.Email, Next: localPath(pending.Next, ""),
	})
}

// loginPath is the sign-in page that leads on to next, which is a local path or empty.
func loginPath(next string) string {
	if next == "" {
		return "/login"
	}
	return "/login?next=" + url.QueryEscape(next)
}

// loginPage fills in what both steps of the sign-in page share.
func (s *Server) loginPage(w http.ResponseWriter, r *http.Request, status int, m views.Login) error {
	page := s.frame(r, auth.Visitor{}, "login.title", "")
	notice(r, &page)
	if err := s.takeFlash(w, r, &page); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-store")
	m.Minutes = strconv.Itoa(int(auth.CodeLife / time.Minute))
	m.Codes, m.Links, m.Passwords = s.Auth.Offers(auth.WayCode), s.Auth.Offers(auth.WayLink), s.Auth.Offers(auth.WayPassword)
	m.ByPassword = m.Passwords && (m.ByPassword || !m.Codes && !m.Links)
	m.SignUps = !s.Auth.SignUpClosed
	m.Passkey = s.Auth.OffersPasskeys()
	for _, p := range s.Auth.Providers() {
		m.Providers = append(m.Providers, views.LoginProvider{ID: p.ID, Name: p.Name})
	}
	for _, p := range s.Personas {
		m.Personas = append(m.Personas, views.Persona{Provider: p.Provider, Name: p.Name, Email: p.Email, About: page.T.T(p.Note)})
	}
	return s.render(w, r, status, views.LoginPage(page, m))
}

// takeFlash shows, once, what the last action of this browser came to.
func (s *Server) takeFlash(w http.ResponseWriter, r *http.Request, page *views.Page) error {
	flash, err := s.Auth.TakeFlash(w, r)
	if err != nil {
		return err
	}
	if flash.Text != "" {
		page.Flash = &views.Flash{Tone: views.Tone(flash.Tone), Text: flash.Text}
	}
	return nil
}

// sendCode handles POST /login: it mails a code. Whether anybody has that address
// makes no difference to the answer.
func (s *Server) sendCode(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	next := localPath(r.PostFormValue("next"), "")
	if who.SignedIn() {
		redirect(w, localPath(next, "/portal"))
		return nil
	}
	resend := r.PostFormValue("resend") != ""
	ask := s.Auth.RequestCode
	if resend {
		ask = s.Auth.AskAgain
	}
	err := ask(w, r, r.PostFormValue("email"), next)
	if refusal := auth.ReasonOf(err); refusal != nil {
		model := views.Login{Email: clip(r.PostFormValue("email"), 254), Next: next, Sent: resend}
		return s.refused(w, r, model, refusal)
	}
	if err != nil {
		return err
	}
	if resend {
		redirect(w, "/login?step=again")
		return nil
	}
	redirect(w, "/login?step=code")
	return nil
}

// verifyCode handles POST /login/code: it signs in, with a new session.
func (s *Server) verifyCode(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	next := localPath(r.PostFormValue("next"), "")
	if who.SignedIn() {
		redirect(w, localPath(next, "/portal")) // the form was sent twice
		return nil
	}
	arrival, err := s.Auth.VerifyCode(w, r, r.PostFormValue("email"), r.PostFormValue("code"))
	if refusal := auth.ReasonOf(err); refusal != nil {
		email := clip(r.PostFormValue("email"), 254)
		return s.refused(w, r, views.Login{Sent: email != "", Email: email, Next: next}, refusal)
	}
	if err != nil {
		return err
	}
	s.arrived(w, arrival)
	return nil
}

// refused shows the sign-in page with the reason for a refusal beside the field.
func (s *Server) refused(w http.ResponseWriter, r *http.Request, m views.Login, refusal *auth.Refusal) error {
	s.Log.InfoContext(r.Context(), "sign-in refused", "reason", refusal.Reason, "err", refusal)
	t := s.frame(r, auth.Visitor{}, "", "").T
	m.Error = refusalText(t, refusal, "")
	retryAfter(w, refusal)
	return s.loginPage(w, r, refusalStatus(refusal), m)
}

// retryAfter says when it makes sense to come back.
func retryAfter(w http.ResponseWriter, refusal *auth.Refusal) {
	if refusal.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
	}
}

// refusalStatus is the status of a sign-in that was refused.
func refusalStatus(refusal *auth.Refusal) int {
	if refusal.Reason == auth.TooMany {
		return http.StatusTooManyRequests
	}
	return statusOf(refusal)
}

// refusalText is what the reader is told. provider is the name on its button.
func refusalText(t *views.Translator, refusal *auth.Refusal, provider string) string {
	switch refusal.Reason {
	case auth.WrongCode:
		return t.N("login.refused.wrong_code", int64(refusal.TriesLeft))
	case auth.TooMany:
		return t.N("login.refused.too_many", int64(math.Ceil(refusal.RetryAfter.Minutes())))
	}
	return t.T("login.refused."+string(refusal.Reason), "Provider", provider)
}

// signOut handles POST /logout.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	if err := s.Auth.SignOut(w, r); err != nil {
		return err
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	redirect(w, "/")
	return nil
}

// clip bounds what a form sent before it is shown again.
func clip(text string, most int) string {
	if len(text) > most {
		return ""
	}
	return text
}
