package db

import (
	"context"
	"errors"
	"fmt"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Identity is what an identity provider says about somebody. Provider is the
// authority that the subject belongs to, such as an issuer's URL.
type Identity struct {
	Provider      string
	Subject       string
	Email         string // normal form; may be empty
	EmailVerified bool   // the provider vouches for the address
	Name          string // may be empty
}

// identify finds the user of an identity or, of one not known yet, of its address, or
// makes a user.
func identify(ctx context.Context, q *gen.Queries, id Identity, in SignIn) (entry Entry, known bool, err error) {
	userID, err := q.IdentityUser(ctx, gen.IdentityUserParams{Provider: id.Provider, Subject: id.Subject})
	if err == nil {
		row, err := q.User(ctx, userID)
		if err != nil {
			return Entry{}, false, fmt.Errorf("user %s: %w", userID, err)
		}
		return Entry{User: user(row)}, true, nil
	}
	if err := found(err); !errors.Is(err, billing.ErrNotFound) {
		return Entry{}, false, err
	}
	if !id.EmailVerified || id.Email == "" {
		return Entry{}, false, fmt.Errorf("its address is not verified: %w", billing.ErrDenied)
	}
	entry, err = findOrCreate(ctx, q, id, in)
	return entry, false, err
}

// findOrCreate goes by the verified address of an identity not seen before.
// The provider's word proves the address, so a user who never did so himself is
// cleansed first.
func findOrCreate(ctx context.Context, q *gen.Queries, id Identity, in SignIn) (Entry, error) {
	row, err := q.UserByEmail(ctx, id.Email)
	if err := found(err); err != nil && !errors.Is(err, billing.ErrNotFound) {
		return Entry{}, fmt.Errorf("user of a verified address: %w", err)
	}
	if err != nil || row.EmailVerifiedAt == nil {
		return proven(ctx, q, id.Email, id.Name, in)
	}
	return Entry{User: user(row)}, nil
}

// attach keeps that an identity lets its user in, and has him told if it is new to an
// account that is not. One that is another user's by now stays his.
func attach(ctx context.Context, q *gen.Queries, entry *Entry, id Identity, in SignIn) error {
	_, before := q.IdentityUser(ctx, gen.IdentityUserParams{Provider: id.Provider, Subject: id.Subject})
	n, err := q.LinkIdentity(ctx, gen.LinkIdentityParams{
		Provider: id.Provider, Subject: id.Subject, UserID: entry.User.ID, Email: id.Email, UsedAt: millis(in.Now),
	})
	if err != nil {
		return fmt.Errorf("link an identity of %s to user %s: %w", id.Provider, entry.User.ID, err)
	}
	if n == 0 || before == nil {
		return nil
	}
	if entry.User.Name == "" && id.Name != "" {
		if err := q.NameUser(ctx, gen.NameUserParams{ID: entry.User.ID, Name: id.Name, UpdatedAt: millis(in.Now)}); err != nil {
			return fmt.Errorf("name user %s: %w", entry.User.ID, err)
		}
		entry.User.Name = id.Name
	}
	if entry.Created || entry.Proven {
		return nil
	}
	return enqueueNotice(ctx, q, entry.User.ID, in.Linked, in.Now)
}
