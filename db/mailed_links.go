package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Purposes of a MailedLink.
const (
	LinkVerify = "verify" // proves an address, and finishes a sign-up
	LinkReset  = "reset"  // sets a new password
)

// MailedLink is one link that was mailed, or would have been: only its hash is kept.
type MailedLink struct {
	TokenHash    string
	Purpose      string
	Email        string // normal form
	BrowserHash  string // of the browser that asked; may be empty
	Name         string // that the user signed up with; may be empty
	PasswordHash string // that the user signed up with; may be empty
	Next         string
	CreatedAt    time.Time
	ExpiresAt    time.Time
}

// AddLink keeps a link and enqueues the mail that carries it, both or none. ErrDenied:
// the address has been sent as many for this purpose as the limit allows.
func (s *Store) AddLink(ctx context.Context, link MailedLink, limit CodeLimit, mail Mail) error {
	return s.inTx(ctx, func(q *gen.Queries) error { return addLink(ctx, q, link, limit, mail) })
}

func addLink(ctx context.Context, q *gen.Queries, link MailedLink, limit CodeLimit, mail Mail) error {
	n, err := q.InsertLink(ctx, gen.InsertLinkParams{
		TokenHash: link.TokenHash, Purpose: link.Purpose, Email: link.Email, BrowserHash: link.BrowserHash, Name: link.Name,
		PasswordHash: link.PasswordHash, Next: link.Next, CreatedAt: millis(link.CreatedAt), ExpiresAt: millis(link.ExpiresAt),
		Since: millis(limit.Since), Most: int64(limit.Most),
	})
	if err != nil {
		return fmt.Errorf("add a link to %s: %w", link.Purpose, err)
	}
	if n == 0 {
		return fmt.Errorf("more than %d links to %s for one address: %w", limit.Most, link.Purpose, billing.ErrDenied)
	}
	mail.To, mail.ExpiresAt = link.Email, link.ExpiresAt
	return enqueueMail(ctx, q, mail, link.CreatedAt)
}

// Link finds a link that can still be used. ErrNotFound: there is none, it was used, or
// it has ended.
func (s *Store) Link(ctx context.Context, tokenHash, purpose string, now time.Time) (MailedLink, error) {
	row, err := s.r.Link(ctx, gen.LinkParams{TokenHash: tokenHash, Purpose: purpose})
	if err != nil {
		return MailedLink{}, fmt.Errorf("link to %s: %w", purpose, found(err))
	}
	if row.UsedAt != nil || row.ExpiresAt <= millis(now) {
		return MailedLink{}, fmt.Errorf("link to %s was used or has ended: %w", purpose, billing.ErrNotFound)
	}
	return MailedLink{
		TokenHash: row.TokenHash, Purpose: row.Purpose, Email: row.Email, BrowserHash: row.BrowserHash, Name: row.Name,
		PasswordHash: row.PasswordHash, Next: row.Next, CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt),
	}, nil
}

// spend uses a link up, and ends the others of its purpose to that address.
func spend(ctx context.Context, q *gen.Queries, link MailedLink, now time.Time) error {
	n, err := q.UseLink(ctx, gen.UseLinkParams{TokenHash: link.TokenHash, Now: maybeMillis(now)})
	if err != nil {
		return fmt.Errorf("use a link to %s: %w", link.Purpose, err)
	}
	if n == 0 {
		return fmt.Errorf("a link to %s was used or has ended: %w", link.Purpose, billing.ErrDenied)
	}
	err = q.EndLinks(ctx, gen.EndLinksParams{Now: millis(now), Email: link.Email, Purpose: link.Purpose, TokenHash: link.TokenHash})
	if err != nil {
		return fmt.Errorf("end older links to %s: %w", link.Purpose, err)
	}
	return nil
}

// SignUp makes a user whose address nobody has proven, with a password, and signs him
// in; the mail asks for the proof. ErrConflict: the address has a user already.
// ErrDenied: too many mails to that address. Nothing happened then.
func (s *Store) SignUp(ctx context.Context, link MailedLink, image string, limit CodeLimit, mail Mail, in SignIn) (Entry, error) {
	var entry Entry
	err := s.inTx(ctx, func(q *gen.Queries) error {
		if _, err := q.UserByEmail(ctx, link.Email); err == nil {
			return fmt.Errorf("sign up with an address that has a user: %w", billing.ErrConflict)
		} else if err := found(err); !errors.Is(err, billing.ErrNotFound) {
			return fmt.Errorf("user of an address: %w", err)
		}
		if err := addLink(ctx, q, link, limit, mail); err != nil {
			return err
		}
		id := NewID()
		if err := addUser(ctx, q, id, link.Email, link.Name, nil, in.Now); err != nil {
			return err
		}
		if image != "" {
			if err := q.PictureUser(ctx, gen.PictureUserParams{ID: id, Image: image}); err != nil {
				return fmt.Errorf("picture of user %s: %w", id, err)
			}
		}
		if _, err := q.InsertPassword(ctx, gen.InsertPasswordParams{UserID: id, Hash: link.PasswordHash, Now: millis(in.Now)}); err != nil {
			return fmt.Errorf("password of user %s: %w", id, err)
		}
		row, err := q.User(ctx, id)
		if err != nil {
			return fmt.Errorf("user %s: %w", id, err)
		}
		entry = Entry{User: user(row), Created: true}
		return enter(ctx, q, &entry, in)
	})
	return entry, err
}

// VerifyWithLink spends a link: its address is proven, and its user signed in, as a new
// one if need be. The password of the sign-up becomes his if he has none. ErrDenied: the
// link was used or ended meanwhile, and nothing happened. ErrSignUpClosed: the user would
// be new.
func (s *Store) VerifyWithLink(ctx context.Context, link MailedLink, in SignIn) (Entry, error) {
	var entry Entry
	err := s.inTx(ctx, func(q *gen.Queries) error {
		if err := spend(ctx, q, link, in.Now); err != nil {
			return err
		}
		var err error
		if entry, err = proven(ctx, q, link.Email, link.Name, in); err != nil {
			return err
		}
		if link.PasswordHash != "" {
			_, err := q.InsertPassword(ctx, gen.InsertPasswordParams{UserID: entry.User.ID, Hash: link.PasswordHash, Now: millis(in.Now)})
			if err != nil {
				return fmt.Errorf("password of user %s: %w", entry.User.ID, err)
			}
		}
		return enter(ctx, q, &entry, in)
	})
	return entry, err
}

// ResetPassword spends a link: its user, whose address is proven by it, gets the
// password, and all his sessions end. ErrDenied: the link was used or ended meanwhile,
// or nobody has its address any more, and nothing happened.
func (s *Store) ResetPassword(ctx context.Context, link MailedLink, hash string, notice Mail, createCustomer bool, now time.Time) (User, error) {
	var who User
	err := s.inTx(ctx, func(q *gen.Queries) error {
		if err := spend(ctx, q, link, now); err != nil {
			return err
		}
		if _, err := q.UserByEmail(ctx, link.Email); errors.Is(found(err), billing.ErrNotFound) {
			return fmt.Errorf("nobody has the address of a link to %s: %w", link.Purpose, billing.ErrDenied)
		}
		entry, err := proven(ctx, q, link.Email, "", SignIn{NoNewUsers: true, Now: now})
		if err != nil {
			return err
		}
		who = entry.User
		if err := q.PutPassword(ctx, gen.PutPasswordParams{UserID: who.ID, Hash: hash, Now: millis(now)}); err != nil {
			return fmt.Errorf("password of user %s: %w", who.ID, err)
		}
		if err := q.CleanseSessions(ctx, &who.ID); err != nil {
			return fmt.Errorf("end the sessions of user %s: %w", who.ID, err)
		}
		if err := q.CleansePending(ctx, &who.ID); err != nil {
			return fmt.Errorf("end first steps of user %s: %w", who.ID, err)
		}
		if entry.Proven && createCustomer {
			if err := enqueue(ctx, q, Job{Kind: JobCreateCustomer, Key: who.ID, CustomerID: who.ID}, time.Time{}, now); err != nil {
				return err
			}
		}
		return enqueueNotice(ctx, q, who.ID, notice, now)
	})
	return who, err
}
