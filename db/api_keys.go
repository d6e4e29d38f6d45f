package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// APIKey lets another server of the operator's call /api/v1. The key itself is kept
// nowhere, only its hash.
type APIKey struct {
	ID        string
	Name      string
	Hash      string
	Hint      string // how the key begins, to tell it from others
	Scopes    string // separated by spaces; auth's own words
	CreatedBy string // id of the operator who made it
	CreatedAt time.Time
	ExpiresAt time.Time // zero for never
	UsedAt    time.Time // zero for never, to the minute
	UsedFrom  string    // network address of that use
	RevokedAt time.Time // zero while it counts
}

// AddAPIKey keeps a new key, and tells of it by mail. ErrConflict: there are most already that were not revoked.
func (s *Store) AddAPIKey(ctx context.Context, k APIKey, most int, mails []Mail) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.InsertAPIKey(ctx, gen.InsertAPIKeyParams{
			ID: k.ID, Name: k.Name, Hash: k.Hash, Hint: k.Hint, Scopes: k.Scopes, CreatedBy: k.CreatedBy,
			CreatedAt: millis(k.CreatedAt), ExpiresAt: millis(k.ExpiresAt), Most: int64(most),
		})
		if err != nil {
			return fmt.Errorf("add API key %s: %w", k.ID, err)
		}
		if n == 0 {
			return fmt.Errorf("add API key %s: there are %d already: %w", k.ID, most, billing.ErrConflict)
		}
		return enqueueNotices(ctx, q, mails, k.CreatedAt)
	})
}

// APIKeyByHash finds a key that counts. ErrNotFound: there is none, or it was revoked
// or has ended.
func (s *Store) APIKeyByHash(ctx context.Context, hash string, now time.Time) (APIKey, error) {
	row, err := s.r.APIKeyByHash(ctx, gen.APIKeyByHashParams{Hash: hash, Now: maybeMillis(now)})
	if err != nil {
		return APIKey{}, fmt.Errorf("API key: %w", found(err))
	}
	return apiKey(row), nil
}

// APIKey finds a key, whether it counts or not. ErrNotFound: there is none.
func (s *Store) APIKey(ctx context.Context, id string) (APIKey, error) {
	row, err := s.r.APIKey(ctx, id)
	if err != nil {
		return APIKey{}, fmt.Errorf("API key %s: %w", id, found(err))
	}
	return apiKey(row), nil
}

// APIKeys lists keys, the newest first.
func (s *Store) APIKeys(ctx context.Context, most int, now time.Time) ([]APIKey, error) {
	rows, err := s.r.APIKeys(ctx, gen.APIKeysParams{Most: int64(most), Now: millis(now)})
	if err != nil {
		return nil, fmt.Errorf("API keys: %w", err)
	}
	return mapEach(rows, apiKey), nil
}

// RevokeAPIKey ends a key for good, and tells of it by mail. ErrNotFound: there is none, or it was revoked before.
func (s *Store) RevokeAPIKey(ctx context.Context, id string, mails []Mail, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.RevokeAPIKey(ctx, gen.RevokeAPIKeyParams{ID: id, RevokedAt: maybeMillis(now)})
		if err != nil {
			return fmt.Errorf("revoke API key %s: %w", id, err)
		}
		if n == 0 {
			return fmt.Errorf("revoke API key %s: %w", id, billing.ErrNotFound)
		}
		return enqueueNotices(ctx, q, mails, now)
	})
}

// TouchAPIKeys records when and from where keys were last used: ID, UsedAt and UsedFrom
// of each count.
func (s *Store) TouchAPIKeys(ctx context.Context, used []APIKey) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		for _, k := range used {
			err := q.TouchAPIKey(ctx, gen.TouchAPIKeyParams{ID: k.ID, UsedAt: maybeMillis(k.UsedAt), UsedFrom: k.UsedFrom})
			if err != nil {
				return fmt.Errorf("touch API key %s: %w", k.ID, err)
			}
		}
		return nil
	})
}

func apiKey(row gen.ApiKey) APIKey {
	return APIKey{
		ID: row.ID, Name: row.Name, Hash: row.Hash, Hint: row.Hint, Scopes: row.Scopes, CreatedBy: row.CreatedBy,
		CreatedAt: moment(row.CreatedAt), ExpiresAt: maybeMoment(row.ExpiresAt), UsedAt: maybeMoment(row.UsedAt),
		UsedFrom: row.UsedFrom, RevokedAt: maybeMoment(row.RevokedAt),
	}
}
