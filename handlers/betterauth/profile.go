package betterauth

import (
	"encoding/json"
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
)

// updateUser handles POST /update-user: name and picture, and nothing else of a user.
func (s *Server) updateUser(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	var body struct {
		Email json.RawMessage `json:"email" wire:"nullable"`
		Name  *string         `json:"name"`
		Image nullable        `json:"image" wire:"null"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	switch {
	case len(body.Email) > 0 && string(body.Email) != `""`:
		return refuse(http.StatusBadRequest, "EMAIL_CAN_NOT_BE_UPDATED", "Email can not be updated")
	case body.Name == nil && !body.Image.set:
		return refuse(http.StatusBadRequest, "", "No fields to update")
	}
	if body.Image.set {
		if err := auth.CheckImage(body.Image.text); err != nil {
			return invalid("[body.image] Invalid URL")
		}
	}
	if body.Name != nil {
		if err := s.Auth.Rename(r.Context(), who, *body.Name); errors.Is(err, billing.ErrInvalid) {
			return invalid("[body.name] Invalid input: expected a name of at most 100 characters")
		} else if err != nil {
			return err
		}
	}
	if body.Image.set {
		if err := s.Auth.SetImage(r.Context(), who, body.Image.text); err != nil {
			return err
		}
	}
	s.Auth.Again(w, r)
	return answer(w, statusTrue)
}

// nullable is a text that may be null, which then counts as empty.
type nullable struct {
	set  bool // it was sent
	text string
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *nullable) UnmarshalJSON(raw []byte) error {
	n.set = true
	return json.Unmarshal(raw, &n.text) // null leaves it empty
}

// updateSession handles POST /update-session, by which an original changes the fields
// that its owner added to sessions. There are none here.
func (s *Server) updateSession(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	if err := s.read(w, r, &struct{}{}, false); err != nil {
		return err
	}
	return refuse(http.StatusBadRequest, "", "No fields to update")
}
