package db

import (
	"context"
	"fmt"

	"counterfoil/db/gen"
)

// afterAllIDs is greater than any id: ids are hexadecimal digits and dashes.
const afterAllIDs = "g"

// People lists users for an operator: the latest sign-ups first, from the one before
// that id on; empty is the latest.
func (s *Store) People(ctx context.Context, before string, size int) ([]User, error) {
	if before == "" {
		before = afterAllIDs
	}
	rows, err := s.r.PeopleByID(ctx, gen.PeopleByIDParams{BeforeID: before, PageSize: int64(size)})
	if err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	return mapEach(rows, user), nil
}

// PeopleByEmail lists the users whose address begins with a text, which must be lower
// case, in the order of their addresses.
func (s *Store) PeopleByEmail(ctx context.Context, prefix string, size int) ([]User, error) {
	const last = "\U0010FFFF" // no address goes on with it
	rows, err := s.r.PeopleByEmail(ctx, gen.PeopleByEmailParams{Prefix: prefix, UpperBound: prefix + last, PageSize: int64(size)})
	if err != nil {
		return nil, fmt.Errorf("people by address: %w", err)
	}
	return mapEach(rows, user), nil
}
