package db

import (
	"context"
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
	CreatedAt       time.Time
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

// proven finds the user of an address that was just proven, or makes one together
// with the customer of the same id. It reports whether the user is new.
func proven(ctx context.Context, q *gen.Queries, email, name string, now time.Time) (User, bool, error) {
	at := millis(now)
	id := NewID()
	made, err := q.InsertUser(ctx, gen.InsertUserParams{ID: id, Email: email, EmailVerifiedAt: &at, Name: name, CreatedAt: at})
	if err != nil {
		return User{}, false, fmt.Errorf("add a user: %w", err)
	}
	row, err := q.UserByEmail(ctx, email)
	if err != nil {
		return User{}, false, fmt.Errorf("user of a proven address: %w", err)
	}
	if made == 0 {
		if err := q.VerifyUserEmail(ctx, gen.VerifyUserEmailParams{ID: row.ID, VerifiedAt: &at}); err != nil {
			return User{}, false, fmt.Errorf("verify the address of user %s: %w", row.ID, err)
		}
		return user(row), false, nil
	}
	err = q.InsertCustomer(ctx, gen.InsertCustomerParams{ID: row.ID, UserID: &row.ID, Email: email, Name: name, CreatedAt: at})
	if err != nil {
		return User{}, false, fmt.Errorf("add customer %s: %w", row.ID, err)
	}
	return user(row), true, nil
}

func user(row gen.User) User {
	return User{
		ID: row.ID, Email: row.Email, EmailVerifiedAt: maybeMoment(row.EmailVerifiedAt),
		Name: row.Name, CreatedAt: moment(row.CreatedAt),
	}
}
