package auth

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// FoundingLife is how long an organisation waits for the proof of its address: its code
// may have to be asked of a colleague who reads that mailbox.
const FoundingLife = 24 * time.Hour

// Founding is an organisation that is made as soon as its address is proven.
type Founding struct {
	Name  string `json:"name"`
	Email string `json:"email"` // where its bills go; normal form
}

// FoundingMail is what the mail with the code of an organisation's address must say.
type FoundingMail struct {
	Organization string
	Founder      string // address of who makes it
	Code         string // as shown, four characters, a hyphen and four
	Hours        int    // how long it counts
	Language     string // the Accept-Language header of the browser that asked
}

// AskOrganization mails a code to the address that the bills of a new organisation shall
// go to, and keeps both in the session until CreateOrganization has the code. A provider
// keeps one customer to an address, for ever: whoever could name any would keep
// its owner from ever being one. ErrInvalid: the name; refusals: BadEmail, SameEmail,
// TooMany; ErrDenied: the visitor has not proven his own address.
func (s *Service) AskOrganization(w http.ResponseWriter, r *http.Request, who Visitor, name, billingEmail string) error {
	f, err := founding(who, name, billingEmail)
	if err != nil {
		return err
	}
	if s.FoundingMail == nil {
		return errors.New("ask for the proof of an address: auth.Config.FoundingMail is not set")
	}
	now := s.Now()
	if err := s.limits.asks.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return err
	}
	plain := newCode()
	hash, err := hashCode(plain)
	if err != nil {
		return fmt.Errorf("ask for the proof of an address: %w", err)
	}
	mail, err := s.FoundingMail(FoundingMail{
		Organization: f.Name, Founder: who.Email, Code: shownCode(plain), Hours: int(FoundingLife / time.Hour), Language: r.Header.Get("Accept-Language"),
	})
	if err != nil {
		return fmt.Errorf("write the mail with a code: %w", err)
	}
	mail.To = f.Email
	row := db.Code{
		ID: db.NewID(), Email: f.Email, Hash: hash, BrowserHash: founderHash(who),
		TriesLeft: codeTries, CreatedAt: now, ExpiresAt: now.Add(FoundingLife),
	}
	limit := db.CodeLimit{Most: s.Limits.CodesPerAddress, Since: now.Add(-codeWindow)}
	err = s.Store.AddCode(r.Context(), row, limit, mail)
	if errors.Is(err, billing.ErrDenied) {
		return &Refusal{Reason: TooMany, RetryAfter: codeWindow, Cause: err}
	}
	if err != nil {
		return fmt.Errorf("ask for the proof of an address: %w", err)
	}
	s.Poke()
	_, err = s.note(w, r, func(n *notes) { n.Founding = &f })
	return err
}

// founding checks what was typed.
func founding(who Visitor, name, billingEmail string) (Founding, error) {
	if !who.EmailVerified {
		return Founding{}, fmt.Errorf("create an organisation: the address is not proven: %w", billing.ErrDenied)
	}
	name, err := organizationName(name)
	if err != nil {
		return Founding{}, err
	}
	email, err := normalEmail(billingEmail)
	if err != nil {
		return Founding{}, refuse(BadEmail, err)
	}
	if email == who.Email {
		return Founding{}, refuse(SameEmail, nil)
	}
	return Founding{name, email}, nil
}

// founderHash binds a code to who makes an organisation, in the place of a browser. No
// browser's value has it, so the code signs nobody in.
func founderHash(who Visitor) string { return hashed("founder " + who.UserID) }

// Founding tells which organisation waits for the proof of its address in this session;
// zero for none.
func (s *Service) Founding(r *http.Request) (Founding, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return Founding{}, fmt.Errorf("session: %w", err)
	}
	n, err := h.notes()
	if err != nil || n.Founding == nil {
		return Founding{}, err
	}
	return *n.Founding, nil
}

// DropFounding gives up the organisation that waits.
func (s *Service) DropFounding(w http.ResponseWriter, r *http.Request) error {
	_, err := s.note(w, r, func(n *notes) { n.Founding = nil })
	return err
}

// provenFounding takes the code for the organisation that waits, without spending it.
func (s *Service) provenFounding(r *http.Request, who Visitor, typed string) (Founding, db.Code, error) {
	plain, err := plainCode(typed)
	if err != nil {
		return Founding{}, db.Code{}, refuse(BadCode, err)
	}
	f, err := s.Founding(r)
	if err != nil {
		return f, db.Code{}, err
	}
	if f.Email == "" {
		return f, db.Code{}, refuse(ForeignBrowser, nil)
	}
	now := s.Now()
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return f, db.Code{}, err
	}
	code, err := s.Store.TakeTry(r.Context(), f.Email, founderHash(who), now)
	if err := deadCode(code, err); err != nil {
		return f, code, err
	}
	right, err := codeMatches(plain, code.Hash)
	switch {
	case err != nil:
		return f, code, fmt.Errorf("code of an organisation's address %s: %w", code.ID, err)
	case !right && code.TriesLeft == 0:
		return f, code, refuse(CodeDead, nil)
	case !right:
		return f, code, &Refusal{Reason: WrongCode, TriesLeft: code.TriesLeft}
	}
	return f, code, nil
}
