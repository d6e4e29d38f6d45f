package auth

import (
	"encoding/json"
	"fmt"
	"net/http"

	"counterfoil/db"
)

// notes are the small values that a session holds, as JSON in its row.
type notes struct {
	Browser string `json:"browser,omitempty"` // random; codes and states are bound to its hash
	Email   string `json:"email,omitempty"`   // address that a code was sent to
	Next    string `json:"next,omitempty"`    // where to go when it is proven
	Mailed  string `json:"mailed,omitempty"`  // address that a link was sent to
	Flash   *Flash `json:"flash,omitempty"`
	Waits   *waits `json:"waits,omitempty"` // an identity that the second step links

	Founding *Founding `json:"founding,omitempty"` // waits for the proof of its address
}

// waits is an identity that proved a first step, by the word of its provider for the
// address, and is linked by the second.
type waits struct {
	Identity db.Identity `json:"identity"`
	Name     string      `json:"name"` // of the provider
}

// Flash is a sentence for the next page, shown once.
type Flash struct {
	Tone string `json:"tone"`
	Text string `json:"text"`
}

func (h *held) notes() (notes, error) {
	var n notes
	if h.row.Data == "" || h.row.Data == "{}" {
		return n, nil
	}
	if err := json.Unmarshal([]byte(h.row.Data), &n); err != nil {
		return n, fmt.Errorf("data of session %s: %w", h.row.ID, err)
	}
	return n, nil
}

// note changes what the session of a request holds, and saves it.
func (s *Service) note(w http.ResponseWriter, r *http.Request, change func(*notes)) (notes, error) {
	session, err := s.cookies.Get(r, s.cookies.name)
	if err != nil {
		return notes{}, fmt.Errorf("session: %w", err)
	}
	h := heldIn(session)
	n, err := h.notes()
	if err != nil {
		return notes{}, err
	}
	change(&n)
	data, err := json.Marshal(n)
	if err != nil {
		return notes{}, fmt.Errorf("data of session %s: %w", h.row.ID, err)
	}
	h.row.Data = string(data)
	if err := session.Save(r, w); err != nil {
		return notes{}, fmt.Errorf("session: %w", err)
	}
	return n, nil
}

// SetFlash keeps a sentence for the next page that this browser opens.
func (s *Service) SetFlash(w http.ResponseWriter, r *http.Request, flash Flash) error {
	_, err := s.note(w, r, func(n *notes) { n.Flash = &flash })
	return err
}

// TakeFlash hands out the sentence kept for this browser; it is zero when there is
// none. It writes only when there was one.
func (s *Service) TakeFlash(w http.ResponseWriter, r *http.Request) (Flash, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return Flash{}, fmt.Errorf("session: %w", err)
	}
	n, err := h.notes()
	if err != nil || n.Flash == nil {
		return Flash{}, err
	}
	flash := *n.Flash
	_, err = s.note(w, r, func(n *notes) { n.Flash = nil })
	return flash, err
}

// Pending is a sign-in by code that this browser has begun; zero when it has not.
type Pending struct {
	Email string // where the code went
	Next  string
}

// Pending tells whether this browser has asked for a code.
func (s *Service) Pending(r *http.Request) (Pending, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return Pending{}, fmt.Errorf("session: %w", err)
	}
	n, err := h.notes()
	return Pending{Email: n.Email, Next: n.Next}, err
}

// Mailed is the address that this browser last asked a link for; empty for none.
func (s *Service) Mailed(r *http.Request) (string, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return "", fmt.Errorf("session: %w", err)
	}
	n, err := h.notes()
	return n.Mailed, err
}

// bind makes sure that this browser holds a random value, and returns its hash.
func (s *Service) bind(w http.ResponseWriter, r *http.Request, change func(*notes)) (string, error) {
	n, err := s.note(w, r, func(n *notes) {
		if n.Browser == "" {
			n.Browser = newToken()
		}
		change(n)
	})
	if err != nil {
		return "", err
	}
	return hashed(n.Browser), nil
}

// bound is the hash of the value this browser holds; empty when it holds none.
func (h *held) bound() (string, notes, error) {
	n, err := h.notes()
	if err != nil || n.Browser == "" {
		return "", n, err
	}
	return hashed(n.Browser), n, nil
}
