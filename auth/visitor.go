package auth

import (
	"context"
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
	CustomerID    string // who pays: for a person the same as UserID
	Email         string
	EmailVerified bool
	Name          string // may be empty
	SessionID     string
	SignedInAt    time.Time
}

// SignedIn reports whether we know who it is.
func (v Visitor) SignedIn() bool { return v.UserID != "" }

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
	StartedAt time.Time
	SeenAt    time.Time // to the minute
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
			ID: row.ID, UserAgent: row.UserAgent, Address: row.Address,
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

// EndOtherSessions signs the visitor out everywhere else, and counts.
func (s *Service) EndOtherSessions(ctx context.Context, who Visitor) (int64, error) {
	return s.Store.DeleteOtherSessions(ctx, who.UserID, who.SessionID)
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
	return Visitor{
		UserID: h.user.ID, CustomerID: h.user.ID, Email: h.user.Email, EmailVerified: !h.user.EmailVerifiedAt.IsZero(),
		Name: h.user.Name, SessionID: h.row.ID, SignedInAt: h.row.CreatedAt,
	}
}

// sighting is what one request tells about its session.
func sighting(row db.Session, address string, now time.Time) db.Session {
	return db.Session{ID: row.ID, SeenAt: now, ExpiresAt: endOf(row.CreatedAt, now), Address: address}
}
