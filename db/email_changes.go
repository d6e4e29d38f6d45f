package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// EmailChange is a change of address that waits for the proof of both addresses.
type EmailChange struct {
	ID, UserID string
	Old, New   string // addresses in normal form
	OldHash    string // of the code that was mailed to the address
	NewHash    string
	Tries      int // for each of the two codes, when it is asked for
	OldTries   int // left
	NewTries   int
	OldProven  bool
	NewProven  bool
	CreatedAt  time.Time
	ExpiresAt  time.Time
}

// ChangeMails are what is written when a change of address is asked for. They go out
// together with it. Taken goes to the owner of an address that is somebody else's, in the
// place of New.
type ChangeMails struct{ Old, New, Taken Mail }

// AskEmailChange keeps a change of address, in the place of one before, and mails both
// addresses. It does as much, and answers the same, when the new address is somebody
// else's: then nobody is sent the code that would prove it. ErrDenied: one of the two
// has been sent as many codes as the limit allows, and nothing happened.
func (s *Store) AskEmailChange(ctx context.Context, c EmailChange, limit CodeLimit, mails ChangeMails) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		for _, email := range []string{c.Old, c.New} {
			if err := countCode(ctx, q, email, limit, c.CreatedAt); err != nil {
				return err
			}
		}
		toNew := mails.New
		if _, err := q.UserByEmail(ctx, c.New); err == nil {
			toNew = mails.Taken
		} else if err := found(err); !errors.Is(err, billing.ErrNotFound) {
			return fmt.Errorf("owner of a new address: %w", err)
		}
		err := q.PutEmailChange(ctx, gen.PutEmailChangeParams{
			UserID: c.UserID, ID: c.ID, OldEmail: c.Old, NewEmail: c.New, OldHash: c.OldHash, NewHash: c.NewHash,
			Tries: int64(c.Tries), CreatedAt: millis(c.CreatedAt), ExpiresAt: millis(c.ExpiresAt),
		})
		if err != nil {
			return fmt.Errorf("ask for a change of address of user %s: %w", c.UserID, err)
		}
		toOld := mails.Old
		toOld.To, toOld.ExpiresAt, toNew.To, toNew.ExpiresAt = c.Old, c.ExpiresAt, c.New, c.ExpiresAt
		if err := enqueueMail(ctx, q, toOld, c.CreatedAt); err != nil {
			return err
		}
		return enqueueMail(ctx, q, toNew, c.CreatedAt)
	})
}

// countCode counts a code that is no sign-in code towards the limit of its address, as
// one that has ended already.
func countCode(ctx context.Context, q *gen.Queries, email string, limit CodeLimit, now time.Time) error {
	n, err := q.InsertCode(ctx, gen.InsertCodeParams{
		ID: NewID(), Email: email, CreatedAt: millis(now), ExpiresAt: millis(now), Since: millis(limit.Since), Most: int64(limit.Most),
	})
	if err != nil {
		return fmt.Errorf("count a code: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("more than %d codes to one address: %w", limit.Most, billing.ErrDenied)
	}
	return nil
}

// EmailChange returns the change of address of a user that waits. ErrNotFound: none.
func (s *Store) EmailChange(ctx context.Context, userID string, now time.Time) (EmailChange, error) {
	row, err := s.r.EmailChange(ctx, gen.EmailChangeParams{UserID: userID, Now: millis(now)})
	if err != nil {
		return EmailChange{}, fmt.Errorf("change of address of user %s: %w", userID, found(err))
	}
	return emailChange(row), nil
}

// EmailChangeByID returns a change of address that waits. ErrNotFound: none.
func (s *Store) EmailChangeByID(ctx context.Context, id string, now time.Time) (EmailChange, error) {
	row, err := s.r.EmailChangeByID(ctx, gen.EmailChangeByIDParams{ID: id, Now: millis(now)})
	if err != nil {
		return EmailChange{}, fmt.Errorf("change of address %s: %w", id, found(err))
	}
	return emailChange(row), nil
}

// ChangeSide names one of the two codes of a change of address, and what it is for.
type ChangeSide string

// The sides. SideStop is the code of the old address, used to stop the change.
const (
	SideOld  ChangeSide = "old"
	SideNew  ChangeSide = "new"
	SideStop ChangeSide = "stop"
)

// TakeChangeTry takes a try from one of the codes, before the guess is looked at.
// ErrDenied: none is left, or that address was proven already.
func (s *Store) TakeChangeTry(ctx context.Context, id string, side ChangeSide) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		take := map[ChangeSide]func(context.Context, string) (int64, error){
			SideOld: q.TakeOldTry, SideNew: q.TakeNewTry, SideStop: q.TakeStopTry,
		}[side]
		n, err := take(ctx, id)
		if err != nil {
			return fmt.Errorf("take a try from change of address %s: %w", id, err)
		}
		if n == 0 {
			return fmt.Errorf("the %s code of change of address %s can't be tried any more: %w", side, id, billing.ErrDenied)
		}
		return nil
	})
}

// ProveEmail says that an address of a change was proven. With the second proof the
// address changes, in the same transaction: other sessions end, codes that wait for
// either address are dead, the old address is told, and a job tells the provider.
// Identities and everything else stay. keepSession is the one that goes on. ErrConflict:
// the new address became somebody's meanwhile; then the change is gone and the address
// as it was.
func (s *Store) ProveEmail(ctx context.Context, c EmailChange, side ChangeSide, keepSession string, notice Mail, now time.Time) (changed bool, err error) {
	var taken bool
	err = s.inTx(ctx, func(q *gen.Queries) error {
		changed, taken = false, false
		at := millis(now)
		var err error
		if side == SideOld {
			_, err = q.ProveOldEmail(ctx, gen.ProveOldEmailParams{Now: &at, ID: c.ID})
		} else {
			_, err = q.ProveNewEmail(ctx, gen.ProveNewEmailParams{Now: &at, ID: c.ID})
		}
		if err != nil {
			return fmt.Errorf("prove the %s address of change %s: %w", side, c.ID, err)
		}
		row, err := q.TakeEmailChange(ctx, gen.TakeEmailChangeParams{ID: c.ID, Now: at})
		if errors.Is(found(err), billing.ErrNotFound) {
			return nil // the other proof is still to come
		}
		if err != nil {
			return fmt.Errorf("take change of address %s: %w", c.ID, err)
		}
		if _, err := q.UserByEmail(ctx, row.NewEmail); !errors.Is(found(err), billing.ErrNotFound) {
			taken = err == nil
			return err
		}
		changed = true
		return s.changeEmail(ctx, q, emailChange(row), keepSession, notice, now)
	})
	if err == nil && taken {
		return false, fmt.Errorf("change of address %s: the new one was taken meanwhile: %w", c.ID, billing.ErrConflict)
	}
	return changed, err
}

func (s *Store) changeEmail(ctx context.Context, q *gen.Queries, c EmailChange, keepSession string, notice Mail, now time.Time) error {
	at := millis(now)
	if err := enqueueNotice(ctx, q, c.UserID, notice, now); err != nil { // while the old address is still the user's
		return err
	}
	n, err := q.ChangeUserEmail(ctx, gen.ChangeUserEmailParams{NewEmail: c.New, Now: &at, ID: c.UserID, OldEmail: c.Old})
	if err != nil {
		return fmt.Errorf("change the address of user %s: %w", c.UserID, err)
	}
	if n == 0 {
		return fmt.Errorf("the address of user %s is another one by now: %w", c.UserID, billing.ErrConflict)
	}
	if err := q.ChangeCustomerEmail(ctx, gen.ChangeCustomerEmailParams{Email: c.New, UserID: &c.UserID}); err != nil {
		return fmt.Errorf("change the address of the customer of user %s: %w", c.UserID, err)
	}
	if _, err := q.DeleteOtherSessions(ctx, gen.DeleteOtherSessionsParams{UserID: &c.UserID, KeepID: keepSession}); err != nil {
		return fmt.Errorf("end other sessions of user %s: %w", c.UserID, err)
	}
	if _, err := q.DropEmailChangesTo(ctx, c.New); err != nil {
		return fmt.Errorf("end other changes to an address: %w", err)
	}
	for _, email := range []string{c.Old, c.New} {
		if err := q.EndCodesOf(ctx, gen.EndCodesOfParams{Now: &at, Email: email}); err != nil {
			return fmt.Errorf("end codes of an address: %w", err)
		}
	}
	job := Job{Kind: JobUpdateCustomer, Key: c.UserID, CustomerID: c.UserID}
	return enqueue(ctx, q, job, time.Time{}, now)
}

// DropEmailChange ends a user's change of address. One that has ended is no error.
func (s *Store) DropEmailChange(ctx context.Context, userID string) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		if _, err := q.DropEmailChange(ctx, userID); err != nil {
			return fmt.Errorf("end the change of address of user %s: %w", userID, err)
		}
		return nil
	})
}

// StopEmailChange ends a change of address that the owner of the old one did not ask
// for, and all sessions of the user: somebody else is in one of them.
func (s *Store) StopEmailChange(ctx context.Context, userID string, notice Mail, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		if _, err := q.DropEmailChange(ctx, userID); err != nil {
			return fmt.Errorf("stop the change of address of user %s: %w", userID, err)
		}
		if _, err := q.DeleteOtherSessions(ctx, gen.DeleteOtherSessionsParams{UserID: &userID}); err != nil {
			return fmt.Errorf("end all sessions of user %s: %w", userID, err)
		}
		return enqueueNotice(ctx, q, userID, notice, now)
	})
}

// AddressRefused reports whether the provider does not take the address of a customer of
// ours, so that an operator has to look at it.
func (s *Store) AddressRefused(ctx context.Context, customerID string) (bool, error) {
	state, err := s.r.JobState(ctx, gen.JobStateParams{Kind: JobUpdateCustomer, Key: customerID})
	if err != nil && !errors.Is(found(err), billing.ErrNotFound) {
		return false, fmt.Errorf("address of customer %s at the provider: %w", customerID, err)
	}
	return state == "parked", nil
}

func emailChange(row gen.EmailChange) EmailChange {
	return EmailChange{
		ID: row.ID, UserID: row.UserID, Old: row.OldEmail, New: row.NewEmail, OldHash: row.OldHash, NewHash: row.NewHash,
		OldTries: int(row.OldTries), NewTries: int(row.NewTries), OldProven: row.OldProvenAt != nil, NewProven: row.NewProvenAt != nil,
		CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt),
	}
}
