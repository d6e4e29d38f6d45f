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
	Session        Session // the new one; its UserID is filled in here
	Replaces       string  // id of the session that ends with it; may be empty
	CreateCustomer bool    // ask for a customer at the provider when the user is new
	Now            time.Time
}

// Entry is who signed in.
type Entry struct {
	User    User
	Created bool // the user is new
}

// SignInWithCode spends a code and signs its address in, as a new user if need be:
// code, user, customer, session and jobs are one transaction. ErrDenied: the code
// was used or ended meanwhile, and nothing happened.
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
		entry.User, entry.Created, err = proven(ctx, q, code.Email, "", in.Now)
		if err != nil {
			return err
		}
		return enter(ctx, q, entry, in)
	})
	return entry, err
}

// SignInWithIdentity signs in the user behind an identity. One not seen before is
// linked to the user of its address, or makes one, only if the identity provider
// vouches for the address, and a user there is has proven it too. ErrDenied: it
// was not, and nothing happened.
func (s *Store) SignInWithIdentity(ctx context.Context, id Identity, in SignIn) (Entry, error) {
	var entry Entry
	err := s.inTx(ctx, func(q *gen.Queries) error {
		var err error
		entry, err = identify(ctx, q, id, in.Now)
		if err != nil {
			return fmt.Errorf("sign in with an identity of %s: %w", id.Provider, err)
		}
		err = q.SaveIdentity(ctx, gen.SaveIdentityParams{
			Provider: id.Provider, Subject: id.Subject, UserID: entry.User.ID, Email: id.Email, UsedAt: millis(in.Now),
		})
		if err != nil {
			return fmt.Errorf("save an identity of %s: %w", id.Provider, err)
		}
		return enter(ctx, q, entry, in)
	})
	return entry, err
}

// enter ends the session before and begins the new one, and asks for what follows
// from a sign-in at the provider.
func enter(ctx context.Context, q *gen.Queries, entry Entry, in SignIn) error {
	if in.Replaces != "" {
		if err := q.DeleteSession(ctx, in.Replaces); err != nil {
			return fmt.Errorf("end session %s: %w", in.Replaces, err)
		}
	}
	in.Session.UserID = entry.User.ID
	if err := insertSession(ctx, q, in.Session); err != nil {
		return err
	}
	job := Job{Kind: JobReconcileCustomer, Key: entry.User.ID, CustomerID: entry.User.ID}
	if entry.Created {
		if !in.CreateCustomer {
			return nil // the provider learns of the customer at the first checkout
		}
		job.Kind = JobCreateCustomer
	}
	return enqueue(ctx, q, job, time.Time{}, in.Now)
}
