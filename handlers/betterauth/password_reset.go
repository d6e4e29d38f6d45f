package betterauth

import (
	"net/http"

	"counterfoil/auth"
)

// requestReset handles POST /request-password-reset; it tells nobody whether an address
// is known.
func (s *Server) requestReset(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	var body struct {
		Email      emailAddress `json:"email" wire:"required"`
		RedirectTo *string      `json:"redirectTo"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	err := s.Auth.RequestReset(w, r, auth.Ask{Email: string(body.Email), Callback: orEmpty(body.RedirectTo)})
	if said := auth.ReasonOf(err); said != nil && said.Reason == auth.WayOff {
		return refuse(http.StatusBadRequest, "RESET_PASSWORD_DISABLED", "Reset password isn't enabled")
	}
	if err != nil {
		return coreRefusal(err)
	}
	return answer(w, map[string]any{"status": true, "message": "If this email exists in our system, check your email for the reset link"})
}

// openReset handles GET /reset-password/{token}, where the mailed link leads: it sends
// the browser to the page that asked, with the token. Nothing is spent.
func (s *Server) openReset(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	callback, token := r.URL.Query().Get("callbackURL"), r.PathValue("token")
	if callback != "" && !s.leadsHome(callback) {
		return refuse(http.StatusForbidden, "INVALID_CALLBACK_URL", "Invalid callbackURL")
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the token
	_, err := s.Auth.OpenReset(r, token)
	switch {
	case err != nil && auth.ReasonOf(err) == nil:
		return err
	case err != nil || callback == "":
		s.sendTo(w, callback, "error", "INVALID_TOKEN")
	default:
		s.sendTo(w, callback, "token", token)
	}
	return nil
}

// resetPassword handles POST /reset-password.
func (s *Server) resetPassword(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	var body struct {
		NewPassword string  `json:"newPassword" wire:"required"`
		Token       *string `json:"token"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	token := orEmpty(body.Token)
	if token == "" {
		token = r.URL.Query().Get("token")
	}
	if token == "" {
		return refuse(http.StatusBadRequest, "INVALID_TOKEN", "Invalid token")
	}
	if err := s.Auth.ResetPassword(r, token, body.NewPassword); err != nil {
		return coreRefusal(err)
	}
	return answer(w, statusTrue)
}
