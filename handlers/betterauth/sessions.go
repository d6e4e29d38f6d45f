package betterauth

import (
	"net/http"
	"time"

	"counterfoil/auth"
)

// session is a session in the shape of the wire.
type session struct {
	ID        string `json:"id"`
	Token     string `json:"token"`
	UserID    string `json:"userId"`
	ExpiresAt moment `json:"expiresAt"`
	CreatedAt moment `json:"createdAt"`
	UpdatedAt moment `json:"updatedAt"`
	IPAddress string `json:"ipAddress"`
	UserAgent string `json:"userAgent"`
}

// user is a user in the shape of the wire.
type user struct {
	ID            string  `json:"id"`
	Name          string  `json:"name"`
	Email         string  `json:"email"`
	EmailVerified bool    `json:"emailVerified"`
	Image         *string `json:"image"`
	CreatedAt     moment  `json:"createdAt"`
	UpdatedAt     moment  `json:"updatedAt"`
}

type sessionAndUser struct {
	Session session `json:"session"`
	User    user    `json:"user"`
}

// sessionOf is the caller's own session, with its token: he holds it already.
func (s *Server) sessionOf(r *http.Request, who auth.Visitor) session {
	return session{
		ID: who.SessionID, Token: s.Auth.Token(r), UserID: who.UserID, ExpiresAt: moment(who.SessionEndsAt),
		CreatedAt: moment(who.SignedInAt), UpdatedAt: moment(who.RenewedAt), IPAddress: who.Address, UserAgent: who.UserAgent,
	}
}

func userOf(who auth.Visitor) user {
	u := user{
		ID: who.UserID, Name: who.Name, Email: who.Email, EmailVerified: who.EmailVerified,
		CreatedAt: moment(who.CreatedAt), UpdatedAt: moment(who.UpdatedAt),
	}
	if who.Image != "" {
		u.Image = &who.Image
	}
	return u
}

// getSession handles GET /get-session: who is signed in, or null.
func (s *Server) getSession(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	w.Header()["Pragma"] = noCache
	if who.SignedIn() {
		return answer(w, &sessionAndUser{s.sessionOf(r, who), userOf(who)})
	}
	if s.Auth.CameDead(r) {
		s.Auth.Forget(w)
	}
	return answer(w, nil)
}

var noCache = []string{"no-cache"}

// deferSession handles POST /get-session, which the original has for servers that put
// off renewing sessions; this one does not.
func (s *Server) deferSession(http.ResponseWriter, *http.Request, auth.Visitor) error {
	return refuse(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED",
		"POST method requires deferSessionRefresh to be enabled in session config")
}

// signOut handles POST /sign-out. Nobody signed in is no failure.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	if err := s.Auth.SignOut(w, r); err != nil {
		return err
	}
	return answer(w, map[string]bool{"success": true})
}

// listSessions handles GET /list-sessions. A token is a secret and kept only as a hash:
// in its place stands a handle that /revoke-session takes as well.
func (s *Server) listSessions(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	rows, err := s.Auth.Sessions(r.Context(), who)
	if err != nil {
		return err
	}
	list := make([]session, len(rows))
	for i, row := range rows {
		list[i] = session{
			ID: row.ID, Token: row.ID, UserID: who.UserID, ExpiresAt: moment(row.EndsAt),
			CreatedAt: moment(row.StartedAt), UpdatedAt: moment(row.UpdatedAt), IPAddress: row.Address, UserAgent: row.UserAgent,
		}
		if row.Current {
			list[i].Token = s.Auth.Token(r) // pages find their own session by it
		}
	}
	return answer(w, list)
}

var statusTrue = map[string]bool{"status": true}

// revokeSession handles POST /revoke-session. One that is somebody else's, or none, is
// left alone and answered alike.
func (s *Server) revokeSession(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	var body struct {
		Token string `json:"token" wire:"required"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	ended, err := s.Auth.EndSessionNamed(r.Context(), who, body.Token)
	if err != nil {
		return err
	}
	if ended == who.SessionID {
		if err := s.Auth.SignOut(w, r); err != nil {
			return err
		}
	}
	return answer(w, statusTrue)
}

// revokeSessions handles POST /revoke-sessions: it signs the caller out everywhere.
func (s *Server) revokeSessions(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if _, err := s.Auth.EndOtherSessions(r, who); err != nil {
		return err
	}
	if err := s.Auth.SignOut(w, r); err != nil {
		return err
	}
	return answer(w, statusTrue)
}

// revokeOtherSessions handles POST /revoke-other-sessions. The caller's own goes on under
// a new token: a copy of his cookie is somebody else, too.
func (s *Server) revokeOtherSessions(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if _, err := s.Auth.EndOtherSessions(r, who); err != nil {
		return err
	}
	s.Auth.NewToken(w, r, who)
	return answer(w, statusTrue)
}

// moment is a time as the clients revive it: UTC with exactly three digits of a
// second. Their date reader misreads any other number of digits.
type moment time.Time

// MarshalJSON implements json.Marshaler.
func (m moment) MarshalJSON() ([]byte, error) {
	return time.Time(m).UTC().AppendFormat(make([]byte, 0, 26), `"2006-01-02T15:04:05.000Z"`), nil
}
