package betterauth

import (
	"net/http"

	"counterfoil/auth"
)

// The second step of a sign-in, as Better Auth's twoFactor plugin has it (better-auth 1.7,
// plugins/two-factor). Setting it up and taking it away happens on the portal's page.

// halfway answers a sign-in that needs a second step: the same browser must send a code.
func halfway(w http.ResponseWriter) error {
	return answer(w, map[string]any{"twoFactorRedirect": true, "twoFactorMethods": []string{"totp"}})
}

// verifyTOTP handles POST /two-factor/verify-totp.
func (s *Server) verifyTOTP(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.secondStep(w, r, who, refuse(http.StatusUnauthorized, "INVALID_CODE", "Invalid code"))
}

// verifyBackupCode handles POST /two-factor/verify-backup-code.
func (s *Server) verifyBackupCode(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.secondStep(w, r, who, refuse(http.StatusUnauthorized, "INVALID_BACKUP_CODE", "Invalid backup code"))
}

// secondStep ends a sign-in, or proves again who is signed in. No device is ever trusted
// to need no code.
func (s *Server) secondStep(w http.ResponseWriter, r *http.Request, who auth.Visitor, wrong error) error {
	var body struct {
		Code string `json:"code" wire:"required"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	if who.SignedIn() {
		second, err := s.Auth.Second(r.Context(), who)
		if err != nil {
			return err
		}
		if !second.On {
			return refuse(http.StatusBadRequest, "TOTP_NOT_ENABLED", "TOTP not enabled")
		}
		if err := s.Auth.Confirm(w, r, who, body.Code); err != nil {
			return secondRefusal(err, wrong)
		}
	} else if _, err := s.Auth.SecondStep(w, r, body.Code); err != nil {
		return secondRefusal(err, wrong)
	}
	who, err := s.Auth.Who(r)
	if err != nil {
		return err
	}
	return answer(w, tokenAndUser{Token: s.Auth.Token(r), User: userOf(who)})
}

func secondRefusal(err, wrong error) error {
	said := auth.ReasonOf(err)
	if said == nil {
		return err
	}
	switch said.Reason {
	case auth.BadCode, auth.WrongSecond, auth.CodeUsed:
		return wrong
	case auth.ForeignBrowser:
		return refuse(http.StatusUnauthorized, "INVALID_TWO_FACTOR_COOKIE", "Invalid two factor cookie")
	}
	return coreRefusal(err)
}
