package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// User is a person who can sign in.
type User struct {
	ID              string
	Email           string    // normal form: lower case, NFC
	EmailVerifiedAt time.Time // zero while nobody has proven the address
	Name            string    // may be empty
	Image           string    // address of a picture; may be empty
	OperatorAt      time.Time // since when he runs this installation by a start-up token; zero for everybody else
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// User finds a user by id, or answers billing.ErrNotFound.
func (s *Store) User(ctx context.Context, id string) (User, error) {
	row, err := s.r.User(ctx, id)
	if err != nil {
		return User{}, fmt.Errorf("user %s: %w", id, found(err))
	}
	return user(row), nil
}

// UserByEmail returns the user of an address, which must be lower case.
func (s *Store) UserByEmail(ctx context.Context, email string) (User, error) {
	row, err := s.r.UserByEmail(ctx, email)
	if err != nil {
		return User{}, fmt.Errorf("user by address: %w", found(err))
	}
	return user(row), nil
}

// RenameUser changes a user's name, and that of the user's own customer with it.
func (s *Store) RenameUser(ctx context.Context, id, name string, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.RenameUser(ctx, gen.RenameUserParams{ID: id, Name: name, UpdatedAt: millis(now)})
		if err != nil {
			return fmt.Errorf("rename user %s: %w", id, err)
		}
		if n == 0 {
			return fmt.Errorf("rename user %s: %w", id, billing.ErrNotFound)
		}
		if err := q.RenameCustomerOfUser(ctx, gen.RenameCustomerOfUserParams{Name: name, UserID: &id}); err != nil {
			return fmt.Errorf("rename the customer of user %s: %w", id, err)
		}
		return nil
	})
}

// SetUserImage changes the address of a user's picture; empty takes it away.
func (s *Store) SetUserImage(ctx context.Context, id, image string, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.SetUserImage(ctx, gen.SetUserImageParams{ID: id, Image: image, UpdatedAt: millis(now)})
		if err != nil {
			return fmt.Errorf("picture of user %s: %w", id, err)
		}
		if n == 0 {
			return fmt.Errorf("picture of user %s: %w", id, billing.ErrNotFound)
		}
		return nil
	})
}

// ErrSignUpClosed says that somebody who was not invited would have become a new user
// while sign-ups are closed. It is a billing.ErrDenied.
var ErrSignUpClosed = fmt.Errorf("sign-ups are closed: %w", billing.ErrDenied)

// proven finds the user of an address that was just proven, or makes one together with
// the customer of the same id. A user who was there without having proven it is cleansed,
// unless the browser that proves it is his already.
func proven(ctx context.Context, q *gen.Queries, email, name string, in SignIn) (Entry, error) {
	// Nobody else's account changes to an address that somebody proves here.
	if _, err := q.DropEmailChangesTo(ctx, email); err != nil {
		return Entry{}, fmt.Errorf("end changes to a proven address: %w", err)
	}
	row, err := q.UserByEmail(ctx, email)
	if errors.Is(found(err), billing.ErrNotFound) {
		if err := admitted(ctx, q, email, in); err != nil {
			return Entry{}, err
		}
		id, err := idOfNewUser(ctx, q, email)
		if err != nil {
			return Entry{}, err
		}
		if err := addUser(ctx, q, id, email, name, maybeMillis(in.Now), in.Now); err != nil {
			return Entry{}, err
		}
		row, err = q.UserByEmail(ctx, email)
		if err != nil {
			return Entry{}, fmt.Errorf("user of a proven address: %w", err)
		}
		return Entry{User: user(row), Created: true}, nil
	}
	if err != nil {
		return Entry{}, fmt.Errorf("user of a proven address: %w", err)
	}
	if row.EmailVerifiedAt != nil {
		return Entry{User: user(row)}, nil
	}
	if in.Known != row.ID {
		if err := cleanse(ctx, q, row.ID); err != nil {
			return Entry{}, err
		}
	}
	row.EmailVerifiedAt = maybeMillis(in.Now)
	if err := q.VerifyUserEmail(ctx, gen.VerifyUserEmailParams{ID: row.ID, VerifiedAt: row.EmailVerifiedAt}); err != nil {
		return Entry{}, fmt.Errorf("verify the address of user %s: %w", row.ID, err)
	}
	return Entry{User: user(row), Proven: true}, nil
}

// admitted tells whether somebody may become a user: where sign-ups are closed, only who
// was invited to an organisation. ErrSignUpClosed: he may not.
func admitted(ctx context.Context, q *gen.Queries, email string, in SignIn) error {
	if !in.NoNewUsers {
		return nil
	}
	n, err := q.IsInvited(ctx, gen.IsInvitedParams{Email: email, Now: millis(in.Now)})
	if err != nil {
		return fmt.Errorf("invitations of an address: %w", err)
	}
	if n == 0 {
		return ErrSignUpClosed
	}
	return nil
}

// IsInvited tells whether an address was asked to join an organisation.
func (s *Store) IsInvited(ctx context.Context, email string, now time.Time) (bool, error) {
	n, err := s.r.IsInvited(ctx, gen.IsInvitedParams{Email: email, Now: millis(now)})
	if err != nil {
		return false, fmt.Errorf("invitations of an address: %w", err)
	}
	return n > 0, nil
}

// addUser makes a user and the customer of the same id; verified is nil while nobody has
// proven the address.
func addUser(ctx context.Context, q *gen.Queries, id, email, name string, verified *int64, now time.Time) error {
	at := millis(now)
	err := q.InsertUser(ctx, gen.InsertUserParams{ID: id, Email: email, EmailVerifiedAt: verified, Name: name, CreatedAt: at})
	if err != nil {
		return fmt.Errorf("add a user: %w", err)
	}
	err = q.InsertCustomer(ctx, gen.InsertCustomerParams{ID: id, UserID: &id, Email: email, Name: name, CreatedAt: at})
	if err != nil {
		return fmt.Errorf("add customer %s: %w", id, err)
	}
	return nil
}

func user(row gen.User) User {
	return User{
		ID: row.ID, Email: row.Email, EmailVerifiedAt: maybeMoment(row.EmailVerifiedAt),
		Name: row.Name, Image: row.Image, CreatedAt: moment(row.CreatedAt), UpdatedAt: moment(row.UpdatedAt),
		OperatorAt: maybeMoment(row.OperatorAt),
	}
}
