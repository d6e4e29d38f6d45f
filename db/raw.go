package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// saveRaw keeps an object in the provider's own words, in the transaction that writes it
// and only when it was taken. A tombstone takes them away.
func saveRaw(ctx context.Context, q *gen.Queries, change billing.Change) error {
	ref, body := change.Object.Ref(), change.Object.ObjectRaw()
	if gone(change) {
		_, err := q.ForgetRaw(ctx, gen.ForgetRawParams{Provider: ref.Provider, Kind: string(ref.Kind), ProviderID: ref.ProviderID})
		return err
	}
	if body == "" {
		return nil
	}
	_, err := q.SaveRaw(ctx, gen.SaveRawParams{
		Provider: ref.Provider, Kind: string(ref.Kind), ProviderID: ref.ProviderID, ProviderCustomerID: change.ProviderCustomerID,
		Version: change.Object.ObjectVersion(), Digest: digest(body), Body: body,
	})
	return err
}

// digest tells two bodies of one object apart. Whoever could make two that are alike
// would only keep his own copy from being refreshed until its next change.
func digest(body string) int64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(body)) // never fails
	return int64(sum.Sum64())
}

// lacksRaw reports whether the words of an object that was read are not the ones kept,
// as in an installation from before they were, or when a part changed that has no time
// of its own.
func (s *Store) lacksRaw(ctx context.Context, object billing.Object) (bool, error) {
	body, ref := object.ObjectRaw(), object.Ref()
	if body == "" {
		return false, nil
	}
	row, err := s.r.RawDigest(ctx, gen.RawDigestParams{Provider: ref.Provider, Kind: string(ref.Kind), ProviderID: ref.ProviderID})
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("words of %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	return row.Version <= object.ObjectVersion() && row.Digest != digest(body), nil
}
