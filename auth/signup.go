package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"counterfoil/billing"
	"counterfoil/db"
)

// SignUp is what somebody signs up with.
type SignUp struct {
	Email    string
	Password string
	Name     string // may be empty
	Image    string // address of a picture; may be empty; only with Enter
	Next     string // where the browser goes when the address is proven
	Callback string // handed on to LinkMail
	// Enter signs in at once, with the address unproven. That tells everybody whether an
	// address has a user, so it is for programs that expect it, not for the pages.
	Enter bool
}

// SignUpWithPassword begins a sign-up. Without Enter nothing exists before the mailed link
// is opened (see VerifyEmail), and all is the same, in the same time, when the address has
// a user: then its owner is mailed that he has an account, or that sign-ups are closed. With Enter the user is there
// at once and signed in, and the mail asks for the proof.
// Refusals: WayOff, SignUpClosed, BadEmail, BadName, ShortPassword, LongPassword,
// CommonPassword, TooMany; with Enter also EmailTaken.
func (s *Service) SignUpWithPassword(w http.ResponseWriter, r *http.Request, up SignUp) (Arrival, error) {
	email, plain, err := s.judgeSignUp(&up)
	if err != nil {
		return Arrival{}, err
	}
	if err := s.limits.asks.pass(ClientNetwork(r, s.Proxies), s.Now()); err != nil {
		return Arrival{}, err
	}
	browser, err := s.bind(w, r, func(n *notes) { n.Mailed = email })
	if err != nil {
		return Arrival{}, fmt.Errorf("sign up: %w", err)
	}
	hash, err := s.hasher.hash(r.Context(), plain)
	if err != nil {
		return Arrival{}, err
	}
	link := db.MailedLink{
		Purpose: db.LinkVerify, Email: email, BrowserHash: browser, Name: up.Name, PasswordHash: hash, Next: up.Next,
	}
	if up.Enter {
		return s.enterUnproven(w, r, up, link)
	}
	kind, err := s.signUpMail(r.Context(), email)
	if err != nil {
		return Arrival{}, err
	}
	if kind != MailVerify {
		link.Name, link.PasswordHash = "", ""
	}
	return Arrival{}, s.mailLink(r, kind, link, up.Callback)
}

// signUpMail is what the owner of an address is mailed when somebody signs up with it.
func (s *Service) signUpMail(ctx context.Context, email string) (MailKind, error) {
	invited, err := s.Store.IsInvited(ctx, email, s.Now())
	if err != nil {
		return "", err
	}
	there, err := s.Store.UserByEmail(ctx, email)
	switch {
	case err != nil && !errors.Is(err, billing.ErrNotFound):
		return "", err
	case err == nil && !there.EmailVerifiedAt.IsZero():
		return MailKnown, nil
	case err != nil && s.SignUpClosed && !invited:
		return MailClosed, nil
	}
	return MailVerify, nil
}

// judgeSignUp brings what was typed into our own forms.
func (s *Service) judgeSignUp(up *SignUp) (email, plain string, err error) {
	if !s.Offers(WayPassword) {
		return "", "", refuse(WayOff, nil)
	}
	if s.SignUpClosed && up.Enter { // else what is mailed says so
		return "", "", refuse(SignUpClosed, nil)
	}
	if email, err = normalEmail(up.Email); err != nil {
		return "", "", refuse(BadEmail, err)
	}
	if up.Name, err = cleanName(up.Name); err != nil {
		return "", "", refuse(BadName, err)
	}
	plain, err = s.newPassword(up.Password, email, up.Name)
	return email, plain, err
}

// enterUnproven makes the user and signs him in.
func (s *Service) enterUnproven(w http.ResponseWriter, r *http.Request, up SignUp, link db.MailedLink) (Arrival, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return Arrival{}, fmt.Errorf("sign up: %w", err)
	}
	row, token := s.newSession(r, ByPassword)
	entering, err := s.entering(r, row, token, h.row.ID)
	if err != nil {
		return Arrival{}, err
	}
	link, mail, err := s.newLink(r, MailVerify, link, up.Callback)
	if err != nil {
		return Arrival{}, err
	}
	entry, err := s.Store.SignUp(r.Context(), link, up.Image, s.linkLimit(), mail, entering)
	switch {
	case errors.Is(err, billing.ErrConflict):
		return Arrival{}, refuse(EmailTaken, err)
	case errors.Is(err, billing.ErrDenied):
		return Arrival{}, &Refusal{Reason: TooMany, RetryAfter: codeWindow, Cause: err}
	case err != nil:
		return Arrival{}, err
	}
	return s.arrive(w, r, entry, row, token, up.Next)
}
