package db

import (
	"context"
	"fmt"

	"counterfoil/db/gen"
)

// cleanse removes everything of a user by which somebody could come in, in the
// transaction in which his address is proven for the first time: whoever made the user
// before may have been waiting for its owner (Sudhodanan and Paverd, "Pre-hijacked
// accounts", USENIX Security 2022). What is left is the address, its name and its
// customer. Every table that lets somebody in stands here.
func cleanse(ctx context.Context, q *gen.Queries, userID string) error {
	for _, remove := range []struct {
		what string
		from func(context.Context, string) error
	}{
		{"password", q.CleansePassword},
		{"identities", q.CleanseIdentities},
		{"changes of address", q.CleanseEmailChanges},
		{"passkeys", q.CleansePasskeys},
		{"authenticator", q.CleanseAuthenticator},
		{"recovery codes", q.CleanseRecoveryCodes},
		{"first steps", func(ctx context.Context, id string) error { return q.CleansePending(ctx, &id) }},
		{"browsers", q.CleanseDevices},
		{"sessions", func(ctx context.Context, id string) error { return q.CleanseSessions(ctx, &id) }},
	} {
		if err := remove.from(ctx, userID); err != nil {
			return fmt.Errorf("remove the %s of user %s, whose address is proven only now: %w", remove.what, userID, err)
		}
	}
	return nil
}
