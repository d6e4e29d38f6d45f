package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// SignIn is what happens when somebody has proven who they are.
type SignIn struct {
	Session        Session   // the new one; its UserID is filled in here
	Replaces       string    // id of the session that ends with it; may be empty
	Known          string    // id of the user whom the browser was signed in as; may be empty
	NoNewUsers     bool      // sign-ups are closed
	Browser        string    // hash of what the browser that proves it holds; an identity may wait there. May be empty
	CreateCustomer bool      // ask for a customer at the provider when the user is new
	DeviceHash     string    // of the browser, see noticeDevice; empty remembers none
	Whole          bool      // the proof is enough by itself: no second step is asked for
	Notice         Mail      // what the user is told of a browser that is new; may be zero
	Link           *Identity // what the first step proved, for SignInWithSecond to link; may be nil
	Linked         Mail      // what a user who was there is told of an identity that comes to him; may be zero
	Now            time.Time
}

// Entry is who signed in.
type Entry struct {
	User    User
	Created bool // the user is new
	Proven  bool // the address of a user who was there has just been proven for the first time
	Second  bool // nobody is signed in yet: the user has to do the second step
	Waits   bool // the identity is not linked before that: see SignIn.Link
}

// SignInWithCode spends a code and signs its address in, as a new user if need be:
// code, user, customer, session and jobs are one transaction. ErrDenied: the code
// was used or ended meanwhile, and nothing happened. ErrSignUpClosed: the user would
// be new.
func (s *Store) SignInWithCode(ctx context.Context, code Code, in SignIn) (Entry, error) {
	var entry Entry
	err := s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.UseCode(ctx, gen.UseCodeParams{ID: code.ID, Now: maybeMillis(in.Now)})
		if err != nil {
			return fmt.Errorf("use sign-in code %s: %w", code.ID, err)
		}
		if n == 0 {
			return fmt.Errorf("sign-in code %s was used or has ended: %w", code.ID, billing.ErrDenied)
		}
		if entry, err = proven(ctx, q, code.Email, "", in); err != nil {
			return err
		}
		if err := enter(ctx, q, &entry, in); err != nil || entry.Second {
			return err // what waits is not linked before the second step
		}
		return adopt(ctx, q, code.ID, entry, in)
	})
	return entry, err
}

// SignInWithIdentity signs in the user behind an identity. One not seen before is
// linked to the user of its address, or makes one, only if the identity provider
// vouches for the address. A user who was there is told; who needs a second step has it
// linked by that, or whoever reads his mail could leave a way in behind. ErrDenied: nobody
// vouches for the address, and nothing happened. ErrSignUpClosed: the user would be new.
func (s *Store) SignInWithIdentity(ctx context.Context, id Identity, in SignIn) (Entry, error) {
	var entry Entry
	err := s.inTx(ctx, func(q *gen.Queries) error {
		var known bool
		var err error
		entry, known, err = identify(ctx, q, id, in)
		if err != nil {
			return fmt.Errorf("sign in with an identity of %s: %w", id.Provider, err)
		}
		if err := enter(ctx, q, &entry, in); err != nil {
			return err
		}
		if entry.Waits = entry.Second && !known; entry.Waits {
			return nil
		}
		return attach(ctx, q, &entry, id, in)
	})
	return entry, err
}

// PendingLife is how long the second step of a sign-in may take.
const PendingLife = 10 * time.Minute

// enter ends the session before and begins the new one, and asks for what follows
// from a sign-in at the provider. Of a user with an authenticator only the first step is
// done, unless the proof is whole: the session then belongs to nobody yet. Every way in
// ends here, so there is none around the second step.
func enter(ctx context.Context, q *gen.Queries, entry *Entry, in SignIn) error {
	if in.Replaces != "" {
		if err := q.DeleteSession(ctx, in.Replaces); err != nil {
			return fmt.Errorf("end session %s: %w", in.Replaces, err)
		}
	}
	needs, err := q.NeedsSecondStep(ctx, entry.User.ID)
	if err != nil {
		return fmt.Errorf("second step of user %s: %w", entry.User.ID, err)
	}
	if entry.Second = needs && !in.Whole; entry.Second {
		in.Session.Pending, in.Session.ExpiresAt = entry.User.ID, in.Now.Add(PendingLife)
		return insertSession(ctx, q, in.Session)
	}
	in.Session.UserID = entry.User.ID
	if err := insertSession(ctx, q, in.Session); err != nil {
		return err
	}
	if err := noticeDevice(ctx, q, entry.User.ID, in); err != nil {
		return err
	}
	job := Job{Kind: JobReconcileCustomer, Key: entry.User.ID, CustomerID: entry.User.ID}
	if entry.Created || entry.Proven { // what is there of a proven address can be linked now
		if !in.CreateCustomer {
			return nil // the provider learns of the customer at the first checkout
		}
		job.Kind = JobCreateCustomer
	}
	return enqueue(ctx, q, job, time.Time{}, in.Now)
}
