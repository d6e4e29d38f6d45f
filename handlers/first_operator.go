package handlers

import (
	"net/http"

	"counterfoil/auth"
	"counterfoil/views"
)

// showFirstOperator handles GET /setup: it asks for the start-up token while nobody runs
// this installation. After that the page does not exist.
func (s *Server) showFirstOperator(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	open, err := s.Auth.Setup(r.Context())
	if err != nil {
		return err
	}
	if !open {
		return s.showMissing(w, r, who)
	}
	return s.render(w, r, http.StatusOK, views.FirstOperatorPage(s.frame(r, who, "setup.title", ""), who.Email, ""))
}

// becomeOperator handles POST /setup: whoever knows the token becomes the first operator.
func (s *Server) becomeOperator(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	err := s.Auth.BecomeOperator(w, r, who, clip(r.PostFormValue("token"), 100))
	refusal := auth.ReasonOf(err)
	if err != nil && refusal == nil {
		return err
	}
	if refusal == nil {
		s.audit(r, who, "become the first operator")
		redirect(w, "/admin")
		return nil
	}
	s.Log.WarnContext(r.Context(), "start-up token refused", "user", who.UserID, "reason", refusal.Reason)
	page := s.frame(r, who, "setup.title", "")
	return s.render(w, r, refusalStatus(refusal), views.FirstOperatorPage(page, who.Email, setupProblem(page.T, refusal)))
}

func setupProblem(t *views.Translator, refusal *auth.Refusal) string {
	switch refusal.Reason {
	case auth.SetupToken, auth.UnprovenAddress:
		return t.T("setup.refused." + string(refusal.Reason))
	}
	return refusalText(t, refusal, "")
}
