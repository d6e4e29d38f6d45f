package handlers

import (
	"net/http"
	"net/url"

	"counterfoil/auth"
	"counterfoil/views"
)

// fresh lets in who proved himself a short while ago, because the route changes money or
// what protects an account; others prove themselves again first, and come back to where
// they were. A form that came too late is sent again from its page, so nothing is half
// done.
func (s *Server) fresh(h handler) http.Handler { return s.signedIn(s.afterProof(h)) }

func (s *Server) afterProof(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		proven, err := s.proven(r, who)
		if err != nil {
			return err
		}
		if proven {
			return h(w, r, who)
		}
		return s.askForProof(w, r)
	}
}

// proven reports whether the visitor's last proof is enough. An operator who has a factor
// needs it here too where operators need one: else whoever reads his mail could add
// another, and be an operator by that.
func (s *Server) proven(r *http.Request, who auth.Visitor) (bool, error) {
	if !s.Auth.Fresh(who) {
		return false, nil
	}
	if !s.unproven(who) {
		return true, nil
	}
	has, err := s.Auth.HasFactor(r.Context(), who)
	return !has, err
}

// askForProof sends the visitor to prove himself, and from there back to where he was.
func (s *Server) askForProof(w http.ResponseWriter, r *http.Request) error {
	next := r.URL.RequestURI()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		next = s.formPage(r)
	}
	redirect(w, confirmPath(next))
	return nil
}

func confirmPath(next string) string { return "/account/confirm?next=" + url.QueryEscape(next) }

// formPage is the page of ours that a form stood on, as its browser tells.
func (s *Server) formPage(r *http.Request) string {
	const elsewhere = "/account"
	page, err := url.Parse(r.Referer())
	if err != nil || page.Scheme+"://"+page.Host != s.BaseURL {
		return elsewhere
	}
	return localPath(page.RequestURI(), elsewhere)
}

// showConfirm handles GET /account/confirm?next=&step=.
func (s *Server) showConfirm(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	next := localPath(r.URL.Query().Get("next"), "/account")
	proven, err := s.proven(r, who)
	if err != nil {
		return err
	}
	if proven {
		redirect(w, next)
		return nil
	}
	return s.confirmPage(w, r, who, http.StatusOK, views.Proof{Next: next, Mailed: r.URL.Query().Get("step") == "code"})
}

func (s *Server) confirmPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, status int, m views.Proof) error {
	proofs, err := s.Auth.Proofs(r.Context(), who)
	if err != nil {
		return err
	}
	m.Second, m.Password, m.Email = proofs.Second, proofs.Password, who.Email
	if s.Auth.OffersPasskeys() {
		keys, err := s.Auth.Passkeys(r.Context(), who)
		if err != nil {
			return err
		}
		m.Passkey = len(keys) > 0
	}
	m.OnlyPasskey = m.Passkey && !m.Second && s.OperatorFactor && s.operates(who)
	return s.render(w, r, status, views.ConfirmPage(s.frame(r, who, "confirm.title", ""), m))
}

// mailConfirmation handles POST /account/confirm/code: a code to prove oneself with.
func (s *Server) mailConfirmation(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	next := localPath(r.PostFormValue("next"), "/account")
	err := s.Auth.ConfirmCode(w, r, who)
	if refusal := auth.ReasonOf(err); refusal != nil {
		return s.confirmRefused(w, r, who, views.Proof{Next: next}, refusal)
	}
	if err != nil {
		return err
	}
	redirect(w, confirmPath(next)+"&step=code")
	return nil
}

// confirm handles POST /account/confirm: what was typed proves its sender once more.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	next := localPath(r.PostFormValue("next"), "/account")
	err := s.Auth.Confirm(w, r, who, r.PostFormValue("code"))
	if refusal := auth.ReasonOf(err); refusal != nil {
		return s.confirmRefused(w, r, who, views.Proof{Next: next, Mailed: true}, refusal)
	}
	if err != nil {
		return err
	}
	redirect(w, next)
	return nil
}

// confirmPassword handles POST /account/confirm/password.
func (s *Server) confirmPassword(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	next := localPath(r.PostFormValue("next"), "/account")
	err := s.Auth.ConfirmPassword(w, r, who, r.PostFormValue("password"))
	if refusal := auth.ReasonOf(err); refusal != nil {
		return s.confirmRefused(w, r, who, views.Proof{Next: next, Typed: true}, refusal)
	}
	if err != nil {
		return err
	}
	redirect(w, next)
	return nil
}

func (s *Server) confirmRefused(w http.ResponseWriter, r *http.Request, who auth.Visitor, m views.Proof, refusal *auth.Refusal) error {
	s.Log.InfoContext(r.Context(), "proof refused", "user", who.UserID, "reason", refusal.Reason, "err", refusal)
	proofs, err := s.Auth.Proofs(r.Context(), who)
	if err != nil {
		return err
	}
	t := s.frame(r, who, "", "").T
	m.Error = refusalText(t, refusal, "")
	if proofs.Second && refusal.Reason == auth.BadCode {
		m.Error = t.T("second.bad")
	}
	if refusal.Reason == auth.WrongPassword {
		m.Error = t.T("password.wrong")
	}
	if refusal.Reason == auth.ForeignBrowser { // no code was asked for here, or too long ago
		m.Mailed, m.Error = false, t.T("confirm.ask")
	}
	retryAfter(w, refusal)
	return s.confirmPage(w, r, who, refusalStatus(refusal), m)
}
