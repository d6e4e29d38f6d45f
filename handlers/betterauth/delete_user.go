package betterauth

import (
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
)

// deleteUser handles POST /delete-user: it erases the caller, as the portal's own page
// does (db.Erase). He proves himself by his password, or has done so within the last
// quarter of an hour; with a second step, a password alone is not enough. No mail with a
// token is ever sent, so none is taken.
func (s *Server) deleteUser(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	var body struct {
		Password    *string `json:"password"`
		Token       *string `json:"token"`
		CallbackURL *string `json:"callbackURL"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	if orEmpty(body.Token) != "" {
		return refuse(http.StatusBadRequest, "INVALID_TOKEN", "Invalid token")
	}
	if err := s.provesErasure(r, who, orEmpty(body.Password)); err != nil {
		return err
	}
	err := s.Auth.Erase(r, who)
	if _, hindered := errors.AsType[*db.Hindrance](err); hindered {
		return refuse(http.StatusConflict, "ACCOUNT_IN_USE", "Something must end first: see "+s.BaseURL+"/account/data/erase")
	}
	if errors.Is(err, billing.ErrNotFound) { // by another request, at the same time
		return refuse(http.StatusUnauthorized, "UNAUTHORIZED", "Unauthorized")
	}
	if err != nil {
		return err
	}
	if err := s.Auth.SignOut(w, r); err != nil {
		return err
	}
	return answer(w, map[string]any{"success": true, "message": "User deleted"})
}

// provesErasure refuses whoever has not just proven who he is.
func (s *Server) provesErasure(r *http.Request, who auth.Visitor, password string) error {
	enough := s.Auth.Fresh(who)
	if password != "" {
		since, err := s.Auth.PasswordSince(r.Context(), who)
		if err != nil {
			return err
		}
		if since.IsZero() {
			return refuse(http.StatusBadRequest, "CREDENTIAL_ACCOUNT_NOT_FOUND", "Credential account not found")
		}
		if err := s.Auth.VerifyPassword(r, who, password); err != nil {
			return coreRefusal(err)
		}
		second, err := s.Auth.Second(r.Context(), who)
		if err != nil {
			return err
		}
		enough = enough || !second.On
	}
	if !enough {
		return refuse(http.StatusBadRequest, "SESSION_EXPIRED", "Session expired. Re-authenticate to perform this action.")
	}
	return nil
}
