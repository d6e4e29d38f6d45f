package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Authenticator is a user's app that shows codes by the clock (TOTP, RFC 6238).
type Authenticator struct {
	Sealed      string    // the secret, as auth sealed it
	ConfirmedAt time.Time // zero while it does not count yet
	LastStep    int64     // the latest time step whose code was used
}

// Authenticator finds a user's. ErrNotFound: there is none.
func (s *Store) Authenticator(ctx context.Context, userID string) (Authenticator, error) {
	row, err := s.r.Authenticator(ctx, userID)
	if err != nil {
		return Authenticator{}, fmt.Errorf("authenticator of user %s: %w", userID, found(err))
	}
	return Authenticator{Sealed: row.Secret, ConfirmedAt: maybeMoment(row.ConfirmedAt), LastStep: row.LastStep}, nil
}

// BeginAuthenticator keeps a secret that does not count until it is confirmed.
// ErrConflict: the user has one that counts.
func (s *Store) BeginAuthenticator(ctx context.Context, userID, sealed string, now time.Time) error {
	return s.factor(ctx, "begin an authenticator", userID, billing.ErrConflict, func(q *gen.Queries) (int64, error) {
		return q.BeginAuthenticator(ctx, gen.BeginAuthenticatorParams{UserID: userID, Secret: sealed, Now: millis(now)})
	})
}

// Limits of wrong codes: an attacker who knows the first step guesses one of a million.
const (
	secondTries  = 10
	secondWindow = time.Hour
)

// TakeSecondTry pays for a guess before it is looked at. ErrDenied: there were ten wrong
// ones within the hour. ErrNotFound is told as ErrDenied.
func (s *Store) TakeSecondTry(ctx context.Context, userID string, now time.Time) error {
	return s.factor(ctx, "try a code", userID, billing.ErrDenied, func(q *gen.Queries) (int64, error) {
		return q.TakeSecondTry(ctx, gen.TakeSecondTryParams{
			UserID: userID, Now: millis(now), WindowStart: millis(now.Add(-secondWindow)), Most: secondTries,
		})
	})
}

// factor runs a statement that must change one row of a user; if it changes none, that
// is an error of that kind.
func (s *Store) factor(ctx context.Context, what, userID string, kind error, do func(q *gen.Queries) (int64, error)) error {
	return s.inTx(ctx, func(q *gen.Queries) error { return changes(what, userID, kind, func() (int64, error) { return do(q) }) })
}

func changes(what, userID string, kind error, do func() (int64, error)) error {
	n, err := do()
	if err != nil {
		return fmt.Errorf("%s of user %s: %w", what, userID, err)
	}
	if n == 0 {
		return fmt.Errorf("%s of user %s: %w", what, userID, kind)
	}
	return nil
}

// SecondProof is what the second step was done with: one of Step and Recovery.
type SecondProof struct {
	Sealed   string // the authenticator's secret that the step was checked with
	Step     int64
	Recovery string // hash of a recovery code
	Notice   Mail   // tells the user that a recovery code was used
}

// use spends the proof. ErrDenied: it was spent before.
func (p SecondProof) use(ctx context.Context, q *gen.Queries, userID string, now time.Time) error {
	if p.Recovery == "" {
		return changes("use a time step", userID, billing.ErrDenied, func() (int64, error) {
			return q.UseStep(ctx, gen.UseStepParams{UserID: userID, Secret: p.Sealed, Step: p.Step})
		})
	}
	err := changes("use a recovery code", userID, billing.ErrDenied, func() (int64, error) {
		return q.UseRecoveryCode(ctx, gen.UseRecoveryCodeParams{UserID: userID, Hash: p.Recovery, Now: maybeMillis(now)})
	})
	if err != nil {
		return err
	}
	return enqueueNotice(ctx, q, userID, p.Notice, now)
}

// SignInWithSecond does the second step of a sign-in: in.Replaces is the session that
// did the first, and in.Link an identity that it proved, which is linked now. ErrDenied:
// the code was used before; ErrNotFound: the first step was revoked, or has led to a session
// already. Nothing happened then.
func (s *Store) SignInWithSecond(ctx context.Context, userID string, proof SecondProof, in SignIn) (Entry, error) {
	var entry Entry
	in.Whole = true
	err := s.inTx(ctx, func(q *gen.Queries) error {
		row, err := q.User(ctx, userID)
		if err != nil {
			return fmt.Errorf("user %s: %w", userID, found(err))
		}
		err = changes("do the second step", userID, billing.ErrNotFound, func() (int64, error) {
			return q.TakePendingSession(ctx, gen.TakePendingSessionParams{ID: in.Replaces, UserID: &userID})
		})
		if err != nil {
			return err
		}
		if err := proof.use(ctx, q, userID, in.Now); err != nil {
			return err
		}
		entry = Entry{User: user(row)}
		if err := enter(ctx, q, &entry, in); err != nil || in.Link == nil {
			return err
		}
		return attach(ctx, q, &entry, *in.Link, in)
	})
	return entry, err
}

// ConfirmAuthenticator makes an authenticator count, together with recovery codes, and
// ends the user's other sessions. ErrDenied: the step was used, or another secret was
// begun meanwhile.
func (s *Store) ConfirmAuthenticator(ctx context.Context, userID, keepSession string, proof SecondProof, recovery []string, notice Mail, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		if err := proof.use(ctx, q, userID, now); err != nil {
			return err
		}
		err := changes("confirm an authenticator", userID, billing.ErrDenied, func() (int64, error) {
			return q.ConfirmAuthenticator(ctx, gen.ConfirmAuthenticatorParams{UserID: userID, Secret: proof.Sealed, Now: maybeMillis(now)})
		})
		if err != nil {
			return err
		}
		if err := replaceRecovery(ctx, q, userID, recovery, now); err != nil {
			return err
		}
		return factorChanged(ctx, q, userID, keepSession, notice, now)
	})
}

// RemoveAuthenticator takes it away, with its recovery codes, and ends the user's other
// sessions; one that never counted goes without a word. ErrNotFound: there is none.
func (s *Store) RemoveAuthenticator(ctx context.Context, userID, keepSession string, notice Mail, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		counted, err := q.NeedsSecondStep(ctx, userID)
		if err != nil {
			return fmt.Errorf("second step of user %s: %w", userID, err)
		}
		err = changes("remove the authenticator", userID, billing.ErrNotFound, func() (int64, error) { return q.DeleteAuthenticator(ctx, userID) })
		if err != nil || !counted {
			return err
		}
		if err := q.DeleteRecoveryCodes(ctx, userID); err != nil {
			return fmt.Errorf("remove recovery codes of user %s: %w", userID, err)
		}
		return factorChanged(ctx, q, userID, keepSession, notice, now)
	})
}

// ReplaceRecovery makes new recovery codes; the ones before are dead.
func (s *Store) ReplaceRecovery(ctx context.Context, userID string, hashes []string, notice Mail, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		if err := replaceRecovery(ctx, q, userID, hashes, now); err != nil {
			return err
		}
		return enqueueNotice(ctx, q, userID, notice, now)
	})
}

func replaceRecovery(ctx context.Context, q *gen.Queries, userID string, hashes []string, now time.Time) error {
	if err := q.DeleteRecoveryCodes(ctx, userID); err != nil {
		return fmt.Errorf("replace recovery codes of user %s: %w", userID, err)
	}
	for _, hash := range hashes {
		if err := q.InsertRecoveryCode(ctx, gen.InsertRecoveryCodeParams{UserID: userID, Hash: hash, Now: millis(now)}); err != nil {
			return fmt.Errorf("add a recovery code of user %s: %w", userID, err)
		}
	}
	return nil
}

// factorChanged signs the user's other browsers out and tells him why.
func factorChanged(ctx context.Context, q *gen.Queries, userID, keepSession string, notice Mail, now time.Time) error {
	if _, err := q.DeleteOtherSessions(ctx, gen.DeleteOtherSessionsParams{UserID: &userID, KeepID: keepSession}); err != nil {
		return fmt.Errorf("end other sessions of user %s: %w", userID, err)
	}
	return enqueueNotice(ctx, q, userID, notice, now)
}

// RecoveryCodesLeft counts the recovery codes that were not used.
func (s *Store) RecoveryCodesLeft(ctx context.Context, userID string) (int, error) {
	n, err := s.r.RecoveryCodesLeft(ctx, userID)
	if err != nil {
		return 0, fmt.Errorf("recovery codes of user %s: %w", userID, err)
	}
	return int(n), nil
}

// Fresh is a proof that somebody who is signed in gives again.
type Fresh struct {
	SessionID string
	UserID    string
	TokenHash string // the session's from now on
	Proof     string // auth's word for it
	Code      string // id of an e-mailed code that it spends; may be empty
	Second    *SecondProof
	Passkey   *Passkey // one that was used for it
	Now       time.Time
}

// Prove gives a session a fresh proof and a new token, and spends what proves it.
// ErrDenied: that was spent before. ErrNotFound: the session has ended.
func (s *Store) Prove(ctx context.Context, f Fresh) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		if f.Code != "" {
			err := changes("use a code", f.UserID, billing.ErrDenied, func() (int64, error) {
				return q.UseCode(ctx, gen.UseCodeParams{ID: f.Code, Now: maybeMillis(f.Now)})
			})
			if err != nil {
				return err
			}
		}
		if f.Passkey != nil {
			if err := f.Passkey.use(ctx, q, f.Now); err != nil {
				return err
			}
		}
		if f.Second != nil {
			if err := f.Second.use(ctx, q, f.UserID, f.Now); err != nil {
				return err
			}
		}
		return changes("prove session "+f.SessionID, f.UserID, billing.ErrNotFound, func() (int64, error) {
			return q.ProveSession(ctx, gen.ProveSessionParams{
				ID: f.SessionID, UserID: &f.UserID, TokenHash: f.TokenHash, Proof: f.Proof, ProvenAt: millis(f.Now),
			})
		})
	})
}
