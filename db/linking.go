package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Linked is an identity that a user may sign in with.
type Linked struct {
	Provider string // the authority that the subject belongs to
	Subject  string
	Email    string // as the provider last told it; may be empty
	LinkedAt time.Time
	UsedAt   time.Time
}

// IdentitiesOf lists the identities of a user, in the order in which they were linked.
func (s *Store) IdentitiesOf(ctx context.Context, userID string) ([]Linked, error) {
	rows, err := s.r.IdentitiesOfUser(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("identities of user %s: %w", userID, err)
	}
	return mapEach(rows, linked), nil
}

func linked(row gen.Identity) Linked {
	return Linked{
		Provider: row.Provider, Subject: row.Subject, Email: row.Email,
		LinkedAt: moment(row.CreatedAt), UsedAt: moment(row.LastUsedAt),
	}
}

// LinkIdentity lets a user sign in with an identity from now on, and has him told if it is
// new; it may be repeated.
// ErrDenied: the identity is another user's, or the user has not proven his address.
func (s *Store) LinkIdentity(ctx context.Context, userID string, id Identity, notice Mail, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		_, before := q.IdentityUser(ctx, gen.IdentityUserParams{Provider: id.Provider, Subject: id.Subject})
		n, err := q.LinkIdentity(ctx, gen.LinkIdentityParams{
			Provider: id.Provider, Subject: id.Subject, UserID: userID, Email: id.Email, UsedAt: millis(now),
		})
		if err != nil {
			return fmt.Errorf("link an identity of %s to user %s: %w", id.Provider, userID, err)
		}
		if n == 0 {
			return fmt.Errorf("link an identity of %s to user %s: it is another's, or his address is not proven: %w", id.Provider, userID, billing.ErrDenied)
		}
		if before == nil {
			return nil // it was his already
		}
		return enqueueNotice(ctx, q, userID, notice, now)
	})
}

// Unlinking says which identity a user gives up, and what else lets him in.
type Unlinking struct {
	UserID, Provider, Subject string
	// Authorities are those whose identities let anybody in today: what is kept of a
	// provider that is no longer configured is no way in.
	Authorities []string
	Otherwise   bool // the user can sign in without any identity
	Notice      Mail // what he is told; may be zero
	Now         time.Time
}

// UnlinkIdentity takes an identity away from a user, and ends no session. ErrNotFound:
// he has none like that. ErrDenied: it is his last way in, and nothing happened.
func (s *Store) UnlinkIdentity(ctx context.Context, u Unlinking) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.DeleteIdentity(ctx, gen.DeleteIdentityParams{Provider: u.Provider, Subject: u.Subject, UserID: u.UserID})
		if err != nil {
			return fmt.Errorf("unlink an identity of user %s: %w", u.UserID, err)
		}
		if n == 0 {
			return fmt.Errorf("identity of user %s at %s: %w", u.UserID, u.Provider, billing.ErrNotFound)
		}
		if u.Otherwise {
			return enqueueNotice(ctx, q, u.UserID, u.Notice, u.Now)
		}
		rest, err := q.IdentitiesOfUser(ctx, u.UserID)
		if err != nil {
			return fmt.Errorf("identities of user %s: %w", u.UserID, err)
		}
		for _, other := range rest {
			for _, authority := range u.Authorities {
				if other.Provider == authority {
					return enqueueNotice(ctx, q, u.UserID, u.Notice, u.Now)
				}
			}
		}
		return fmt.Errorf("the identity is the last way in of user %s: %w", u.UserID, billing.ErrDenied)
	})
}
