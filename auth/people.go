package auth

import (
	"net/http"

	"counterfoil/billing"
	"counterfoil/db"
)

// EndSessionsOf signs a user out everywhere, as an operator does, and tells the user by
// mail. It counts the sessions that ended. ErrNotFound: there is no such user.
func (s *Service) EndSessionsOf(r *http.Request, userID string) (int64, error) {
	if userID == "" {
		return 0, billing.ErrNotFound
	}
	if _, err := s.Store.User(r.Context(), userID); err != nil {
		return 0, err
	}
	var mail db.Mail
	if s.NoticeMail != nil { // the request is the operator's: its device is not the user's business
		var err error
		if mail, err = s.NoticeMail(NoticeMail{Event: EventSignedOut, At: s.Now()}); err != nil {
			return 0, err
		}
	}
	const keepNone = ""
	ended, err := s.Store.DeleteOtherSessions(r.Context(), userID, keepNone, mail, s.Now())
	s.Poke()
	return ended, err
}

// SessionsOf lists where a user is signed in, for an operator.
func (s *Service) SessionsOf(r *http.Request, userID string) ([]Session, error) {
	return s.Sessions(r.Context(), Visitor{UserID: userID})
}
