package handlers

import (
	"net/http"

	"counterfoil/auth"
	"counterfoil/views"
)

// signInWithPassword handles POST /login/password. Whether anybody has that address makes
// no difference to the answer.
func (s *Server) signInWithPassword(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	next := localPath(r.PostFormValue("next"), "")
	if who.SignedIn() {
		redirect(w, localPath(next, "/portal"))
		return nil
	}
	arrival, err := s.Auth.SignInWithPassword(w, r, auth.PasswordSignIn{
		Email: r.PostFormValue("email"), Password: r.PostFormValue("password"), Next: next,
	})
	if refusal := auth.ReasonOf(err); refusal != nil {
		return s.refused(w, r, views.Login{ByPassword: true, Email: clip(r.PostFormValue("email"), 254), Next: next}, refusal)
	}
	if err != nil {
		return err
	}
	s.arrived(w, arrival)
	return nil
}

// showSignUp handles GET /login/new: the form that makes an account with a password.
func (s *Server) showSignUp(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	next := localPath(r.URL.Query().Get("next"), "")
	if who.SignedIn() || !s.Auth.Offers(auth.WayPassword) {
		redirect(w, loginPath(next))
		return nil
	}
	return s.credentials(w, r, http.StatusOK, "sign_up.title", views.SignUpPage, views.Credentials{Next: next})
}

// signUp handles POST /login/new: it mails a link, and says the same whether or not the
// address has an account.
func (s *Server) signUp(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	next := localPath(r.PostFormValue("next"), "")
	if who.SignedIn() {
		redirect(w, localPath(next, "/portal"))
		return nil
	}
	up := auth.SignUp{
		Email: r.PostFormValue("email"), Password: r.PostFormValue("password"), Name: r.PostFormValue("name"), Next: next,
	}
	_, err := s.Auth.SignUpWithPassword(w, r, up)
	if refusal := auth.ReasonOf(err); refusal != nil {
		m := views.Credentials{Email: clip(up.Email, 254), Name: clip(up.Name, 400), Next: next}
		return s.refuseCredentials(w, r, "sign_up.title", views.SignUpPage, m, refusal)
	}
	if err != nil {
		return err
	}
	redirect(w, "/login/sent?for=verify")
	return nil
}

// showForgot handles GET /login/forgot: whose password shall be chosen anew.
func (s *Server) showForgot(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if !s.Auth.Offers(auth.WayPassword) {
		redirect(w, "/login")
		return nil
	}
	return s.credentials(w, r, http.StatusOK, "forgot.title", views.ForgotPage, views.Credentials{Email: who.Email})
}

// sendReset handles POST /login/forgot. Whether anybody has that address makes no
// difference to the answer.
func (s *Server) sendReset(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	email := r.PostFormValue("email")
	err := s.Auth.RequestReset(w, r, auth.Ask{Email: email})
	if refusal := auth.ReasonOf(err); refusal != nil {
		return s.refuseCredentials(w, r, "forgot.title", views.ForgotPage, views.Credentials{Email: clip(email, 254)}, refusal)
	}
	if err != nil {
		return err
	}
	redirect(w, "/login/sent?for=reset")
	return nil
}

// showSent handles GET /login/sent: look into your mailbox.
func (s *Server) showSent(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	email, err := s.Auth.Mailed(r)
	if err != nil {
		return err
	}
	if email == "" {
		redirect(w, "/login")
		return nil
	}
	m := views.SentMail{Kind: "verify", Email: email}
	if r.URL.Query().Get("for") == "reset" {
		m.Kind = "reset"
	}
	w.Header().Set("Cache-Control", "private, no-store")
	return s.render(w, r, http.StatusOK, views.SentPage(s.frame(r, auth.Visitor{}, "sent.title", ""), m))
}
