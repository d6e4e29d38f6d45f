package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// State is one sign-in at an identity provider that is under way.
type State struct {
	Hash         string // of the state that travels through the browser
	Provider     string // our own name of the provider
	BrowserHash  string
	Session      string // what the provider's kind keeps meanwhile, or what it answered by a form; JSON
	Nonce        string
	CodeVerifier string
	Next         string
	RedirectURI  string // where the browser comes back to
	// The session and the user that an identity is to be linked to; empty for a sign-in.
	LinkSession, LinkUser string

	CreatedAt time.Time
	ExpiresAt time.Time
}

// AddState keeps a sign-in that has begun.
func (s *Store) AddState(ctx context.Context, st State) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		err := q.InsertState(ctx, gen.InsertStateParams{
			StateHash: st.Hash, Provider: st.Provider, BrowserHash: st.BrowserHash, Session: st.Session, Nonce: st.Nonce,
			CodeVerifier: st.CodeVerifier, Next: st.Next, CreatedAt: millis(st.CreatedAt), ExpiresAt: millis(st.ExpiresAt),
			RedirectUri: st.RedirectURI, LinkSessionID: st.LinkSession, LinkUserID: st.LinkUser,
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
			RedirectURI: row.RedirectUri, LinkSession: row.LinkSessionID, LinkUser: row.LinkUserID,
		}
		return nil
	})
	return st, err
}

// AnswerState keeps what a provider answered by a form with the sign-in that it names, for
// the browser that began it to take out. ErrNotFound: there is no sign-in of that state at
// that provider that comes back there, it is too old, or it was answered before.
func (s *Store) AnswerState(ctx context.Context, st State, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		changed, err := q.AnswerState(ctx, gen.AnswerStateParams{
			Session: st.Session, StateHash: st.Hash, Provider: st.Provider, RedirectUri: st.RedirectURI, Now: millis(now),
		})
		if err != nil {
			return fmt.Errorf("answer a state of %s: %w", st.Provider, err)
		}
		if changed == 0 {
			return fmt.Errorf("answer a state of %s: %w", st.Provider, billing.ErrNotFound)
		}
		return nil
	})
}
