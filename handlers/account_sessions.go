package handlers

import (
	"net/http"

	"counterfoil/auth"
	"counterfoil/views"
)

// showSessions handles GET /account/sessions: where the reader is signed in.
func (s *Server) showSessions(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page := s.frame(r, who, "account.tab.sessions", "")
	notice(r, &page)
	sessions, err := s.Auth.Sessions(r.Context(), who)
	if err != nil {
		return err
	}
	var list []views.Session
	for _, session := range sessions {
		row := views.Session{
			ID: session.ID, Device: views.Device(page.T, session.UserAgent), Address: session.Address, Current: session.Current,
			LastSeen: page.T.Ago(session.SeenAt, s.Now()), Started: page.T.DateTime(session.StartedAt),
		}
		if session.Proof != "" {
			row.Proof = page.T.T("account.proof." + string(session.Proof))
		}
		list = append(list, row)
	}
	return s.render(w, r, http.StatusOK, views.AccountSessionsPage(page, list))
}

// endSession handles POST /account/sessions/{id}/end: it signs out one of the
// reader's other browsers. The one in use is ended by signing out.
func (s *Server) endSession(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if r.PathValue("id") == who.SessionID {
		return s.signOut(w, r, who)
	}
	if err := s.Auth.EndSession(r.Context(), who, r.PathValue("id")); err != nil {
		return err
	}
	redirect(w, "/account/sessions?done=session_ended")
	return nil
}

// endOtherSessions handles POST /account/sessions/end: it signs the reader out
// everywhere but here.
func (s *Server) endOtherSessions(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if _, err := s.Auth.EndOtherSessions(r, who); err != nil {
		return err
	}
	s.Auth.NewToken(w, r, who) // a copy of this browser's cookie is somebody else, too
	redirect(w, "/account/sessions?done=sessions_ended")
	return nil
}
