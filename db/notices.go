package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/db/gen"
)

// noticeWorth is how long a mail about the safety of an account is tried.
const noticeWorth = 7 * 24 * time.Hour

// DeviceLife is how long a browser is remembered after its last sign-in: as long as
// browsers keep the cookie by which it is known.
const DeviceLife = 400 * 24 * time.Hour

// enqueueNotice mails a user that something happened to his account, in the transaction
// in which it happens. The words are chosen already; a mail without words is none. Only
// an address that was proven is written to: any other may be a stranger's.
func enqueueNotice(ctx context.Context, q *gen.Queries, userID string, mail Mail, now time.Time) error {
	if mail.Subject == "" {
		return nil
	}
	row, err := q.User(ctx, userID)
	if err != nil {
		return fmt.Errorf("notice to user %s: %w", userID, found(err))
	}
	if row.EmailVerifiedAt == nil {
		return nil
	}
	mail.To, mail.ExpiresAt = row.Email, now.Add(noticeWorth)
	return enqueueMail(ctx, q, mail, now)
}

// enqueueNotices mails whoever has to know of something about the installation, in the
// transaction in which it happens. The readers and the words are chosen already.
func enqueueNotices(ctx context.Context, q *gen.Queries, mails []Mail, now time.Time) error {
	for _, mail := range mails {
		mail.ExpiresAt = now.Add(noticeWorth)
		if err := enqueueMail(ctx, q, mail, now); err != nil {
			return err
		}
	}
	return nil
}

// Notify is enqueueNotice in a transaction of its own, for what happens outside ours.
func (s *Store) Notify(ctx context.Context, userID string, mail Mail, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error { return enqueueNotice(ctx, q, userID, mail, now) })
}

// noticeDevice remembers the browser of a sign-in, and tells the user when he has never
// signed in with it. The first browser of all is no news.
func noticeDevice(ctx context.Context, q *gen.Queries, userID string, in SignIn) error {
	if in.DeviceHash == "" {
		return nil
	}
	at := millis(in.Now)
	seen, err := q.SeeDevice(ctx, gen.SeeDeviceParams{Now: at, UserID: userID, TokenHash: in.DeviceHash})
	if err != nil || seen > 0 {
		return err
	}
	others, err := q.CountDevices(ctx, userID)
	if err != nil {
		return fmt.Errorf("browsers of user %s: %w", userID, err)
	}
	err = q.InsertDevice(ctx, gen.InsertDeviceParams{UserID: userID, TokenHash: in.DeviceHash, Now: at})
	if err != nil {
		return fmt.Errorf("remember a browser of user %s: %w", userID, err)
	}
	if others == 0 {
		return nil
	}
	return enqueueNotice(ctx, q, userID, in.Notice, in.Now)
}
