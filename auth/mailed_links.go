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

// LinkLife is how long a mailed link counts.
const LinkLife = time.Hour

// MailKind says what a mail with a link is about; handlers and views choose the words.
type MailKind string

// The kinds. Known, Unknown and Closed carry no token: there is nothing to prove.
const (
	MailVerify  MailKind = "verify"  // prove the address
	MailReset   MailKind = "reset"   // choose a new password
	MailKnown   MailKind = "known"   // somebody signed up with the address of an account
	MailUnknown MailKind = "unknown" // somebody asked to reset the password of no account
	MailClosed  MailKind = "closed"  // somebody signed up who was not invited, where that is needed
)

// LinkMail is what a mail with a link must say.
type LinkMail struct {
	Kind     MailKind
	Token    string // empty when there is nothing to prove
	Callback string // as it was asked for with; not checked
	Minutes  int    // how long the link counts
	Language string // the Accept-Language header of the browser that asked
}

// Ask is for a mail with a link.
type Ask struct {
	Email    string
	Next     string // where the browser goes afterwards
	Callback string // handed on to LinkMail
}

// RequestReset mails a link by which a new password can be chosen. Whoever has no account
// is mailed that, so all is the same, in the same time, for every address. Refusals:
// WayOff, BadEmail, TooMany.
func (s *Service) RequestReset(w http.ResponseWriter, r *http.Request, ask Ask) error {
	return s.ask(w, r, ask, db.LinkReset, func(there bool, _ db.User) MailKind {
		if there {
			return MailReset
		}
		return MailUnknown
	})
}

// SendVerification mails a link by which a user who signed up with a password proves his
// address; to every other address it mails as much. Refusals: WayOff, BadEmail, TooMany.
func (s *Service) SendVerification(w http.ResponseWriter, r *http.Request, ask Ask) error {
	return s.ask(w, r, ask, db.LinkVerify, func(there bool, who db.User) MailKind {
		switch {
		case !there:
			return MailUnknown
		case !who.EmailVerifiedAt.IsZero():
			return MailKnown
		}
		return MailVerify
	})
}

func (s *Service) ask(w http.ResponseWriter, r *http.Request, ask Ask, purpose string, kindFor func(there bool, who db.User) MailKind) error {
	if !s.Offers(WayPassword) {
		return refuse(WayOff, nil)
	}
	email, err := normalEmail(ask.Email)
	if err != nil {
		return refuse(BadEmail, err)
	}
	if err := s.limits.asks.pass(ClientNetwork(r, s.Proxies), s.Now()); err != nil {
		return err
	}
	browser, err := s.bind(w, r, func(n *notes) { n.Mailed = email })
	if err != nil {
		return fmt.Errorf("ask for a link: %w", err)
	}
	who, err := s.Store.UserByEmail(r.Context(), email)
	if err != nil && !errors.Is(err, billing.ErrNotFound) {
		return err
	}
	link := db.MailedLink{Purpose: purpose, Email: email, BrowserHash: browser, Next: ask.Next}
	return s.mailLink(r, kindFor(err == nil, who), link, ask.Callback)
}

// mailLink makes a link and mails it.
func (s *Service) mailLink(r *http.Request, kind MailKind, link db.MailedLink, callback string) error {
	link, mail, err := s.newLink(r, kind, link, callback)
	if err != nil {
		return err
	}
	err = s.Store.AddLink(r.Context(), link, s.linkLimit(), mail)
	if errors.Is(err, billing.ErrDenied) {
		return &Refusal{Reason: TooMany, RetryAfter: codeWindow, Cause: err}
	}
	if err != nil {
		return err
	}
	s.Poke()
	return nil
}

// newLink gives a link its token and times, and words its mail. The token of a mail that
// carries none is told to nobody.
func (s *Service) newLink(r *http.Request, kind MailKind, link db.MailedLink, callback string) (db.MailedLink, db.Mail, error) {
	token := newToken()
	link.TokenHash, link.CreatedAt, link.ExpiresAt = hashed(token), s.Now(), s.Now().Add(LinkLife)
	words := LinkMail{
		Kind: kind, Token: token, Callback: callback, Minutes: int(LinkLife / time.Minute), Language: r.Header.Get("Accept-Language"),
	}
	if kind != MailVerify && kind != MailReset {
		words.Token = ""
	}
	mail, err := s.LinkMail(words)
	if err != nil {
		return link, db.Mail{}, fmt.Errorf("write the mail with a link: %w", err)
	}
	return link, mail, nil
}

func (s *Service) linkLimit() db.CodeLimit {
	return db.CodeLimit{Most: s.Limits.LinksPerAddress, Since: s.Now().Add(-codeWindow)}
}

// open finds a link that can be used. Refusals: WayOff, LinkDead.
func (s *Service) open(ctx context.Context, token, purpose string) (db.MailedLink, error) {
	if !s.Offers(WayPassword) {
		return db.MailedLink{}, refuse(WayOff, nil)
	}
	if !isToken(token) {
		return db.MailedLink{}, refuse(LinkDead, errors.New("not a token"))
	}
	link, err := s.Store.Link(ctx, hashed(token), purpose, s.Now())
	if errors.Is(err, billing.ErrNotFound) {
		return link, refuse(LinkDead, err)
	}
	return link, err
}
