package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// Proving is an identity that waits in this browser until its owner has proven an address.
type Proving struct {
	Provider string // name on its button
	Email    string // what the provider said, unproven, or what was typed last; may be empty
	Next     string
}

// letWait keeps an identity whose address nobody vouches for, in this browser alone, for
// as long as a sign-in may take.
func (s *Service) letWait(r *http.Request, p *provider, id db.Identity, state db.State, now time.Time) error {
	return s.Store.KeepPending(r.Context(), db.Pending{
		BrowserHash: state.BrowserHash, Identity: id, Via: p.id, Next: state.Next, ExpiresAt: now.Add(stateLife),
	})
}

// Proving tells which identity waits in this browser. ErrNotFound: none does.
func (s *Service) Proving(r *http.Request) (Proving, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return Proving{}, fmt.Errorf("identity that waits: %w", err)
	}
	browser, _, err := h.bound()
	if err != nil {
		return Proving{}, err
	}
	pending, err := s.Store.PendingIn(r.Context(), browser, s.Now())
	if err != nil {
		return Proving{}, err
	}
	name := pending.Via
	if p, known := s.providers[pending.Via]; known {
		name = p.name
	}
	return Proving{Provider: name, Email: pending.Identity.Email, Next: pending.Next}, nil
}

// AskProof mails a code to the address that the owner of the waiting identity gives. When
// it is entered in this browser (VerifyCode), the user of that address, or a new one, is
// signed in and the identity linked to him, at once. Refusals: those of RequestCode, and
// ForeignBrowser when no identity waits here.
func (s *Service) AskProof(w http.ResponseWriter, r *http.Request, typed string) error {
	waits, err := s.Proving(r)
	if errors.Is(err, billing.ErrNotFound) {
		return refuse(ForeignBrowser, err)
	}
	if err != nil {
		return err
	}
	if err := s.RequestCode(w, r, typed, waits.Next); err != nil {
		return err
	}
	return s.tie(r, typed, s.Store.TieCode)
}

// AskAgain mails another code as RequestCode does. If the one before was for an identity
// that waits, the new one is.
func (s *Service) AskAgain(w http.ResponseWriter, r *http.Request, typed, next string) error {
	if err := s.RequestCode(w, r, typed, next); err != nil {
		return err
	}
	return s.tie(r, typed, s.Store.RetieCode)
}

// tie lets the newest code of an address prove it for the identity that waits here.
func (s *Service) tie(r *http.Request, typed string, how func(ctx context.Context, browser, email string, now time.Time) error) error {
	h, err := s.cookies.held(r)
	if err != nil {
		return fmt.Errorf("tie a code: %w", err)
	}
	browser, _, err := h.bound()
	if err != nil {
		return fmt.Errorf("tie a code: %w", err)
	}
	email, err := normalEmail(typed)
	if err != nil {
		return refuse(BadEmail, err)
	}
	err = how(r.Context(), browser, email, s.Now())
	if errors.Is(err, billing.ErrNotFound) {
		return refuse(ForeignBrowser, err) // it ended meanwhile
	}
	return err
}

// noticeOfWaiting is what the owner of an account is told when the identity that waits in
// this browser comes to it; zero when none does.
func (s *Service) noticeOfWaiting(r *http.Request) (db.Mail, error) {
	waits, err := s.Proving(r)
	if errors.Is(err, billing.ErrNotFound) {
		return db.Mail{}, nil
	}
	if err != nil {
		return db.Mail{}, err
	}
	return s.notice(r, EventIdentityLinked, waits.Provider)
}
