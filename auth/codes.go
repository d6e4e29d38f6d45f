package auth

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

const (
	// CodeLife is how long an e-mailed code counts.
	CodeLife   = 10 * time.Minute
	codeWindow = time.Hour // what Limits.CodesPerAddress counts over
)

// Arrival is a sign-in that succeeded.
type Arrival struct {
	Next string // what was given at the start; the caller checks that it is a local path
	New  bool   // it made the user
}

// RequestCode mails a code to an address and binds it to the browser that asks. It
// does the same, in the same time, whether or not somebody has that address, since
// it never looks. Refusals: BadEmail, TooMany.
func (s *Service) RequestCode(w http.ResponseWriter, r *http.Request, typed, next string) error {
	email, err := normalEmail(typed)
	if err != nil {
		return refuse(BadEmail, err)
	}
	now := s.Now()
	if err := s.limits.asks.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return err
	}
	browser, err := s.bind(w, r, func(n *notes) { n.Email, n.Next = email, next })
	if err != nil {
		return fmt.Errorf("ask for a code: %w", err)
	}
	plain := newCode()
	hash, err := hashCode(plain)
	if err != nil {
		return fmt.Errorf("ask for a code: %w", err)
	}
	mail, err := s.CodeMail(CodeMail{
		Code: shownCode(plain), Minutes: int(CodeLife / time.Minute), Language: r.Header.Get("Accept-Language"),
	})
	if err != nil {
		return fmt.Errorf("write the mail with a code: %w", err)
	}
	mail.To = email
	code := db.Code{
		ID: db.NewID(), Email: email, Hash: hash, BrowserHash: browser, Next: next,
		TriesLeft: codeTries, CreatedAt: now, ExpiresAt: now.Add(CodeLife),
	}
	limit := db.CodeLimit{Most: s.Limits.CodesPerAddress, Since: now.Add(-codeWindow)}
	err = s.Store.AddCode(r.Context(), code, limit, mail)
	if errors.Is(err, billing.ErrDenied) {
		return &Refusal{Reason: TooMany, RetryAfter: codeWindow, Cause: err}
	}
	if err != nil {
		return fmt.Errorf("ask for a code: %w", err)
	}
	s.Poke()
	return nil
}

// VerifyCode signs in the address that this browser asked a code for; an empty
// address is the last one it asked for. The session before ends and a new one
// begins. Refusals: BadCode, WrongCode, CodeDead, CodeExpired, CodeUsed,
// ForeignBrowser, TooMany.
func (s *Service) VerifyCode(w http.ResponseWriter, r *http.Request, email, typed string) (Arrival, error) {
	plain, err := plainCode(typed)
	if err != nil {
		return Arrival{}, refuse(BadCode, err)
	}
	now := s.Now()
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return Arrival{}, err
	}
	code, before, err := s.tried(r, email, now)
	if err != nil {
		return Arrival{}, err
	}
	right, err := codeMatches(plain, code.Hash)
	if err != nil {
		return Arrival{}, fmt.Errorf("sign-in code %s: %w", code.ID, err)
	}
	if !right && code.TriesLeft > 0 {
		return Arrival{}, &Refusal{Reason: WrongCode, TriesLeft: code.TriesLeft}
	}
	if !right {
		return Arrival{}, refuse(CodeDead, nil)
	}
	row, token := s.newSession(r)
	entry, err := s.Store.SignInWithCode(r.Context(), code, db.SignIn{
		Session: row, Replaces: before, CreateCustomer: !s.SkipCreateCustomer, Now: now,
	})
	if errors.Is(err, billing.ErrDenied) {
		return Arrival{}, refuse(CodeUsed, err) // another request was faster
	}
	if err != nil {
		return Arrival{}, fmt.Errorf("sign in with a code: %w", err)
	}
	return s.arrive(w, r, entry, row, token, code.Next)
}

// tried takes a try from the code that this browser asked for, and tells which
// session it asked in.
func (s *Service) tried(r *http.Request, email string, now time.Time) (db.Code, string, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return db.Code{}, "", fmt.Errorf("try a code: %w", err)
	}
	browser, n, err := h.bound()
	if err != nil {
		return db.Code{}, "", fmt.Errorf("try a code: %w", err)
	}
	if email == "" {
		email = n.Email
	}
	email, err = normalEmail(email)
	if browser == "" || err != nil {
		return db.Code{}, "", refuse(ForeignBrowser, err)
	}
	code, err := s.Store.TakeTry(r.Context(), email, browser, now)
	switch {
	case errors.Is(err, billing.ErrNotFound):
		return code, "", refuse(ForeignBrowser, err)
	case errors.Is(err, billing.ErrDenied) && !code.UsedAt.IsZero():
		return code, "", refuse(CodeUsed, err)
	case errors.Is(err, billing.ErrDenied) && code.TriesLeft == 0:
		return code, "", refuse(CodeDead, err)
	case errors.Is(err, billing.ErrDenied):
		return code, "", refuse(CodeExpired, err)
	case err != nil:
		return code, "", fmt.Errorf("try a code: %w", err)
	}
	return code, h.row.ID, nil
}

// arrive hands the browser its new session.
func (s *Service) arrive(w http.ResponseWriter, r *http.Request, entry db.Entry, row db.Session, token, next string) (Arrival, error) {
	if err := s.cookies.enter(w, r, row, token, entry.User); err != nil {
		return Arrival{}, fmt.Errorf("sign in user %s: %w", entry.User.ID, err)
	}
	s.Log.InfoContext(r.Context(), "signed in", "user", entry.User.ID, "new", entry.Created, "session", row.ID, "address", row.Address)
	s.Poke()
	return Arrival{Next: next, New: entry.Created}, nil
}
