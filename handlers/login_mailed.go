package handlers

import (
	"net/http"

	"github.com/a-h/templ"

	"counterfoil/auth"
	"counterfoil/views"
)

// The pages behind mailed links. Opening one spends nothing, so that a program which
// opens every link of a mail does no harm; a button does.

// showCodeLink handles GET /login/link.
func (s *Server) showCodeLink(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if who.SignedIn() {
		redirect(w, "/portal")
		return nil
	}
	id, code := r.URL.Query().Get("id"), r.URL.Query().Get("code")
	link, err := s.Auth.OpenCodeLink(r, id, code)
	if err != nil {
		return s.deadLink(w, r, err, "dead_link.sign_in", "/login")
	}
	page := s.frame(r, auth.Visitor{}, "link.title", "")
	w.Header().Set("Cache-Control", "private, no-store")
	m := views.CodeLink{
		API: r.URL.Query().Has("api"), NewUser: s.back(r.URL.Query().Get("new")),
		ID: id, Code: link.Code, Here: link.Here, Email: link.Email, Typed: s.Auth.Offers(auth.WayCode),
		Device: views.Device(page.T, link.UserAgent), Asked: page.T.Ago(link.AskedAt, s.Now()),
	}
	if link.Here {
		m.Code = code
	}
	return s.render(w, r, http.StatusOK, views.CodeLinkPage(page, m))
}

// verifyCodeLink handles POST /login/link: it signs in the browser that asked.
func (s *Server) verifyCodeLink(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if who.SignedIn() {
		redirect(w, "/portal")
		return nil
	}
	if r.PostFormValue("api") != "" {
		r = auth.OnWire(r, false) // with the cookie of the API
	}
	arrival, err := s.Auth.VerifyCodeLink(w, r, r.PostFormValue("id"), r.PostFormValue("code"))
	if err != nil {
		return s.deadLink(w, r, err, "dead_link.sign_in", "/login")
	}
	if next := s.back(r.PostFormValue("new")); arrival.New && next != "" {
		arrival.Next = next
	}
	return s.arrivedBack(w, r, arrival)
}

// showReset handles GET /login/reset: a new password for whom the link is.
func (s *Server) showReset(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	token := r.URL.Query().Get("token")
	email, err := s.Auth.OpenReset(r, token)
	if err != nil {
		return s.deadLink(w, r, err, "dead_link.reset", "/login/forgot")
	}
	return s.credentials(w, r, http.StatusOK, "reset.title", views.ResetPage, views.Credentials{Email: email, Token: token})
}

// resetPassword handles POST /login/reset. It signs nobody in.
func (s *Server) resetPassword(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	token := r.PostFormValue("token")
	err := s.Auth.ResetPassword(r, token, r.PostFormValue("password"))
	if err == nil {
		redirect(w, "/login?password&done=reset")
		return nil
	}
	email, closed := s.Auth.OpenReset(r, token)
	refusal := auth.ReasonOf(err)
	if closed != nil || refusal == nil {
		return s.deadLink(w, r, err, "dead_link.reset", "/login/forgot")
	}
	return s.refuseCredentials(w, r, "reset.title", views.ResetPage, views.Credentials{Email: email, Token: token}, refusal)
}

// showVerify handles GET /login/verify: the address that the link would prove.
func (s *Server) showVerify(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	token := r.URL.Query().Get("token")
	v, err := s.Auth.OpenVerification(r, token)
	if err != nil {
		return s.deadLink(w, r, err, "dead_link.verify", "/login")
	}
	return s.credentials(w, r, http.StatusOK, "verify.title", views.VerifyPage, views.Credentials{Email: v.Email, Token: token, Typed: v.NeedsPassword})
}

// verifyAddress handles POST /login/verify: it proves the address and signs in.
func (s *Server) verifyAddress(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	token := r.PostFormValue("token")
	arrival, err := s.Auth.VerifyEmail(w, r, token, r.PostFormValue("password"))
	if err == nil {
		s.arrived(w, arrival)
		return nil
	}
	v, closed := s.Auth.OpenVerification(r, token)
	refusal := auth.ReasonOf(err)
	if closed != nil || refusal == nil {
		return s.deadLink(w, r, err, "dead_link.verify", "/login")
	}
	m := views.Credentials{Email: v.Email, Token: token, Typed: v.NeedsPassword}
	return s.refuseCredentials(w, r, "verify.title", views.VerifyPage, m, refusal)
}

// deadLink says why a link is refused, and where to begin again.
func (s *Server) deadLink(w http.ResponseWriter, r *http.Request, err error, again, url string) error {
	refusal := auth.ReasonOf(err)
	if refusal == nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "mailed link refused", "reason", refusal.Reason, "err", refusal)
	page := s.frame(r, auth.Visitor{}, "dead_link.title", "")
	retryAfter(w, refusal)
	w.Header().Set("Cache-Control", "private, no-store")
	m := views.DeadLink{Text: refusalText(page.T, refusal, ""), Again: page.T.T(again), URL: url}
	return s.render(w, r, refusalStatus(refusal), views.DeadLinkPage(page, m))
}

// credentials shows a form of an address or a password.
func (s *Server) credentials(w http.ResponseWriter, r *http.Request, status int, title string, view func(views.Page, views.Credentials) templ.Component, m views.Credentials) error {
	w.Header().Set("Cache-Control", "private, no-store")
	return s.render(w, r, status, view(s.frame(r, auth.Visitor{}, title, ""), m))
}

// refuseCredentials shows the form again, with the reason beside its field.
func (s *Server) refuseCredentials(w http.ResponseWriter, r *http.Request, title string, view func(views.Page, views.Credentials) templ.Component, m views.Credentials, refusal *auth.Refusal) error {
	s.Log.InfoContext(r.Context(), "form refused", "reason", refusal.Reason, "err", refusal)
	m.Errors = fieldErrors(s.frame(r, auth.Visitor{}, "", "").T, refusal)
	if title == "forgot.title" { // it has one field
		m.Errors.Email += m.Errors.Password
	}
	retryAfter(w, refusal)
	return s.credentials(w, r, refusalStatus(refusal), title, view, m)
}

// fieldErrors puts the reason for a refusal beside the field that it is about.
func fieldErrors(t *views.Translator, refusal *auth.Refusal) views.FieldErrors {
	text := refusalText(t, refusal, "")
	switch refusal.Reason {
	case auth.BadName:
		return views.FieldErrors{Name: text}
	case auth.BadEmail, auth.EmailTaken:
		return views.FieldErrors{Email: text}
	}
	return views.FieldErrors{Password: text}
}
