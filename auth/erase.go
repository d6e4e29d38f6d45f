package auth

import (
	"fmt"
	"net/http"

	"counterfoil/db"
)

// Erase forgets the visitor: he asked for it himself, and the caller makes sure that he
// has just proven who he is. Every session of his ends with him, and a last mail tells his
// address. The provider is told by a job. A *db.Hindrance (ErrConflict) says what must end
// first; ErrNotFound: he is erased already.
func (s *Service) Erase(r *http.Request, who Visitor) error {
	notice, err := s.notice(r, EventErased, "")
	if err != nil {
		return err
	}
	if err := s.Store.Erase(r.Context(), db.Erasure{UserID: who.UserID, Notice: notice}, s.Now()); err != nil {
		return fmt.Errorf("erase the account: %w", err)
	}
	s.Log.InfoContext(r.Context(), "account erased", "user", who.UserID, "address", s.address(r))
	s.Poke()
	return nil
}
