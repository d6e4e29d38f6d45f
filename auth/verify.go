package auth

import (
	"errors"
	"fmt"
	"net/http"

	"counterfoil/billing"
	"counterfoil/db"
)

// Verification is what the page behind a link that proves an address must say.
type Verification struct {
	Email string
	// NeedsPassword: this browser did not sign up, so the password of the sign-up must be
	// typed. Without that, the owner of a mailbox could be brought to prove his address for
	// an account that somebody else made and has the password of.
	NeedsPassword bool
}

// OpenVerification tells what a link would prove; it spends nothing. Refusals: WayOff,
// LinkDead.
func (s *Service) OpenVerification(r *http.Request, token string) (Verification, error) {
	link, err := s.open(r.Context(), token, db.LinkVerify)
	if err != nil {
		return Verification{}, err
	}
	here, his, err := s.askedHere(r, link)
	return Verification{Email: link.Email, NeedsPassword: !here && !his}, err
}

// VerifyEmail spends a link: it proves the address and signs in, with a new session, in
// the browser that signed up, in any other with the password of the sign-up, and where its
// user is signed in already. There it proves no more than the address: the password and
// the name of the link may be those of a stranger who signed up with it. Refusals:
// WayOff, LinkDead, WrongPassword, TooMany, SignUpClosed.
func (s *Service) VerifyEmail(w http.ResponseWriter, r *http.Request, token, password string) (Arrival, error) {
	link, err := s.open(r.Context(), token, db.LinkVerify)
	if err != nil {
		return Arrival{}, err
	}
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), s.Now()); err != nil {
		return Arrival{}, err
	}
	here, his, err := s.askedHere(r, link)
	if err != nil {
		return Arrival{}, err
	}
	owner := ""
	switch {
	case here:
	case his:
		link.PasswordHash, link.Name = "", ""
	default:
		if owner, err = s.knowsPassword(r, link, password); err != nil {
			return Arrival{}, err
		}
	}
	return s.verified(w, r, link, owner)
}

// askedHere tells whether a link was asked for in this browser, and whether this browser
// is signed in as the one whom it is for.
func (s *Service) askedHere(r *http.Request, link db.MailedLink) (here, his bool, err error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return false, false, fmt.Errorf("session: %w", err)
	}
	browser, _, err := h.bound()
	if err != nil {
		return false, false, err
	}
	return browser != "" && browser == link.BrowserHash, h.row.UserID != "" && h.user.Email == link.Email, nil
}

// knowsPassword compares what was typed with the password of the user, if there is one
// already, and with that of the sign-up. owner is the user whose password it is.
func (s *Service) knowsPassword(r *http.Request, link db.MailedLink, typed string) (owner string, err error) {
	there, err := s.tryPassword(r, link.Email, typed)
	if err == nil {
		return there.UserID, nil
	}
	refusal := ReasonOf(err)
	if refusal == nil || refusal.Reason != WrongPassword || link.PasswordHash == "" {
		return "", err
	}
	plain, _ := plainPassword(typed)
	right, _, err := s.hasher.matches(r.Context(), plain, link.PasswordHash)
	if err != nil {
		return "", err
	}
	if !right {
		return "", refusal
	}
	return "", nil
}

// verified proves the address of a link and lets its user in.
func (s *Service) verified(w http.ResponseWriter, r *http.Request, link db.MailedLink, owner string) (Arrival, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return Arrival{}, fmt.Errorf("session: %w", err)
	}
	row, token := s.newSession(r, ByLink)
	entering, err := s.entering(r, row, token, h.row.ID)
	if err != nil {
		return Arrival{}, err
	}
	if owner != "" {
		entering.Known = owner
	}
	entry, err := s.Store.VerifyWithLink(r.Context(), link, entering)
	switch {
	case errors.Is(err, db.ErrSignUpClosed):
		return Arrival{}, refuse(SignUpClosed, err)
	case errors.Is(err, billing.ErrDenied):
		return Arrival{}, refuse(LinkDead, err)
	case err != nil:
		return Arrival{}, err
	}
	return s.arrive(w, r, entry, row, token, link.Next)
}
