package betterauth

import (
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/db"
)

// signUpEmail handles POST /sign-up/email. Like the original it signs in at once and
// says when an address is taken, unless the address must be proven first: then nothing
// is told apart.
func (s *Server) signUpEmail(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	var body struct {
		open
		Name        string       `json:"name" wire:"required"`
		Email       emailAddress `json:"email" wire:"required"`
		Password    someText     `json:"password" wire:"required"`
		Image       *string      `json:"image"`
		CallbackURL *string      `json:"callbackURL"`
		RememberMe  *bool        `json:"rememberMe"`
	}
	if err := s.readForm(w, r, &body); err != nil {
		return err
	}
	image := orEmpty(body.Image)
	if auth.CheckImage(image) != nil {
		return invalid("[body.image] Invalid URL")
	}
	auth.Brief(r, body.RememberMe != nil && !*body.RememberMe)
	callback := orEmpty(body.CallbackURL)
	arrival, err := s.Auth.SignUpWithPassword(w, r, auth.SignUp{
		Email: string(body.Email), Password: string(body.Password), Name: body.Name, Image: image,
		Next: local(callback), Callback: callback, Enter: !s.ProveFirst,
	})
	if err != nil {
		return signUpRefusal(err)
	}
	if s.ProveFirst {
		now := moment(s.Now())
		u := user{ID: db.NewID(), Name: body.Name, Email: auth.NormalEmail(string(body.Email)), CreatedAt: now, UpdatedAt: now}
		if image != "" {
			u.Image = &image
		}
		return answer(w, map[string]any{"token": nil, "user": u})
	}
	who, err := s.arrived(r, arrival, nil)
	if err != nil {
		return err
	}
	return answer(w, tokenAndUser{Token: s.Auth.Token(r), User: userOf(who)})
}

func signUpRefusal(err error) error {
	if said := auth.ReasonOf(err); said != nil && (said.Reason == auth.WayOff || said.Reason == auth.SignUpClosed) {
		return refuse(http.StatusBadRequest, "EMAIL_PASSWORD_SIGN_UP_DISABLED", "Email and password sign up is not enabled")
	}
	return coreRefusal(err)
}

// signInEmail handles POST /sign-in/email.
func (s *Server) signInEmail(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	var body struct {
		Email       string  `json:"email" wire:"required"`
		Password    string  `json:"password" wire:"required"`
		CallbackURL *string `json:"callbackURL"`
		RememberMe  *bool   `json:"rememberMe"`
	}
	if err := s.readForm(w, r, &body); err != nil {
		return err
	}
	if err := wantEmail(body.Email); err != nil {
		return err
	}
	auth.Brief(r, body.RememberMe != nil && !*body.RememberMe)
	callback := orEmpty(body.CallbackURL)
	arrival, err := s.Auth.SignInWithPassword(w, r, auth.PasswordSignIn{
		Email: body.Email, Password: body.Password, Next: local(callback), Callback: callback, Unproven: !s.ProveFirst,
	})
	if err != nil {
		return signInRefusal(err)
	}
	if arrival.Second {
		return halfway(w)
	}
	who, err := s.arrived(r, arrival, nil)
	if err != nil {
		return err
	}
	if callback != "" {
		w.Header().Set("Location", callback)
	}
	return answer(w, struct {
		Redirect bool   `json:"redirect"`
		Token    string `json:"token"`
		URL      string `json:"url,omitempty"`
		User     user   `json:"user"`
	}{callback != "", s.Auth.Token(r), callback, userOf(who)})
}

func signInRefusal(err error) error {
	if said := auth.ReasonOf(err); said != nil {
		switch said.Reason {
		case auth.WrongPassword:
			return refuse(http.StatusUnauthorized, "INVALID_EMAIL_OR_PASSWORD", "Invalid email or password")
		case auth.WayOff:
			return refuse(http.StatusBadRequest, "EMAIL_PASSWORD_DISABLED", "Email and password is not enabled")
		}
	}
	return coreRefusal(err)
}

// changePassword handles POST /change-password. All other sessions end, and the caller's
// own goes on under a new token, whatever revokeOtherSessions says: who changes his
// password may have lost the old one. That decides only whether the token is told.
func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	var body struct {
		NewPassword         string `json:"newPassword" wire:"required"`
		CurrentPassword     string `json:"currentPassword" wire:"required"`
		RevokeOtherSessions *bool  `json:"revokeOtherSessions"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	err := s.Auth.ChangePassword(r, who, body.CurrentPassword, body.NewPassword)
	if said := auth.ReasonOf(err); said != nil && said.Reason == auth.WrongPassword {
		if since, err := s.Auth.PasswordSince(r.Context(), who); err != nil || since.IsZero() {
			return errors.Join(err, refuse(http.StatusBadRequest, "CREDENTIAL_ACCOUNT_NOT_FOUND", "Credential account not found"))
		}
	}
	if err != nil {
		return coreRefusal(err)
	}
	s.Auth.NewToken(w, r, who)
	var token *string
	if body.RevokeOtherSessions != nil && *body.RevokeOtherSessions {
		own := s.Auth.Token(r)
		token = &own
	}
	return answer(w, map[string]any{"token": token, "user": userOf(who)})
}

// verifyPassword handles POST /verify-password.
func (s *Server) verifyPassword(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	var body struct {
		Password string `json:"password" wire:"required"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	if err := s.Auth.VerifyPassword(r, who, body.Password); err != nil {
		return coreRefusal(err)
	}
	return answer(w, statusTrue)
}
