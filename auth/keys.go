package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// Scope is one thing that an API key may do.
type Scope string

// The scopes, in the order in which they are offered.
const (
	ScopeEvents       Scope = "events:write"      // report usage of any customer
	ScopeEntitlements Scope = "entitlements:read" // what a customer may do, and how much
	ScopeCredits      Scope = "credits:read"      // balances and the entries behind them
	ScopeCustomers    Scope = "customers:read"    // who the customers are
)

// Scopes are all of them.
var Scopes = []Scope{ScopeEvents, ScopeEntitlements, ScopeCredits, ScopeCustomers}

// Key lets another server of the operator's call /api/v1.
type Key struct {
	ID        string
	Name      string
	Hint      string // how it begins
	Scopes    []Scope
	CreatedBy string // user id of the operator
	CreatedAt time.Time
	ExpiresAt time.Time // zero for never
	UsedAt    time.Time // zero for never, to the minute
	UsedFrom  string
	RevokedAt time.Time // zero while it was not
}

// Allows tells whether a key may do something.
func (k Key) Allows(scope Scope) bool { return slices.Contains(k.Scopes, scope) }

// Every key begins alike, so that scanners for leaked secrets can find them.
const (
	keyPrefix = "cfk_"
	hintChars = 6   // of the random part: 36 of 256 bits
	maxKeys   = 100 // that count at once
	maxKept   = 200 // listed, with those revoked
	keyEvery  = time.Minute
)

// MakeKey makes a key and returns it with the secret, which is told this once and kept
// nowhere. All operators, and who made it, are told by mail. ErrInvalid: no name, no or unknown scopes, or an end that has passed.
// ErrConflict: there are a hundred keys already.
func (s *Service) MakeKey(r *http.Request, who Visitor, name string, scopes []Scope, endsAt time.Time) (Key, string, error) {
	name, err := cleanName(name)
	if err != nil {
		return Key{}, "", err
	}
	now := s.Now()
	switch {
	case name == "":
		return Key{}, "", fmt.Errorf("an API key needs a name: %w", billing.ErrInvalid)
	case len(scopes) == 0:
		return Key{}, "", fmt.Errorf("an API key needs a scope: %w", billing.ErrInvalid)
	case !endsAt.IsZero() && !endsAt.After(now):
		return Key{}, "", fmt.Errorf("an API key that has ended at %s: %w", endsAt, billing.ErrInvalid)
	}
	words := make([]string, 0, len(Scopes))
	for _, scope := range Scopes { // each once, in their order
		if slices.Contains(scopes, scope) {
			words = append(words, string(scope))
		}
	}
	for _, scope := range scopes {
		if !slices.Contains(Scopes, scope) {
			return Key{}, "", fmt.Errorf("scope %.40q is none: %w", scope, billing.ErrInvalid)
		}
	}
	secret := keyPrefix + newToken()
	row := db.APIKey{
		ID: db.NewID(), Name: name, Hash: hashed(secret), Hint: secret[:len(keyPrefix)+hintChars],
		Scopes: strings.Join(words, " "), CreatedBy: who.UserID, CreatedAt: now, ExpiresAt: endsAt,
	}
	mails, err := s.toOperators(r, who, EventKeyMade, name)
	if err != nil {
		return Key{}, "", err
	}
	if err := s.Store.AddAPIKey(r.Context(), row, maxKeys, mails); err != nil {
		return Key{}, "", err
	}
	s.Poke()
	return key(row), secret, nil
}

// Keys lists the keys: those that count first, then the newest.
func (s *Service) Keys(ctx context.Context) ([]Key, error) {
	rows, err := s.Store.APIKeys(ctx, maxKept, s.Now())
	if err != nil {
		return nil, err
	}
	var counting, revoked []Key
	for _, row := range rows {
		if row.RevokedAt.IsZero() {
			counting = append(counting, key(row))
		} else {
			revoked = append(revoked, key(row))
		}
	}
	return append(counting, revoked...), nil
}

// RevokeKey ends a key: the next request with it is refused. All operators, and who
// ended it, are told by mail. ErrNotFound: there is none of that id, or it was revoked before.
func (s *Service) RevokeKey(r *http.Request, who Visitor, id string) error {
	there, err := s.Store.APIKey(r.Context(), id)
	if err != nil {
		return err
	}
	mails, err := s.toOperators(r, who, EventKeyRevoked, there.Name)
	if err != nil {
		return err
	}
	err = s.Store.RevokeAPIKey(r.Context(), id, mails, s.Now())
	s.Poke()
	return err
}

// KeyOf tells which key a request carries, as Authorization: Bearer. ErrDenied: none, or
// one that does not count. It is one indexed read.
func (s *Service) KeyOf(r *http.Request) (Key, error) {
	sent := r.Header.Values("Authorization")
	if len(sent) != 1 {
		return Key{}, fmt.Errorf("%d API keys: %w", len(sent), billing.ErrDenied)
	}
	scheme, secret, _ := strings.Cut(sent[0], " ")
	random, ours := strings.CutPrefix(strings.TrimSpace(secret), keyPrefix)
	if !strings.EqualFold(scheme, "Bearer") || !ours || !isToken(random) {
		return Key{}, fmt.Errorf("not an API key: %w", billing.ErrDenied)
	}
	now := s.Now()
	row, err := s.Store.APIKeyByHash(r.Context(), hashed(keyPrefix+random), now)
	if errors.Is(err, billing.ErrNotFound) {
		return Key{}, fmt.Errorf("an API key that does not count: %w", billing.ErrDenied)
	}
	if err != nil {
		return Key{}, err
	}
	if now.Sub(row.UsedAt) >= keyEvery {
		s.usedKeys.add(row.ID, db.APIKey{ID: row.ID, UsedAt: now, UsedFrom: s.address(r)})
	}
	return key(row), nil
}

func key(row db.APIKey) Key {
	k := Key{
		ID: row.ID, Name: row.Name, Hint: row.Hint, CreatedBy: row.CreatedBy, CreatedAt: row.CreatedAt,
		ExpiresAt: row.ExpiresAt, UsedAt: row.UsedAt, UsedFrom: row.UsedFrom, RevokedAt: row.RevokedAt,
	}
	for word := range strings.FieldsSeq(row.Scopes) {
		k.Scopes = append(k.Scopes, Scope(word))
	}
	return k
}
