package db

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"counterfoil/db/gen"
)

// idOfNewUser is the id of a user who has just proven an address that was nobody's: a new
// one, or the one that he had before the database was restored from a copy in which he was
// not yet. The provider knows him by that id for ever, with all that he bought, and an
// external id can neither be changed there nor given twice.
func idOfNewUser(ctx context.Context, q *gen.Queries, email string) (string, error) {
	restored, err := restoredOf(ctx, q)
	if err != nil || restored.At.IsZero() {
		return NewID(), err
	}
	lost, err := q.LostCustomers(ctx, email)
	if err != nil {
		return "", fmt.Errorf("customers who were lost by a restore: %w", err)
	}
	for _, id := range lost {
		if restored.lost(id) {
			return id, nil
		}
	}
	return NewID(), nil
}

// lostSlack is how far clocks may have differed when an id was made.
const lostSlack = time.Minute

// lost reports whether this installation made an id after the copy and before the restore:
// our ids carry the time of their making. Anybody else's external id is never taken.
func (r Restored) lost(id string) bool {
	parsed, err := uuid.Parse(id)
	if err != nil || parsed.Version() != 7 || parsed.String() != id {
		return false
	}
	seconds, nanoseconds := parsed.Time().UnixTime()
	made := time.Unix(seconds, nanoseconds)
	return made.After(r.CopiedAt.Add(-lostSlack)) && made.Before(r.At.Add(lostSlack))
}
