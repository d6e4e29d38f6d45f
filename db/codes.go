package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Code is one e-mailed sign-in code. Hash and BrowserHash are all that is kept of
// the code and of the browser it is bound to.
type Code struct {
	ID          string
	Email       string // normal form
	Hash        string
	BrowserHash string
	UserAgent   string // of that browser
	Next        string // where the browser goes when it is signed in
	TriesLeft   int
	CreatedAt   time.Time
	ExpiresAt   time.Time
	UsedAt      time.Time // zero while it can still be used
}

// CodeLimit bounds what one address can be sent: at most Most unused codes since
// a moment.
type CodeLimit struct {
	Most  int
	Since time.Time
}

// AddCode keeps a code, ends the older ones of the same browser and address, and
// enqueues the mail that carries it, which is worth as long as the code: all three or
// none. ErrDenied: the address has
// been sent as many codes as the limit allows.
func (s *Store) AddCode(ctx context.Context, c Code, limit CodeLimit, mail Mail) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.InsertCode(ctx, gen.InsertCodeParams{
			ID: c.ID, Email: c.Email, CodeHash: c.Hash, BrowserHash: c.BrowserHash, Next: c.Next,
			TriesLeft: int64(c.TriesLeft), CreatedAt: millis(c.CreatedAt), ExpiresAt: millis(c.ExpiresAt),
			UserAgent: c.UserAgent, Since: millis(limit.Since), Most: int64(limit.Most),
		})
		if err != nil {
			return fmt.Errorf("add a sign-in code: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("more than %d sign-in codes to one address: %w", limit.Most, billing.ErrDenied)
		}
		err = q.EndOlderCodes(ctx, gen.EndOlderCodesParams{
			Now: millis(c.CreatedAt), Email: c.Email, BrowserHash: c.BrowserHash, ID: c.ID,
		})
		if err != nil {
			return fmt.Errorf("end older sign-in codes: %w", err)
		}
		mail.ExpiresAt = c.ExpiresAt
		return enqueueMail(ctx, q, mail, c.CreatedAt)
	})
}

// Code finds a code by its id. ErrNotFound: there is none, or it ended long ago.
func (s *Store) Code(ctx context.Context, id string) (Code, error) {
	row, err := s.r.Code(ctx, id)
	if err != nil {
		return Code{}, fmt.Errorf("sign-in code %s: %w", id, found(err))
	}
	return signInCode(row), nil
}

// TakeTry takes one try from the newest code of an address and browser, before the
// guess is looked at. ErrNotFound: that browser asked for none. ErrDenied: the code
// can't be tried any more, and the code as it is tells why.
func (s *Store) TakeTry(ctx context.Context, email, browserHash string, now time.Time) (Code, error) {
	var code Code
	err := s.inTx(ctx, func(q *gen.Queries) error {
		row, err := q.NewestCode(ctx, gen.NewestCodeParams{Email: email, BrowserHash: browserHash})
		if err != nil {
			return fmt.Errorf("newest sign-in code: %w", found(err))
		}
		n, err := q.TakeTry(ctx, gen.TakeTryParams{ID: row.ID, Now: millis(now)})
		if err != nil {
			return fmt.Errorf("take a try from sign-in code %s: %w", row.ID, err)
		}
		code = signInCode(row)
		if n == 0 {
			return fmt.Errorf("sign-in code %s can't be tried any more: %w", row.ID, billing.ErrDenied)
		}
		code.TriesLeft--
		return nil
	})
	return code, err
}

func signInCode(row gen.SignInCode) Code {
	return Code{
		ID: row.ID, Email: row.Email, Hash: row.CodeHash, BrowserHash: row.BrowserHash, UserAgent: row.UserAgent, Next: row.Next,
		TriesLeft: int(row.TriesLeft), CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt),
		UsedAt: maybeMoment(row.UsedAt),
	}
}
