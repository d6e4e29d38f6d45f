package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Customer is who pays, as we know it. A user's own customer has the user's id,
// which is also the external id at the providers.
type Customer struct {
	ID        string
	UserID    string
	Email     string
	Name      string
	CreatedAt time.Time
}

// Customer finds one of our customers by id, or answers billing.ErrNotFound.
func (s *Store) Customer(ctx context.Context, id string) (Customer, error) {
	row, err := s.r.Customer(ctx, id)
	if err != nil {
		return Customer{}, fmt.Errorf("customer %s: %w", id, found(err))
	}
	return customer(row), nil
}

func customer(row gen.Customer) Customer {
	c := Customer{ID: row.ID, Email: row.Email, Name: row.Name, CreatedAt: moment(row.CreatedAt)}
	if row.UserID != nil {
		c.UserID = *row.UserID
	}
	return c
}

// CustomerIsBeingMade reports whether a customer of ours is on his way to the provider, for
// the first time or again.
func (s *Store) CustomerIsBeingMade(ctx context.Context, id string) (bool, error) {
	state, err := s.r.JobState(ctx, gen.JobStateParams{Kind: JobCreateCustomer, Key: id})
	if err != nil && !errors.Is(found(err), billing.ErrNotFound) {
		return false, fmt.Errorf("the making of customer %s at the provider: %w", id, err)
	}
	return state == "waiting", nil
}
