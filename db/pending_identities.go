package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Pending is an identity that waits in one browser until its owner proves an address.
type Pending struct {
	BrowserHash string
	Identity    Identity
	Via         string // our own name of the provider
	Next        string
	ExpiresAt   time.Time
}

// KeepPending keeps an identity in the place of any that waits in the same browser.
func (s *Store) KeepPending(ctx context.Context, p Pending) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		err := q.KeepPendingIdentity(ctx, gen.KeepPendingIdentityParams{
			BrowserHash: p.BrowserHash, Provider: p.Identity.Provider, Subject: p.Identity.Subject, Via: p.Via,
			Email: p.Identity.Email, Name: p.Identity.Name, Next: p.Next, ExpiresAt: millis(p.ExpiresAt),
		})
		if err != nil {
			return fmt.Errorf("keep an identity of %s until its address is proven: %w", p.Identity.Provider, err)
		}
		return nil
	})
}

// PendingIn is the identity that waits in a browser. ErrNotFound: none does.
func (s *Store) PendingIn(ctx context.Context, browserHash string, now time.Time) (Pending, error) {
	row, err := s.r.PendingIdentity(ctx, gen.PendingIdentityParams{BrowserHash: browserHash, Now: millis(now)})
	if err != nil {
		return Pending{}, fmt.Errorf("identity that waits in a browser: %w", found(err))
	}
	return pending(row), nil
}

func pending(row gen.PendingIdentity) Pending {
	return Pending{
		BrowserHash: row.BrowserHash, Via: row.Via, Next: row.Next, ExpiresAt: moment(row.ExpiresAt),
		Identity: Identity{Provider: row.Provider, Subject: row.Subject, Email: row.Email, Name: row.Name},
	}
}

// TieCode says that the newest code of an address that a browser asked for is to prove
// the address for the identity that waits there. ErrNotFound: none does.
func (s *Store) TieCode(ctx context.Context, browserHash, email string, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.TieCode(ctx, gen.TieCodeParams{BrowserHash: browserHash, Email: email, Now: millis(now)})
		if err != nil {
			return fmt.Errorf("tie a code to an identity that waits: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("tie a code to an identity that waits: %w", billing.ErrNotFound)
		}
		return nil
	})
}

// RetieCode does so again after a code was sent anew, if the one before was tied.
func (s *Store) RetieCode(ctx context.Context, browserHash, email string, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		if _, err := q.RetieCode(ctx, gen.RetieCodeParams{BrowserHash: browserHash, Email: email, Now: millis(now)}); err != nil {
			return fmt.Errorf("tie a new code to an identity that waits: %w", err)
		}
		return nil
	})
}

// adopt links the identity that waited for a code to the user who spent it, if it was
// spent in the browser that the identity waits in: a link that somebody else was mailed
// must not link an attacker's identity to him.
func adopt(ctx context.Context, q *gen.Queries, codeID string, entry Entry, in SignIn) error {
	if in.Browser == "" {
		return nil
	}
	row, err := q.TakePendingIdentity(ctx, gen.TakePendingIdentityParams{BrowserHash: in.Browser, CodeID: codeID, Now: millis(in.Now)})
	if err := found(err); errors.Is(err, billing.ErrNotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("identity that waits for code %s: %w", codeID, err)
	}
	return attach(ctx, q, &entry, pending(row).Identity, in)
}
