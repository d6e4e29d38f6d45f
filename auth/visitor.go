package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"counterfoil/billing"
	"counterfoil/db"
)

// Visitor is who is calling. The zero Visitor is somebody who has not signed in.
type Visitor struct {
	UserID        string
	CustomerID    string // who pays: the organisation that he acts for, or he himself (UserID)
	Email         string
	EmailVerified bool
	Name          string // may be empty
	Image         string // address of a picture; may be empty
	CreatedAt     time.Time
	UpdatedAt     time.Time // of the user
	OperatorAt    time.Time // since when he is an operator by a start-up token: ask Operates

	SessionID     string
	SignedInAt    time.Time
	SessionEndsAt time.Time // if it is not seen again before
	RenewedAt     time.Time // when its cookie was last renewed
	UserAgent     string    // of the session, as at sign-in
	Address       string    // that the session was last seen from
	ProvenAt      time.Time // when he last proved who he is
	Proof         Proof     // how

	OrganizationID   string       // whom he acts for; empty for himself
	OrganizationName string       // of that organisation
	Role             billing.Role // his there; empty while he acts for himself
}

// SignedIn reports whether we know who it is.
func (v Visitor) SignedIn() bool { return v.UserID != "" }

// Bills reports whether he sees and does what is about billing, for whom he acts for.
func (v Visitor) Bills() bool { return v.OrganizationID == "" || v.Role.Bills() }

// Proof is how somebody proved who he is. The words are kept in the database.
type Proof string

// The proofs.
const (
	ByCode     Proof = "code" // typed a code that was mailed
	ByLink     Proof = "link" // opened a link that was mailed
	ByPassword Proof = "password"
	ByIdentity Proof = "identity" // an identity provider vouched for him
	ByPasskey  Proof = "passkey"
	ByTOTP     Proof = "totp"     // typed a code of an authenticator app
	ByRecovery Proof = "recovery" // typed a recovery code
)

// ByFactor reports whether something was proven that only its owner has: a passkey, his
// authenticator, or the recovery codes in its place. Whoever reads his mail has none.
func (p Proof) ByFactor() bool { return p == ByPasskey || p == ByTOTP || p == ByRecovery }

// Who tells who sends a request. It is one indexed read, kept for the rest of the
// request. An unknown, ended or missing cookie is nobody, not an error; two session
// cookies are billing.ErrInvalid, since one of them was planted.
func (s *Service) Who(r *http.Request) (Visitor, error) {
	held, err := s.cookies.held(r)
	if err != nil {
		return Visitor{}, fmt.Errorf("who is calling: %w", err)
	}
	if held.row.UserID == "" {
		return Visitor{}, nil
	}
	return held.visitor(), nil
}

// maxName is the longest name kept, in characters.
const maxName = 100

// Rename changes the visitor's own name; empty takes it away. ErrInvalid: it is
// too long or holds control characters.
func (s *Service) Rename(ctx context.Context, who Visitor, name string) error {
	if !who.SignedIn() {
		return fmt.Errorf("rename nobody: %w", billing.ErrDenied)
	}
	clean, err := cleanName(name)
	if err != nil {
		return err
	}
	return s.Store.RenameUser(ctx, who.UserID, clean, s.Now())
}

// cleanName brings a name to NFC with single spaces.
func cleanName(name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", fmt.Errorf("name is not valid UTF-8: %w", billing.ErrInvalid)
	}
	name = norm.NFC.String(strings.Join(strings.Fields(name), " "))
	if utf8.RuneCountInString(name) > maxName {
		return "", fmt.Errorf("name is longer than %d characters: %w", maxName, billing.ErrInvalid)
	}
	for _, c := range name {
		if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) {
			return "", fmt.Errorf("name holds control characters: %w", billing.ErrInvalid)
		}
	}
	return name, nil
}

// Session is one signed-in browser of the visitor.
type Session struct {
	ID        string
	UserAgent string
	Address   string // where it was last seen from; may be empty
	Proof     Proof  // how its user last proved who he is; empty where that was not kept
	StartedAt time.Time
	SeenAt    time.Time // to the minute
	UpdatedAt time.Time // when its cookie was last renewed
	EndsAt    time.Time // if it is not seen again before
	Current   bool      // it is the one that asks
}

// Sessions lists where the visitor is signed in, last seen first.
func (s *Service) Sessions(ctx context.Context, who Visitor) ([]Session, error) {
	rows, err := s.Store.SessionsOfUser(ctx, who.UserID, s.Now())
	if err != nil {
		return nil, err
	}
	list := make([]Session, len(rows))
	for i, row := range rows {
		list[i] = Session{
			ID: row.ID, UserAgent: row.UserAgent, Address: row.Address, UpdatedAt: row.UpdatedAt, EndsAt: row.ExpiresAt, Proof: Proof(row.Proof),
			StartedAt: row.CreatedAt, SeenAt: row.SeenAt, Current: row.ID == who.SessionID,
		}
	}
	return list, nil
}

// EndSession signs one of the visitor's browsers out. ErrNotFound: there is none
// of that id, or it is somebody else's.
func (s *Service) EndSession(ctx context.Context, who Visitor, id string) error {
	return s.Store.DeleteSessionOfUser(ctx, who.UserID, id)
}

// EndSessionNamed ends one of the visitor's sessions that is named by its id or by its
// token, and returns its id. One that is somebody else's, or none, is left alone: the
// id is then empty.
func (s *Service) EndSessionNamed(ctx context.Context, who Visitor, name string) (string, error) {
	id := name
	if isToken(name) {
		row, _, err := s.Store.SessionByToken(ctx, hashed(name), s.Now())
		if errors.Is(err, billing.ErrNotFound) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		id = row.ID
	}
	err := s.Store.DeleteSessionOfUser(ctx, who.UserID, id)
	if errors.Is(err, billing.ErrNotFound) {
		return "", nil
	}
	return id, err
}

// EndOtherSessions signs the visitor out everywhere else, and counts. If there was any
// to end, he is told by mail.
func (s *Service) EndOtherSessions(r *http.Request, who Visitor) (int64, error) {
	notice, err := s.notice(r, EventSessionsEnded, "")
	if err != nil {
		return 0, err
	}
	ended, err := s.Store.DeleteOtherSessions(r.Context(), who.UserID, who.SessionID, notice, s.Now())
	s.Poke()
	return ended, err
}

// SignOut ends the session of a request, if there is one, and takes its cookie back.
func (s *Service) SignOut(w http.ResponseWriter, r *http.Request) error {
	session, err := s.cookies.Get(r, s.cookies.name)
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	session.Options.MaxAge = -1
	if err := session.Save(r, w); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

func (h *held) visitor() Visitor {
	payer := h.user.ID
	if h.row.For != "" {
		payer = h.row.For
	}
	return Visitor{
		UserID: h.user.ID, CustomerID: payer, Email: h.user.Email, EmailVerified: !h.user.EmailVerifiedAt.IsZero(),
		Name: h.user.Name, Image: h.user.Image, CreatedAt: h.user.CreatedAt, UpdatedAt: h.user.UpdatedAt, OperatorAt: h.user.OperatorAt,
		SessionID: h.row.ID, SignedInAt: h.row.CreatedAt, SessionEndsAt: h.row.ExpiresAt,
		RenewedAt: h.row.UpdatedAt, UserAgent: h.row.UserAgent, Address: h.row.Address,
		ProvenAt: h.row.ProvenAt, Proof: Proof(h.row.Proof),
		OrganizationID: h.row.For, OrganizationName: h.row.ForName, Role: h.row.ForRole,
	}
}

// sighting is what one request tells about its session.
func sighting(row db.Session, address string, now time.Time) db.Session {
	seen := db.Session{ID: row.ID, SeenAt: now, ExpiresAt: endOf(row.CreatedAt, now), Address: address}
	if row.Brief {
		seen.ExpiresAt = row.ExpiresAt
	}
	return seen
}
