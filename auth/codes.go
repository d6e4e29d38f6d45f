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
	// Second: nobody is signed in yet. The user has to do the second step first, in the
	// same browser: see SecondStep.
	Second bool
	// Linking: no sign-in, but the linking of an identity to who is signed in.
	Linking bool
}

// RequestCode mails a code to an address and binds it to the browser that asks. It
// does the same, in the same time, whether or not somebody has that address, since
// it never looks. Refusals: WayOff, BadEmail, TooMany.
func (s *Service) RequestCode(w http.ResponseWriter, r *http.Request, typed, next string) error {
	if !s.Offers(WayCode) && !s.Offers(WayLink) {
		return refuse(WayOff, nil)
	}
	return s.requestCode(w, r, codeAsk{email: typed, next: next, code: s.Offers(WayCode), link: s.Offers(WayLink)})
}

// LinkBack is where whoever asks for a link over the Better Auth API wants to be led
// afterwards: an address that the caller has checked, or empty.
type LinkBack struct {
	Callback string // signed in
	NewUser  string // signed in as a new user
	Failed   string // the link no longer counts
}

// RequestLink is RequestCode for the Better Auth API: the link in the mail leads there
// first, with the addresses of back. Refusals: as of RequestCode.
func (s *Service) RequestLink(w http.ResponseWriter, r *http.Request, typed string, back LinkBack) error {
	if !s.Offers(WayLink) {
		return refuse(WayOff, nil)
	}
	return s.requestCode(w, r, codeAsk{email: typed, next: back.Callback, code: s.Offers(WayCode), link: true, back: &back})
}

// codeAsk is for a code to be typed, a link that stands for it, or both.
type codeAsk struct {
	email, next string
	code, link  bool
	back        *LinkBack // nil for the portal's own pages
}

func (s *Service) requestCode(w http.ResponseWriter, r *http.Request, ask codeAsk) error {
	email, err := normalEmail(ask.email)
	if err != nil {
		return refuse(BadEmail, err)
	}
	now := s.Now()
	if err := s.limits.asks.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return err
	}
	browser, err := s.bind(w, r, func(n *notes) { n.Email, n.Next = email, ask.next })
	if err != nil {
		return fmt.Errorf("ask for a code: %w", err)
	}
	plain := newCode()
	hash, err := hashCode(plain)
	if err != nil {
		return fmt.Errorf("ask for a code: %w", err)
	}
	id, linkID := db.NewID(), ""
	if ask.link {
		linkID = id
	}
	mail, err := s.CodeMail(CodeMail{
		ID: linkID, Back: ask.back, Typed: ask.code, Code: shownCode(plain), Minutes: int(CodeLife / time.Minute), Language: r.Header.Get("Accept-Language"),
	})
	if err != nil {
		return fmt.Errorf("write the mail with a code: %w", err)
	}
	mail.To = email
	row := db.Code{
		ID: id, Email: email, Hash: hash, BrowserHash: browser, UserAgent: clipped(r.UserAgent()), Next: ask.next,
		TriesLeft: codeTries, CreatedAt: now, ExpiresAt: now.Add(CodeLife),
	}
	limit := db.CodeLimit{Most: s.Limits.CodesPerAddress, Since: now.Add(-codeWindow)}
	err = s.Store.AddCode(r.Context(), row, limit, mail)
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
// begins. Refusals: WayOff, BadCode, WrongCode, CodeDead, CodeExpired, CodeUsed,
// ForeignBrowser, TooMany, SignUpClosed.
func (s *Service) VerifyCode(w http.ResponseWriter, r *http.Request, email, typed string) (Arrival, error) {
	if !s.Offers(WayCode) {
		return Arrival{}, refuse(WayOff, nil)
	}
	return s.redeem(w, r, email, typed, ByCode)
}

// redeem signs in with a code that was typed, or that came in a link.
func (s *Service) redeem(w http.ResponseWriter, r *http.Request, email, typed string, proof Proof) (Arrival, error) {
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
	row, token := s.newSession(r, proof)
	entering, err := s.entering(r, row, token, before)
	if err != nil {
		return Arrival{}, err
	}
	entering.Browser = code.BrowserHash
	if entering.Linked, err = s.noticeOfWaiting(r); err != nil {
		return Arrival{}, err
	}
	entry, err := s.Store.SignInWithCode(r.Context(), code, entering)
	if errors.Is(err, db.ErrSignUpClosed) {
		return Arrival{}, refuse(SignUpClosed, err)
	}
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
	if err := deadCode(code, err); err != nil {
		return code, "", err
	}
	return code, h.row.ID, nil
}

// deadCode says why no try could be taken from a code; err is the store's.
func deadCode(code db.Code, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, billing.ErrNotFound):
		return refuse(ForeignBrowser, err)
	case errors.Is(err, billing.ErrDenied) && !code.UsedAt.IsZero():
		return refuse(CodeUsed, err)
	case errors.Is(err, billing.ErrDenied) && code.TriesLeft == 0:
		return refuse(CodeDead, err)
	case errors.Is(err, billing.ErrDenied):
		return refuse(CodeExpired, err)
	}
	return fmt.Errorf("try a code: %w", err)
}

// arrive hands the browser its new session.
func (s *Service) arrive(w http.ResponseWriter, r *http.Request, entry db.Entry, row db.Session, token, next string) (Arrival, error) {
	if entry.Second {
		return s.halfway(w, r, entry, row, token, next)
	}
	if err := s.cookies.enter(w, r, row, token, entry.User); err != nil {
		return Arrival{}, fmt.Errorf("sign in user %s: %w", entry.User.ID, err)
	}
	s.Log.InfoContext(r.Context(), "signed in", "user", entry.User.ID, "new", entry.Created, "session", row.ID, "address", row.Address)
	s.Poke()
	return Arrival{Next: next, New: entry.Created}, nil
}

// halfway hands the browser the session in which the second step is to be done. It
// remembers where to go afterwards.
func (s *Service) halfway(w http.ResponseWriter, r *http.Request, entry db.Entry, row db.Session, token, next string) (Arrival, error) {
	if err := s.cookies.wait(w, r, row, token, entry.User.ID); err != nil {
		return Arrival{}, fmt.Errorf("first step of user %s: %w", entry.User.ID, err)
	}
	if _, err := s.note(w, r, func(n *notes) { n.Next = next }); err != nil {
		return Arrival{}, fmt.Errorf("first step of user %s: %w", entry.User.ID, err)
	}
	s.Log.InfoContext(r.Context(), "first step done", "user", entry.User.ID, "proof", row.Proof, "session", row.ID, "address", row.Address)
	return Arrival{Next: next, Second: true}, nil
}
