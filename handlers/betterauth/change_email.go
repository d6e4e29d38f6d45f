package betterauth

import (
	"net/http"

	"counterfoil/auth"
)

// changeEmail handles POST /change-email: it mails a code to each of the two addresses,
// which are proven on the portal's page. Whether the new one is somebody's is not told.
func (s *Server) changeEmail(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	var body struct {
		NewEmail    newEmail `json:"newEmail" wire:"required"`
		CallbackURL *string  `json:"callbackURL"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	err := s.Auth.AskEmailChange(r, who, string(body.NewEmail))
	if said := auth.ReasonOf(err); said != nil && said.Reason == auth.SameEmail {
		return refuse(http.StatusBadRequest, "", "Email is the same")
	}
	if err != nil {
		return coreRefusal(err)
	}
	return answer(w, statusTrue)
}

// newEmail is emailAddress by the name of its field.
type newEmail string

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *newEmail) UnmarshalText(text []byte) error {
	if !address.Match(text) {
		return invalid("[body.newEmail] Invalid email address")
	}
	*e = newEmail(text)
	return nil
}
