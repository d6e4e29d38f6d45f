package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Password is what is kept of a user's password. Hash is argon2id in its encoded form.
type Password struct {
	UserID    string
	Hash      string
	Proven    bool // the user's address is; only PasswordByEmail tells
	CreatedAt time.Time
	ChangedAt time.Time
}

// PasswordOf finds a user's password. ErrNotFound: the user has none.
func (s *Store) PasswordOf(ctx context.Context, userID string) (Password, error) {
	row, err := s.r.PasswordOfUser(ctx, userID)
	if err != nil {
		return Password{}, fmt.Errorf("password of user %s: %w", userID, found(err))
	}
	return Password{UserID: row.UserID, Hash: row.Hash, CreatedAt: moment(row.CreatedAt), ChangedAt: moment(row.ChangedAt)}, nil
}

// PasswordByEmail finds the password of an address. ErrNotFound: there is no such user,
// or he has none.
func (s *Store) PasswordByEmail(ctx context.Context, email string) (Password, error) {
	row, err := s.r.PasswordByEmail(ctx, email)
	if err != nil {
		return Password{}, fmt.Errorf("password of an address: %w", found(err))
	}
	return Password{UserID: row.ID, Hash: row.Hash, Proven: row.EmailVerifiedAt != nil}, nil
}

// SignInWithPassword signs in a user whose password was compared with before.Hash.
// rehashed, if not empty, is the same password under newer parameters. ErrDenied: the
// password was changed or removed meanwhile, and nothing happened.
func (s *Store) SignInWithPassword(ctx context.Context, before Password, rehashed string, in SignIn) (Entry, error) {
	var entry Entry
	err := s.inTx(ctx, func(q *gen.Queries) error {
		now, err := q.PasswordOfUser(ctx, before.UserID)
		if err := found(err); errors.Is(err, billing.ErrNotFound) || err == nil && now.Hash != before.Hash {
			return fmt.Errorf("the password of user %s has changed: %w", before.UserID, billing.ErrDenied)
		} else if err != nil {
			return fmt.Errorf("password of user %s: %w", before.UserID, err)
		}
		if rehashed != "" {
			err := q.RehashPassword(ctx, gen.RehashPasswordParams{UserID: before.UserID, Hash: rehashed, Before: before.Hash})
			if err != nil {
				return fmt.Errorf("rehash the password of user %s: %w", before.UserID, err)
			}
		}
		row, err := q.User(ctx, before.UserID)
		if err != nil {
			return fmt.Errorf("user %s: %w", before.UserID, found(err))
		}
		entry = Entry{User: user(row)}
		return enter(ctx, q, &entry, in)
	})
	return entry, err
}

// PasswordChange is a change of a user's password. It ends all sessions but KeepSession
// and tells the user, in one transaction.
type PasswordChange struct {
	UserID      string
	Before      string // hash that was compared; empty for a first password
	Hash        string // the new one; empty to remove the password
	KeepSession string
	Notice      Mail
	Now         time.Time
}

// ChangePassword sets, changes or removes a password. ErrConflict: it is not as it was
// in Before any more, and nothing happened.
func (s *Store) ChangePassword(ctx context.Context, c PasswordChange) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		var n int64
		var err error
		switch {
		case c.Before == "":
			n, err = q.InsertPassword(ctx, gen.InsertPasswordParams{UserID: c.UserID, Hash: c.Hash, Now: millis(c.Now)})
		case c.Hash == "":
			n, err = q.DeletePassword(ctx, gen.DeletePasswordParams{UserID: c.UserID, Hash: c.Before})
		default:
			n, err = q.ReplacePassword(ctx, gen.ReplacePasswordParams{UserID: c.UserID, Hash: c.Hash, Before: c.Before, Now: millis(c.Now)})
		}
		if err != nil {
			return fmt.Errorf("change the password of user %s: %w", c.UserID, err)
		}
		if n == 0 {
			return fmt.Errorf("the password of user %s has changed meanwhile: %w", c.UserID, billing.ErrConflict)
		}
		if _, err := q.DeleteOtherSessions(ctx, gen.DeleteOtherSessionsParams{UserID: &c.UserID, KeepID: c.KeepSession}); err != nil {
			return fmt.Errorf("end other sessions of user %s: %w", c.UserID, err)
		}
		if err := q.CleansePending(ctx, &c.UserID); err != nil { // begun with the old password, perhaps
			return fmt.Errorf("end first steps of user %s: %w", c.UserID, err)
		}
		return enqueueNotice(ctx, q, c.UserID, c.Notice, c.Now)
	})
}

// AuthoritiesOf names the authorities that a user has an identity of.
func (s *Store) AuthoritiesOf(ctx context.Context, userID string) ([]string, error) {
	list, err := s.r.AuthoritiesOfUser(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("identities of user %s: %w", userID, err)
	}
	return list, nil
}
