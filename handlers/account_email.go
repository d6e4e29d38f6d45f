package handlers

import (
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// showEmailChange handles GET /account/email: it asks for a new address or, once it is
// asked for, for the two codes.
func (s *Server) showEmailChange(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.emailPage(w, r, who, http.StatusOK, views.EmailChange{})
}

// emailPage fills in what every state of the page shows.
func (s *Server) emailPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, status int, m views.EmailChange) error {
	page := s.frame(r, who, "account.email.change", "")
	notice(r, &page)
	change, err := s.Auth.PendingEmail(r.Context(), who)
	if err != nil {
		return err
	}
	m.Email = who.Email
	m.New, m.NewProven, m.OldProven = change.New, change.NewProven, change.OldProven
	if change.New != "" {
		m.Ends = page.T.DateTime(change.ExpiresAt)
	}
	return s.render(w, r, status, views.EmailChangePage(page, m))
}

// askEmailChange handles POST /account/email: it mails a code to both addresses. Whether
// the new one is somebody else's makes no difference to the answer.
func (s *Server) askEmailChange(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	err := s.Auth.AskEmailChange(r, who, r.PostFormValue("email"))
	if refusal := auth.ReasonOf(err); refusal != nil {
		m := views.EmailChange{Typed: clip(r.PostFormValue("email"), 254)}
		return s.emailRefused(w, r, who, m, refusal)
	}
	if err != nil {
		return err
	}
	redirect(w, "/account/email")
	return nil
}

// proveEmail handles POST /account/email/new and /account/email/old: one of the codes.
func (s *Server) proveEmail(side db.ChangeSide) handler {
	return func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		changed, err := s.Auth.ProveEmail(r, who, side, r.PostFormValue("code"))
		if refusal := auth.ReasonOf(err); refusal != nil {
			return s.emailRefused(w, r, who, views.EmailChange{Step: string(side)}, refusal)
		}
		if err != nil {
			return err
		}
		if changed {
			s.Auth.NewToken(w, r, who)
			redirect(w, "/account?done=email_changed")
		} else {
			redirect(w, "/account/email?done=email_half")
		}
		return nil
	}
}

// emailRefused shows the page again with the reason beside the field.
func (s *Server) emailRefused(w http.ResponseWriter, r *http.Request, who auth.Visitor, m views.EmailChange, refusal *auth.Refusal) error {
	page := s.frame(r, who, "", "")
	m.Error = emailProblem(page.T, refusal)
	return s.emailPage(w, r, who, refusalStatus(refusal), m)
}

// emailProblem is the sentence for a refusal; the ones that a sign-in has too are its.
func emailProblem(t *views.Translator, refusal *auth.Refusal) string {
	switch refusal.Reason {
	case auth.SameEmail, auth.TakenEmail, auth.CodeExpired, auth.CodeDead:
		return t.T("account.email." + string(refusal.Reason))
	}
	return refusalText(t, refusal, "")
}

// cancelEmailChange handles POST /account/email/cancel.
func (s *Server) cancelEmailChange(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if err := s.Auth.CancelEmailChange(r.Context(), who); err != nil {
		return err
	}
	redirect(w, "/account?done=email_canceled")
	return nil
}

// showEmailStop handles GET /account/email/stop/{id}, which the mail to an old address
// names. It tells nothing of the change, so the id opens nothing.
func (s *Server) showEmailStop(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	w.Header().Set("Cache-Control", "private, no-store")
	return s.render(w, r, http.StatusOK, views.EmailStopPage(s.frame(r, who, "account.stop.title", ""), r.PathValue("id"), ""))
}

// stopEmailChange handles POST /account/email/stop/{id}: with the code from the mail,
// whoever sends it, the change is stopped and all sessions of its user end.
func (s *Server) stopEmailChange(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	err := s.Auth.StopEmailChange(r, r.PathValue("id"), r.PostFormValue("code"))
	refusal := auth.ReasonOf(err)
	switch {
	case refusal != nil && refusal.Reason == auth.CodeExpired:
		return say(billing.ErrNotFound, "account.stop.over")
	case refusal != nil:
		page := s.frame(r, who, "account.stop.title", "")
		w.Header().Set("Cache-Control", "private, no-store")
		return s.render(w, r, refusalStatus(refusal), views.EmailStopPage(page, r.PathValue("id"), emailProblem(page.T, refusal)))
	case errors.Is(err, billing.ErrNotFound):
		return say(billing.ErrNotFound, "account.stop.over")
	case err != nil:
		return err
	}
	page := s.frame(r, auth.Visitor{}, "account.stop.done.title", "")
	return s.render(w, r, http.StatusOK, views.EmailStoppedPage(page))
}
