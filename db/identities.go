package db

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// identify finds the user of an identity, links it, or makes a user.
func identify(ctx context.Context, q *gen.Queries, id Identity, now time.Time) (Entry, error) {
	userID, err := q.IdentityUser(ctx, gen.IdentityUserParams{Provider: id.Provider, Subject: id.Subject})
	if err == nil {
		row, err := q.User(ctx, userID)
		if err != nil {
			return Entry{}, fmt.Errorf("user %s: %w", userID, err)
		}
		return Entry{User: user(row)}, nil
	}
	if err := found(err); !errors.Is(err, billing.ErrNotFound) {
		return Entry{}, err
	}
	if !id.EmailVerified || id.Email == "" {
		return Entry{}, fmt.Errorf("its address is not verified: %w", billing.ErrDenied)
	}
	return linkOrCreate(ctx, q, id, now)
}

// linkOrCreate goes by the verified address of an identity not seen before.
func linkOrCreate(ctx context.Context, q *gen.Queries, id Identity, now time.Time) (Entry, error) {
	row, err := q.UserByEmail(ctx, id.Email)
	switch err := found(err); {
	case errors.Is(err, billing.ErrNotFound):
		made, created, err := proven(ctx, q, id.Email, id.Name, now)
		return Entry{User: made, Created: created}, err
	case err != nil:
		return Entry{}, fmt.Errorf("user of a verified address: %w", err)
	case row.EmailVerifiedAt == nil:
		return Entry{}, fmt.Errorf("the address of user %s is not verified: %w", row.ID, billing.ErrDenied)
	}
	if row.Name == "" && id.Name != "" {
		if err := q.NameUser(ctx, gen.NameUserParams{ID: row.ID, Name: id.Name, UpdatedAt: millis(now)}); err != nil {
			return Entry{}, fmt.Errorf("name user %s: %w", row.ID, err)
		}
		row.Name = id.Name
	}
	return Entry{User: user(row)}, nil
}

// State is one sign-in at an identity provider that is under way.
type State struct {
	Hash         string // of the state that travels through the browser
	Provider     string // our own name of the provider
	BrowserHash  string
	Session      string // what goth keeps between the two halves
	Nonce        string
	CodeVerifier string
	Next         string
	CreatedAt    time.Time
	ExpiresAt    time.Time
}

// AddState keeps a sign-in that has begun.
func (s *Store) AddState(ctx context.Context, st State) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		err := q.InsertState(ctx, gen.InsertStateParams{
			StateHash: st.Hash, Provider: st.Provider, BrowserHash: st.BrowserHash, Session: st.Session, Nonce: st.Nonce,
			CodeVerifier: st.CodeVerifier, Next: st.Next, CreatedAt: millis(st.CreatedAt), ExpiresAt: millis(st.ExpiresAt),
		})
		if err != nil {
			return fmt.Errorf("add a state of %s: %w", st.Provider, err)
		}
		return nil
	})
}

// TakeState takes a sign-in out, so that it can be finished once. ErrNotFound:
// this browser has begun none of that state at that provider. The caller checks
// ExpiresAt.
func (s *Store) TakeState(ctx context.Context, hash, provider, browserHash string) (State, error) {
	var st State
	err := s.inTx(ctx, func(q *gen.Queries) error {
		row, err := q.TakeState(ctx, gen.TakeStateParams{StateHash: hash, Provider: provider, BrowserHash: browserHash})
		if err != nil {
			return fmt.Errorf("take a state of %s: %w", provider, found(err))
		}
		st = State{
			Hash: row.StateHash, Provider: row.Provider, BrowserHash: row.BrowserHash, Session: row.Session, Nonce: row.Nonce,
			CodeVerifier: row.CodeVerifier, Next: row.Next, CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt),
		}
		return nil
	})
	return st, err
}
