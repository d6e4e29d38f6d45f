package db

import (
	"context"
	"fmt"
	"time"

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
