package auth

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
)

// bearing is a request that carries an Authorization header.
func bearing(authorization ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/api/v1/customers", nil)
	r.Header["Authorization"] = authorization
	return r
}

// TestKeyLivesUntilItEnds: a key counts from when it is made until it ends or is revoked,
// is shown once, and only its hash is kept.
func TestKeyLivesUntilItEnds(t *testing.T) {
	w := newWorld(t)
	who, ask := Visitor{UserID: "olive"}, w.browser().request("POST", "/admin/keys")
	key, secret, err := w.auth.MakeKey(ask, who, " Night  export ", []Scope{ScopeCredits, ScopeEvents}, w.clock.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if key.Name != "Night export" || !slices.Equal(key.Scopes, []Scope{ScopeEvents, ScopeCredits}) || !strings.HasPrefix(secret, key.Hint) {
		t.Errorf("made %+v with %s", key, secret)
	}
	if n := w.count("SELECT COUNT(*) FROM api_keys WHERE hash = ? OR name = ? OR hint = ?", secret, secret, secret); n != 0 {
		t.Error("the secret itself is kept")
	}
	held, err := w.auth.KeyOf(bearing("Bearer " + secret))
	if err != nil || held.ID != key.ID || !held.Allows(ScopeEvents) || held.Allows(ScopeCustomers) {
		t.Fatalf("the key is %+v, %v", held, err)
	}
	if err := w.auth.FlushSeen(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := w.auth.Keys(t.Context())
	if err != nil || len(list) != 1 || !list[0].UsedAt.Equal(w.clock.Now()) {
		t.Fatalf("keys %+v, %v: want one that was used now", list, err)
	}
	w.clock.pass(time.Hour)
	if _, err := w.auth.KeyOf(bearing("Bearer " + secret)); !errors.Is(err, billing.ErrDenied) {
		t.Errorf("a key that has ended: %v, want denied", err)
	}
	other, secret, err := w.auth.MakeKey(ask, who, "For ever", []Scope{ScopeEvents}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.auth.RevokeKey(ask, who, other.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.auth.KeyOf(bearing("Bearer " + secret)); !errors.Is(err, billing.ErrDenied) {
		t.Errorf("a revoked key: %v, want denied", err)
	}
	if err := w.auth.RevokeKey(ask, who, other.ID); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("revoked twice: %v, want not found", err)
	}
}

// TestKeyIsReadStrictly: only one Authorization header with a key of ours is one.
func TestKeyIsReadStrictly(t *testing.T) {
	w := newWorld(t)
	ask := w.browser().request("POST", "/admin/keys")
	_, secret, err := w.auth.MakeKey(ask, Visitor{UserID: "olive"}, "Key", []Scope{ScopeEvents}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		sent   []string
		counts bool
	}{
		{"as it should be", []string{"Bearer " + secret}, true},
		{"scheme in small letters", []string{"bearer " + secret}, true},
		{"none", nil, false},
		{"empty", []string{""}, false},
		{"without a scheme", []string{secret}, false},
		{"as a password", []string{"Basic " + secret}, false},
		{"twice", []string{"Bearer " + secret, "Bearer " + secret}, false},
		{"cut short", []string{"Bearer " + secret[:len(secret)-1]}, false},
		{"longer", []string{"Bearer " + secret + "A"}, false},
		{"another", []string{"Bearer " + keyPrefix + newToken()}, false},
		{"a session's token", []string{"Bearer " + newToken()}, false},
		{"its hash", []string{"Bearer " + keyPrefix + hashed(secret)}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := w.auth.KeyOf(bearing(test.sent...)); (err == nil) != test.counts || err != nil && !errors.Is(err, billing.ErrDenied) {
				t.Errorf("%v, want it to count: %t", err, test.counts)
			}
		})
	}
}

// TestKeysAreBounded: what makes no sense makes no key, and a hundred are enough.
func TestKeysAreBounded(t *testing.T) {
	w := newWorld(t)
	who, now, ask := Visitor{UserID: "olive"}, w.clock.Now(), w.browser().request("POST", "/admin/keys")
	for _, test := range []struct {
		name   string
		scopes []Scope
		ends   time.Time
	}{
		{"", []Scope{ScopeEvents}, time.Time{}},
		{strings.Repeat("n", maxName+1), []Scope{ScopeEvents}, time.Time{}},
		{"no scope", nil, time.Time{}},
		{"unknown scope", []Scope{ScopeEvents, "everything"}, time.Time{}},
		{"ended", []Scope{ScopeEvents}, now},
	} {
		if _, _, err := w.auth.MakeKey(ask, who, test.name, test.scopes, test.ends); !errors.Is(err, billing.ErrInvalid) {
			t.Errorf("%.20q: %v, want invalid", test.name, err)
		}
	}
	for range maxKeys {
		if _, _, err := w.auth.MakeKey(ask, who, "One of many", []Scope{ScopeEvents}, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := w.auth.MakeKey(ask, who, "One too many", []Scope{ScopeEvents}, time.Time{}); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("key %d: %v, want a conflict", maxKeys+1, err)
	}
}

// TestOperatorsAreToldOfKeys: a key that is made or revoked is told to all operators and
// to who did it, in the same transaction; one that is refused is told to nobody.
func TestOperatorsAreToldOfKeys(t *testing.T) {
	w := noticed(t, func(c *Config) { c.Operators = []string{"olive@example.com", "otto@example.com"} })
	olive, ask := w.browser().signIn("olive@example.com"), w.browser().request("POST", "/admin/keys")
	visitor := Visitor{UserID: olive.UserID, Email: "left@example.com", EmailVerified: true} // no operator any more
	key, _, err := w.auth.MakeKey(ask, olive, "Export", []Scope{ScopeEvents}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.auth.MakeKey(ask, olive, "", nil, time.Time{}); err == nil {
		t.Fatal("a key without a name was made")
	}
	for range 2 {
		if err := w.auth.RevokeKey(ask, visitor, key.ID); err != nil && !errors.Is(err, billing.ErrNotFound) {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		event Event
		to    string
		want  int
	}{
		{EventKeyMade, "olive@example.com", 1},
		{EventKeyMade, "otto@example.com", 1},
		{EventKeyMade, "left@example.com", 0},
		{EventKeyRevoked, "olive@example.com", 1},
		{EventKeyRevoked, "otto@example.com", 1},
		{EventKeyRevoked, "left@example.com", 1},
	} {
		if got := w.told(test.event, test.to); got != test.want {
			t.Errorf("%s to %s: %d mails, want %d", test.event, test.to, got, test.want)
		}
	}
}
