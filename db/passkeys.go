package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Passkey is a public key of one of a user's authenticators.
type Passkey struct {
	ID         string // of the credential, base64url
	UserID     string
	Handle     string // how the authenticator names the user, base64url
	Name       string
	Credential string // JSON, auth's own
	SignCount  uint32
	CreatedAt  time.Time
	UsedAt     time.Time // zero for never
}

// maxPasskeys is how many a user can have.
const maxPasskeys = 20

// AddPasskey keeps a new passkey, tells its user and ends his other sessions. ErrConflict:
// the credential is known already, or the user has twenty.
func (s *Store) AddPasskey(ctx context.Context, p Passkey, keepSession string, notice Mail) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		err := changes("add a passkey", p.UserID, billing.ErrConflict, func() (int64, error) {
			return q.InsertPasskey(ctx, gen.InsertPasskeyParams{
				ID: p.ID, UserID: p.UserID, Handle: p.Handle, Name: p.Name, Credential: p.Credential,
				SignCount: int64(p.SignCount), CreatedAt: millis(p.CreatedAt), Most: maxPasskeys,
			})
		})
		if err != nil {
			return err
		}
		return factorChanged(ctx, q, p.UserID, keepSession, notice, p.CreatedAt)
	})
}

// Passkey finds one by its id. ErrNotFound: there is none.
func (s *Store) Passkey(ctx context.Context, id string) (Passkey, error) {
	row, err := s.r.Passkey(ctx, id)
	if err != nil {
		return Passkey{}, fmt.Errorf("passkey: %w", found(err))
	}
	return passkey(row), nil
}

// PasskeysOf lists a user's, the oldest first.
func (s *Store) PasskeysOf(ctx context.Context, userID string) ([]Passkey, error) {
	rows, err := s.r.PasskeysOfUser(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("passkeys of user %s: %w", userID, err)
	}
	return mapEach(rows, passkey), nil
}

// use records a use. ErrDenied: the counter did not grow, so the key was copied, or
// another request with the same answer was faster.
func (p Passkey) use(ctx context.Context, q *gen.Queries, now time.Time) error {
	return changes("use a passkey", p.UserID, billing.ErrDenied, func() (int64, error) {
		return q.UsePasskey(ctx, gen.UsePasskeyParams{
			ID: p.ID, UserID: p.UserID, Credential: p.Credential, SignCount: int64(p.SignCount), UsedAt: maybeMillis(now),
		})
	})
}

// SignInWithPasskey signs in the user of a passkey that has proven itself; with that no
// second step is asked for. ErrDenied: see Passkey.use; nothing happened.
func (s *Store) SignInWithPasskey(ctx context.Context, p Passkey, in SignIn) (Entry, error) {
	var entry Entry
	in.Whole = true
	err := s.inTx(ctx, func(q *gen.Queries) error {
		row, err := q.User(ctx, p.UserID)
		if err != nil {
			return fmt.Errorf("user %s: %w", p.UserID, found(err))
		}
		if err := p.use(ctx, q, in.Now); err != nil {
			return err
		}
		entry = Entry{User: user(row)}
		return enter(ctx, q, &entry, in)
	})
	return entry, err
}

// RenamePasskey changes the name of a user's own. ErrNotFound: it is somebody else's, or
// there is none.
func (s *Store) RenamePasskey(ctx context.Context, userID, id, name string) error {
	return s.factor(ctx, "rename a passkey", userID, billing.ErrNotFound, func(q *gen.Queries) (int64, error) {
		return q.RenamePasskey(ctx, gen.RenamePasskeyParams{ID: id, UserID: userID, Name: name})
	})
}

// RemovePasskey removes a user's own, tells him and ends his other sessions. ErrNotFound:
// it is somebody else's, or there is none.
func (s *Store) RemovePasskey(ctx context.Context, userID, id, keepSession string, notice Mail, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		err := changes("remove a passkey", userID, billing.ErrNotFound, func() (int64, error) {
			return q.DeletePasskey(ctx, gen.DeletePasskeyParams{ID: id, UserID: userID})
		})
		if err != nil {
			return err
		}
		return factorChanged(ctx, q, userID, keepSession, notice, now)
	})
}

// Challenge is a ceremony of a passkey that is under way.
type Challenge struct {
	Hash        string
	Purpose     string // auth's word: what it was begun for, and for whom
	BrowserHash string // who began
	Data        string // JSON, auth's own
	ExpiresAt   time.Time
}

// AddChallenge begins a ceremony.
func (s *Store) AddChallenge(ctx context.Context, c Challenge) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		err := q.InsertPasskeyChallenge(ctx, gen.InsertPasskeyChallengeParams{
			ChallengeHash: c.Hash, Purpose: c.Purpose, BrowserHash: c.BrowserHash, Data: c.Data, ExpiresAt: millis(c.ExpiresAt),
		})
		if err != nil {
			return fmt.Errorf("begin a ceremony: %w", err)
		}
		return nil
	})
}

// TakeChallenge takes a ceremony out, so that nobody can finish it twice. ErrNotFound: that
// browser began none of that purpose, or it has ended.
func (s *Store) TakeChallenge(ctx context.Context, hash, purpose, browserHash string) (Challenge, error) {
	var c Challenge
	err := s.inTx(ctx, func(q *gen.Queries) error {
		row, err := q.TakePasskeyChallenge(ctx, gen.TakePasskeyChallengeParams{ChallengeHash: hash, Purpose: purpose, BrowserHash: browserHash})
		if err != nil {
			return fmt.Errorf("ceremony of a passkey: %w", found(err))
		}
		c = Challenge{Hash: row.ChallengeHash, Purpose: row.Purpose, BrowserHash: row.BrowserHash, Data: row.Data, ExpiresAt: moment(row.ExpiresAt)}
		return nil
	})
	return c, err
}

func passkey(row gen.Passkey) Passkey {
	return Passkey{
		ID: row.ID, UserID: row.UserID, Handle: row.Handle, Name: row.Name, Credential: row.Credential,
		SignCount: uint32(row.SignCount), CreatedAt: moment(row.CreatedAt), UsedAt: maybeMoment(row.UsedAt),
	}
}
