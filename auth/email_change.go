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

// ChangeLife is how long a change of address may take.
const ChangeLife = 24 * time.Hour

// ChangeMail is what a mail of a change of address must say: the one to the new address
// carries its code, the one to the old address its own and how to stop the change, and the
// one to the owner of an address that is taken says that somebody wanted it.
type ChangeMail struct {
	Kind      ChangeMailKind
	New       string // the address that is wanted
	Code      string // as shown; empty for ChangeTaken
	StopPath  string // where the change is stopped with the code; ChangeOld only
	At        time.Time
	UserAgent string
	Address   string
	Language  string // of the browser that asks
}

// ChangeMailKind says to whom a mail of a change of address goes.
type ChangeMailKind string

// The mails of a change.
const (
	ChangeNew   ChangeMailKind = "new"
	ChangeOld   ChangeMailKind = "old"
	ChangeTaken ChangeMailKind = "taken"
)

// EmailChange is a change of address that waits for its proofs.
type EmailChange struct {
	Old, New             string
	OldProven, NewProven bool
	ExpiresAt            time.Time
}

// PendingEmail tells of the change of address that waits; it is zero when there is none.
func (s *Service) PendingEmail(ctx context.Context, who Visitor) (EmailChange, error) {
	c, err := s.Store.EmailChange(ctx, who.UserID, s.Now())
	if errors.Is(err, billing.ErrNotFound) {
		return EmailChange{}, nil
	}
	return EmailChange{Old: c.Old, New: c.New, OldProven: c.OldProven, NewProven: c.NewProven, ExpiresAt: c.ExpiresAt}, err
}

// AskEmailChange begins a change of address, in the place of one that waits: it mails a
// code to each of the two. It does the same, in the same time, whether or not the new one
// is somebody else's already. Refusals: BadEmail, SameEmail, TooMany.
func (s *Service) AskEmailChange(r *http.Request, who Visitor, typed string) error {
	email, err := normalEmail(typed)
	if err != nil {
		return refuse(BadEmail, err)
	}
	if email == who.Email {
		return refuse(SameEmail, nil)
	}
	now := s.Now()
	if err := s.limits.asks.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return err
	}
	c := db.EmailChange{
		ID: db.NewID(), UserID: who.UserID, Old: who.Email, New: email, Tries: codeTries, CreatedAt: now, ExpiresAt: now.Add(ChangeLife),
	}
	mails, err := s.changeMails(r, &c)
	if err != nil {
		return err
	}
	limit := db.CodeLimit{Most: s.Limits.CodesPerAddress, Since: now.Add(-codeWindow)}
	err = s.Store.AskEmailChange(r.Context(), c, limit, mails)
	if errors.Is(err, billing.ErrDenied) {
		return &Refusal{Reason: TooMany, RetryAfter: codeWindow, Cause: err}
	}
	if err != nil {
		return fmt.Errorf("change of address: %w", err)
	}
	s.Log.InfoContext(r.Context(), "change of address asked for", "user", who.UserID, "change", c.ID, "address", s.address(r))
	s.Poke()
	return nil
}

// changeMails makes the two codes of a change, and words its mails.
func (s *Service) changeMails(r *http.Request, c *db.EmailChange) (mails db.ChangeMails, err error) {
	for _, m := range []struct {
		kind ChangeMailKind
		hash *string
		mail *db.Mail
	}{{ChangeOld, &c.OldHash, &mails.Old}, {ChangeNew, &c.NewHash, &mails.New}, {ChangeTaken, nil, &mails.Taken}} {
		words := ChangeMail{
			Kind: m.kind, New: c.New, At: c.CreatedAt,
			UserAgent: clipped(r.UserAgent()), Address: s.address(r), Language: r.Header.Get("Accept-Language"),
		}
		if m.kind == ChangeOld {
			words.StopPath = "/account/email/stop/" + c.ID
		}
		if m.hash != nil {
			plain := newCode()
			if *m.hash, err = hashCode(plain); err != nil {
				return mails, fmt.Errorf("change of address: %w", err)
			}
			words.Code = shownCode(plain)
		}
		if *m.mail, err = s.ChangeMail(words); err != nil {
			return mails, fmt.Errorf("write the mail to the %s address: %w", m.kind, err)
		}
	}
	return mails, nil
}

// ProveEmail takes the code that was mailed to one of the two addresses of the visitor's
// change. With the second one the address changes: other sessions end, identities and
// everything else stay. Refusals: BadCode, WrongCode, CodeDead, CodeExpired, TakenEmail,
// TooMany.
func (s *Service) ProveEmail(r *http.Request, who Visitor, side db.ChangeSide, typed string) (changed bool, err error) {
	c, err := s.Store.EmailChange(r.Context(), who.UserID, s.Now())
	if errors.Is(err, billing.ErrNotFound) {
		return false, refuse(CodeExpired, nil)
	}
	if err != nil {
		return false, err
	}
	if (side == db.SideOld && c.OldProven) || (side == db.SideNew && c.NewProven) {
		return false, nil // the form was sent twice
	}
	if err := s.tryChange(r, c, side, typed); err != nil {
		return false, err
	}
	notice, err := s.notice(r, EventEmailChanged, c.New)
	if err != nil {
		return false, err
	}
	changed, err = s.Store.ProveEmail(r.Context(), c, side, who.SessionID, notice, s.Now())
	if errors.Is(err, billing.ErrConflict) {
		return false, refuse(TakenEmail, err)
	}
	if err != nil {
		return false, err
	}
	if changed {
		s.Log.InfoContext(r.Context(), "address changed", "user", who.UserID, "change", c.ID, "address", s.address(r))
		s.Poke()
	}
	return changed, nil
}

// tryChange compares a guess with one of the codes of a change.
func (s *Service) tryChange(r *http.Request, c db.EmailChange, side db.ChangeSide, typed string) error {
	plain, err := plainCode(typed)
	if err != nil {
		return refuse(BadCode, err)
	}
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), s.Now()); err != nil {
		return err
	}
	hash, tries := c.OldHash, c.OldTries
	if side == db.SideNew {
		hash, tries = c.NewHash, c.NewTries
	}
	err = s.Store.TakeChangeTry(r.Context(), c.ID, side)
	if errors.Is(err, billing.ErrDenied) {
		return refuse(CodeDead, err)
	}
	if err != nil {
		return err
	}
	right, err := codeMatches(plain, hash)
	switch {
	case err != nil:
		return fmt.Errorf("code of change of address %s: %w", c.ID, err)
	case !right && tries > 1:
		return &Refusal{Reason: WrongCode, TriesLeft: tries - 1}
	case !right:
		return refuse(CodeDead, nil)
	}
	return nil
}

// CancelEmailChange takes the visitor's change of address back.
func (s *Service) CancelEmailChange(ctx context.Context, who Visitor) error {
	return s.Store.DropEmailChange(ctx, who.UserID)
}

// StopEmailChange ends a change that the owner of the old address did not ask for, by
// the code that was mailed to him, whoever is signed in; all sessions of the user end.
// Refusals: BadCode, WrongCode, CodeDead, TooMany, and CodeExpired for a change that has
// ended or never was.
func (s *Service) StopEmailChange(r *http.Request, id, typed string) error {
	c, err := s.Store.EmailChangeByID(r.Context(), id, s.Now())
	if errors.Is(err, billing.ErrNotFound) {
		return refuse(CodeExpired, nil)
	}
	if err != nil {
		return err
	}
	if err := s.tryChange(r, c, db.SideStop, typed); err != nil {
		return err
	}
	notice, err := s.notice(r, EventSessionsEnded, "")
	if err != nil {
		return err
	}
	if err := s.Store.StopEmailChange(r.Context(), c.UserID, notice, s.Now()); err != nil {
		return err
	}
	s.Log.WarnContext(r.Context(), "change of address stopped by the owner of the old one", "user", c.UserID, "change", c.ID)
	s.Poke()
	return nil
}
