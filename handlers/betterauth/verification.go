package betterauth

import (
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
)

// sendVerification handles POST /send-verification-email.
func (s *Server) sendVerification(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	var body struct {
		Email       emailAddress `json:"email" wire:"required"`
		CallbackURL *string      `json:"callbackURL"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	switch {
	case who.SignedIn() && auth.NormalEmail(string(body.Email)) != who.Email:
		return refuse(http.StatusBadRequest, "EMAIL_MISMATCH", "Email mismatch")
	case who.SignedIn() && who.EmailVerified:
		return refuse(http.StatusBadRequest, "EMAIL_ALREADY_VERIFIED", "Email is already verified")
	}
	callback := orEmpty(body.CallbackURL)
	err := s.Auth.SendVerification(w, r, auth.Ask{Email: string(body.Email), Next: local(callback), Callback: callback})
	if said := auth.ReasonOf(err); said != nil && said.Reason == auth.WayOff {
		return refuse(http.StatusBadRequest, "VERIFICATION_EMAIL_NOT_ENABLED", "Verification email isn't enabled")
	}
	if err != nil {
		return coreRefusal(err)
	}
	return answer(w, statusTrue)
}

// verifyEmail handles GET /verify-email. Only the browser that signed up, or is signed in
// as the address's user, can spend a link so: another, or the scanner of a mailbox, is
// asked for the password on the portal's page.
func (s *Server) verifyEmail(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	query := r.URL.Query()
	callback := query.Get("callbackURL")
	if callback != "" && !s.leadsHome(callback) {
		return refuse(http.StatusForbidden, "INVALID_CALLBACK_URL", "Invalid callbackURL")
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the token
	asked, err := s.Auth.OpenVerification(r, query.Get("token"))
	if err == nil && !asked.NeedsPassword {
		var arrival auth.Arrival
		if arrival, err = s.Auth.VerifyEmail(w, r, query.Get("token"), ""); arrival.Second {
			s.sendTo(w, "/login/second", "", "")
			return nil
		}
	}
	said := auth.ReasonOf(err)
	switch {
	case errors.Is(err, billing.ErrNotFound) || said != nil && said.Reason == auth.LinkDead:
		if callback == "" {
			return refuse(http.StatusUnauthorized, "INVALID_TOKEN", "Invalid token")
		}
		s.sendTo(w, callback, "error", "INVALID_TOKEN")
	case err != nil:
		return coreRefusal(err)
	case asked.NeedsPassword:
		s.sendTo(w, "/login/verify", "token", query.Get("token"))
	case callback != "":
		s.sendTo(w, callback, "", "")
	default:
		return answer(w, map[string]any{"status": true, "user": nil})
	}
	return nil
}
