package auth

import (
	"fmt"
	"net/http"

	"counterfoil/billing"
)

// ActFor has the visitor's session act for an organisation that he belongs to, or for
// himself when the id is empty, and returns him as he is then. What he may do changes by
// it, so the session goes on under a new token (OWASP ASVS 5.0, 7.2.4). ErrNotFound: he
// does not belong to it.
func (s *Service) ActFor(w http.ResponseWriter, r *http.Request, who Visitor, organizationID string) (Visitor, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return Visitor{}, fmt.Errorf("act for an organisation: %w", err)
	}
	if h.row.ID != who.SessionID || h.row.UserID != who.UserID {
		return Visitor{}, fmt.Errorf("act for an organisation in another's session: %w", billing.ErrDenied)
	}
	token := newToken()
	if err := s.Store.ActFor(r.Context(), h.row.ID, h.row.UserID, organizationID, hashed(token), s.Now()); err != nil {
		return Visitor{}, err
	}
	// The token first: the old one is dead, whatever becomes of the reading.
	life := h.row.CreatedAt.Add(absoluteLife).Sub(s.Now())
	if h.row.Brief {
		life = 0
	}
	s.cookies.send(w, r, token, life)
	if h.row, h.user, err = s.Store.SessionByToken(r.Context(), hashed(token), s.Now()); err != nil {
		return Visitor{}, err
	}
	return h.visitor(), nil
}
