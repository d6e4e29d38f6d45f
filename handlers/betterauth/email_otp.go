package betterauth

import (
	"net/http"
	"regexp"
	"strings"

	"counterfoil/auth"
)

// The endpoints of Better Auth's emailOTP plugin (better-auth 1.7, plugins/email-otp),
// over the portal's own e-mailed codes: eight characters instead of six digits, bound to
// the browser that asked, and the same code whatever it was asked for.

var success = map[string]bool{"success": true}

// sendOTP handles POST /email-otp/send-verification-otp.
func (s *Server) sendOTP(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	var body struct {
		Email string  `json:"email" wire:"required"`
		Type  otpType `json:"type" wire:"required"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	if body.Type == "change-email" {
		return refuse(http.StatusBadRequest, "", "Invalid OTP type")
	}
	return s.mailOTP(w, r, body.Email)
}

// askOTP handles POST /email-otp/request-password-reset and /forget-password/email-otp.
func (s *Server) askOTP(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	var body struct {
		Email string `json:"email" wire:"required"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	return s.mailOTP(w, r, body.Email)
}

func (s *Server) mailOTP(w http.ResponseWriter, r *http.Request, email string) error {
	if err := s.Auth.RequestCode(w, r, email, ""); err != nil {
		return otpRefusal(err)
	}
	return answer(w, success)
}

// otpType is one of the types of a code.
type otpType string

// options is what the schema says of a value that is none of the types.
func (t *otpType) options() string {
	return `Invalid option: expected one of "email-verification"|"sign-in"|"forget-password"|"change-email"`
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *otpType) UnmarshalText(text []byte) error {
	switch *t = otpType(text); *t {
	case "email-verification", "sign-in", "forget-password", "change-email":
		return nil
	}
	return invalid(t.options())
}

// checkOTP handles POST /email-otp/check-verification-otp: is a code right? It stays good.
func (s *Server) checkOTP(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	var body struct {
		Email string  `json:"email" wire:"required"`
		Type  otpType `json:"type" wire:"required"`
		OTP   string  `json:"otp" wire:"required"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	if err := wantEmail(body.Email); err != nil {
		return err
	}
	if err := s.Auth.CheckCode(r, body.Email, body.OTP); err != nil {
		return otpRefusal(err)
	}
	return answer(w, success)
}

// signInOTP handles POST /sign-in/email-otp; a new address becomes a new user.
func (s *Server) signInOTP(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	var body struct {
		open
		Email string  `json:"email" wire:"required"`
		OTP   string  `json:"otp" wire:"required"`
		Name  *string `json:"name"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	arrival, err := s.Auth.VerifyCode(w, r, body.Email, body.OTP)
	if err != nil {
		return otpRefusal(err)
	}
	if arrival.Second {
		return halfway(w)
	}
	who, err := s.arrived(r, arrival, body.Name)
	if err != nil {
		return err
	}
	return answer(w, tokenAndUser{Token: s.Auth.Token(r), User: userOf(who)})
}

// tokenAndUser is what a sign-in answers.
type tokenAndUser struct {
	Token string `json:"token"`
	User  user   `json:"user"`
}

// verifyOTP handles POST /email-otp/verify-email. Who proves an address is signed in, as
// in an original with autoSignInAfterVerification.
func (s *Server) verifyOTP(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	var body struct {
		Email string `json:"email" wire:"required"`
		OTP   string `json:"otp" wire:"required"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	if err := wantEmail(body.Email); err != nil {
		return err
	}
	arrival, err := s.Auth.VerifyCode(w, r, body.Email, body.OTP)
	if err != nil {
		return otpRefusal(err)
	}
	if arrival.Second {
		return halfway(w)
	}
	who, err := s.arrived(r, arrival, nil)
	if err != nil {
		return err
	}
	return answer(w, struct {
		Status bool `json:"status"`
		tokenAndUser
	}{true, tokenAndUser{Token: s.Auth.Token(r), User: userOf(who)}})
}

// resetOTP handles POST /email-otp/reset-password.
func (s *Server) resetOTP(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	var body struct {
		Email    string `json:"email" wire:"required"`
		OTP      string `json:"otp" wire:"required"`
		Password string `json:"password" wire:"required"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	if err := wantEmail(body.Email); err != nil {
		return err
	}
	arrival, err := s.Auth.ResetPasswordByCode(w, r, body.Email, body.OTP, body.Password)
	if err != nil {
		return otpRefusal(err)
	}
	if arrival.Second {
		return halfway(w)
	}
	return answer(w, success)
}

// changeByOTP handles the endpoints that change an address by codes. The portal does that
// on its own page, where both addresses are proven.
func (s *Server) changeByOTP(http.ResponseWriter, *http.Request, auth.Visitor) error {
	return refuse(http.StatusBadRequest, "", "Change email with OTP is disabled")
}

// arrived tells who has just signed in, and names him if he is new.
func (s *Server) arrived(r *http.Request, arrival auth.Arrival, name *string) (auth.Visitor, error) {
	who, err := s.Auth.Who(r)
	if err != nil || !arrival.New || name == nil || *name == "" {
		return who, err
	}
	if err := s.Auth.Rename(r.Context(), who, *name); err != nil {
		return who, err
	}
	user, err := s.Store.User(r.Context(), who.UserID)
	who.Name, who.UpdatedAt = user.Name, user.UpdatedAt
	return who, err
}

// address is the shape of an e-mail address as the original's schema wants it; auth is
// the judge of what mail can go to.
var address = regexp.MustCompile(`^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$`)

// wantEmail is the check of endpoints that do not leave it to the schema.
func wantEmail(email string) error {
	if !address.MatchString(strings.TrimSpace(email)) {
		return refuse(http.StatusBadRequest, "INVALID_EMAIL", "Invalid email")
	}
	return nil
}

// otpRefusal says in the plugin's words why a code did not work.
func otpRefusal(err error) error {
	said := auth.ReasonOf(err)
	if said == nil {
		return err
	}
	switch said.Reason {
	case auth.BadCode, auth.WrongCode, auth.ForeignBrowser, auth.CodeUsed:
		return refuse(http.StatusBadRequest, "INVALID_OTP", "Invalid OTP")
	case auth.CodeExpired:
		return refuse(http.StatusBadRequest, "OTP_EXPIRED", "OTP expired")
	case auth.CodeDead:
		return refuse(http.StatusForbidden, "TOO_MANY_ATTEMPTS", "Too many attempts")
	}
	return coreRefusal(err)
}
