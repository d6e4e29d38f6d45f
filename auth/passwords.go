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

// PasswordSignIn is a sign-in with a password.
type PasswordSignIn struct {
	Email    string
	Password string
	Next     string // where the browser goes when it is signed in
	Callback string // handed on to LinkMail
	// Unproven lets a user in who has not proven his address. Without it he is mailed a link.
	Unproven bool
}

// SignInWithPassword signs in. An address without a user, a user without a password and a
// wrong password are one refusal, after the same work. Refusals: WayOff, BadEmail,
// WrongPassword, NotProven, TooMany.
func (s *Service) SignInWithPassword(w http.ResponseWriter, r *http.Request, in PasswordSignIn) (Arrival, error) {
	if !s.Offers(WayPassword) {
		return Arrival{}, refuse(WayOff, nil)
	}
	email, err := normalEmail(in.Email)
	if err != nil {
		return Arrival{}, refuse(BadEmail, err)
	}
	password, err := s.tryPassword(r, email, in.Password)
	if err != nil {
		return Arrival{}, err
	}
	if !password.Proven && !in.Unproven {
		return Arrival{}, s.askForProof(w, r, email, password.Hash, in)
	}
	h, err := s.cookies.held(r)
	if err != nil {
		return Arrival{}, fmt.Errorf("sign in with a password: %w", err)
	}
	row, token := s.newSession(r, ByPassword)
	entering, err := s.entering(r, row, token, h.row.ID)
	if err != nil {
		return Arrival{}, err
	}
	entry, err := s.Store.SignInWithPassword(r.Context(), password.Password, password.rehashed, entering)
	if errors.Is(err, billing.ErrDenied) {
		return Arrival{}, refuse(WrongPassword, err)
	}
	if err != nil {
		return Arrival{}, err
	}
	return s.arrive(w, r, entry, row, token, in.Next)
}

// askForProof mails the link to whoever knows the password of an unproven address. The
// link remembers the password, so that it survives the cleansing in this browser.
func (s *Service) askForProof(w http.ResponseWriter, r *http.Request, email, hash string, in PasswordSignIn) error {
	browser, err := s.bind(w, r, func(*notes) {})
	if err != nil {
		return fmt.Errorf("sign in with a password: %w", err)
	}
	link := db.MailedLink{Purpose: db.LinkVerify, Email: email, BrowserHash: browser, PasswordHash: hash, Next: in.Next}
	if err := s.mailLink(r, MailVerify, link, in.Callback); err != nil {
		return err
	}
	return refuse(NotProven, nil)
}

// triedPassword is a password that was right.
type triedPassword struct {
	db.Password
	rehashed string // the same under newer parameters, when its hash is an old one
}

// tryPassword compares a password with that of an address, within the limits. Refusals:
// WrongPassword, TooMany.
func (s *Service) tryPassword(r *http.Request, email, typed string) (triedPassword, error) {
	if err := s.limits.password(email, ClientNetwork(r, s.Proxies), s.Now()); err != nil {
		return triedPassword{}, err
	}
	plain, ok := plainPassword(typed)
	there, err := s.Store.PasswordByEmail(r.Context(), email)
	if err != nil && !errors.Is(err, billing.ErrNotFound) {
		return triedPassword{}, err
	}
	right, old, err := s.hasher.matches(r.Context(), plain, there.Hash)
	if err != nil {
		return triedPassword{}, err
	}
	if !right || !ok {
		return triedPassword{}, refuse(WrongPassword, nil)
	}
	tried := triedPassword{Password: there}
	if old {
		if tried.rehashed, err = s.hasher.hash(r.Context(), plain); err != nil {
			return triedPassword{}, err
		}
	}
	return tried, nil
}

// VerifyPassword has the visitor prove himself by his password. Refusals: WayOff,
// WrongPassword (also: he has none), TooMany.
func (s *Service) VerifyPassword(r *http.Request, who Visitor, typed string) error {
	if !s.Offers(WayPassword) {
		return refuse(WayOff, nil)
	}
	_, err := s.tryPassword(r, who.Email, typed)
	return err
}

// PasswordSince is when the visitor last chose his password; zero when he has none.
func (s *Service) PasswordSince(ctx context.Context, who Visitor) (time.Time, error) {
	password, err := s.Store.PasswordOf(ctx, who.UserID)
	if errors.Is(err, billing.ErrNotFound) {
		return time.Time{}, nil
	}
	return password.ChangedAt, err
}
