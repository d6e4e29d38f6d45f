package betterauth

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"counterfoil/auth"
)

// TestCheckoutOfNobody: where only those who have signed in may buy, others are told so,
// after a product that there is none of; what this installation adds is sold.
func TestCheckoutOfNobody(t *testing.T) {
	g := newRig(t, func(_ *auth.Config, c *Config) {
		c.Checkout.SignedInOnly = true
		c.Checkout.Products = func(context.Context) (map[string]string, error) { return map[string]string{"extra": "p-1"}, nil }
	})
	b := g.browser()
	for body, want := range map[string]string{
		`{"slug":"none"}`:    `400 {"message":"Product not found"}`,
		`{"slug":"extra"}`:   `401 {"message":"You must be logged in to checkout"}`,
		`{"products":"p-1"}`: `401 {"message":"You must be logged in to checkout"}`,
	} {
		if w := b.ask("POST", "/checkout", body, nil); strings.TrimSpace(want) != strconv.Itoa(w.Code)+" "+w.Body.String() {
			t.Errorf("%s answered %d %s, want %s", body, w.Code, w.Body, want)
		}
	}
	if w := b.ask("GET", "/checkout", "", nil); w.Code != 404 || w.Body.Len() != 0 {
		t.Errorf("GET answered %d %q", w.Code, w.Body)
	}
}

// TestShape: keys become camelCase but for those that are somebody's own, times get three
// digits, and nothing else changes.
func TestShape(t *testing.T) {
	for raw, want := range map[string]string{
		`{"created_at":"2026-08-01T10:00:00.123456Z","a_b":{"c_d":[{"e_f":1.50}]}}`: `{"createdAt":"2026-08-01T10:00:00.123Z","aB":{"cD":[{"eF":1.50}]}}`,
		`{"metadata":{"my_key":"2026-08-01T10:00:00.123456Z"},"x":null}`:            `{"metadata":{"my_key":"2026-08-01T10:00:00.123456Z"},"x":null}`,
		`{"name":"2026-08-01T10:00:00.123456Z","ends_at":"soon"}`:                   `{"name":"2026-08-01T10:00:00.123456Z","endsAt":"soon"}`,
		`{"current_period_end":"2026-08-01T12:00:00+02:00"}`:                        `{"currentPeriodEnd":"2026-08-01T10:00:00.000Z"}`,
		`{"n":12345678901234567890,"list_of":["a_b"]}`:                              `{"n":12345678901234567890,"listOf":["a_b"]}`,
	} {
		got, err := shape("", json.RawMessage(raw))
		if err != nil || string(got) != want {
			t.Errorf("%s became %s, want %s (%v)", raw, got, want, err)
		}
	}
	if _, err := shape("", json.RawMessage(`{"a":`)); err == nil {
		t.Error("half an object was shaped")
	}
}

// TestCheckoutIsPaced: each checkout costs a call of the provider's, so nobody opens more
// of them than of forms: who has signed in by his customer, others by their network.
func TestCheckoutIsPaced(t *testing.T) {
	var asked []string
	g := newRig(t, func(_ *auth.Config, c *Config) {
		c.Pace = func(key string) bool { asked = append(asked, key); return false }
	})
	stranger, robin := g.browser(), g.browser()
	robin.signIn("robin@example.com")
	for _, b := range []*browser{stranger, robin} {
		w := b.ask("POST", "/checkout", `{"slug":"none"}`, nil)
		if w.Code != 429 || w.Header().Get("X-Retry-After") == "" {
			t.Errorf("answered %d %s", w.Code, w.Body)
		}
	}
	if len(asked) != 2 || asked[0] != "network 192.0.2.0/24" || asked[1] == asked[0] || asked[1] == "" {
		t.Errorf("paced by %q", asked)
	}
}

// TestThePortalIsPaced: its link costs a call of the provider's by GET as by POST, and no
// customer takes the others' share of them.
func TestThePortalIsPaced(t *testing.T) {
	g := newRig(t, func(_ *auth.Config, c *Config) { c.Pace = func(string) bool { return false } })
	b := g.browser().signInOnWire("robin@example.com", false)
	for _, method := range []string{"GET", "POST"} {
		if w := b.ask(method, "/customer/portal", "", nil); w.Code != 429 || w.Header().Get("X-Retry-After") == "" {
			t.Errorf("%s answered %d %s", method, w.Code, w.Body)
		}
	}
	if w := b.ask("GET", "/customer/orders/list", "", nil); w.Code != 200 {
		t.Errorf("a read of ours answered %d %s", w.Code, w.Body)
	}
}

// TestCheckoutWhileTheProviderIsAway: that is no fault of ours, and is told as a 503 in
// the plugin's words. A value of a field that the provider cannot take never gets there.
func TestCheckoutWhileTheProviderIsAway(t *testing.T) {
	g := newRig(t, func(_ *auth.Config, c *Config) {
		c.Checkout.Products = func(context.Context) (map[string]string, error) { return map[string]string{"extra": "p-1"}, nil }
	})
	for body, want := range map[string]string{
		`{"slug":"extra"}`: `503 {"message":"Checkout creation failed"}`,
		`{"slug":"extra","customFieldData":{"a":{"b":1}}}`: `400 {"message":"[body.customFieldData.a] Invalid input","code":"VALIDATION_ERROR"}`,
		`{"slug":"extra","customFieldData":{"a":null}}`:    `400 {"message":"[body.customFieldData.a] Invalid input","code":"VALIDATION_ERROR"}`,
	} {
		if w := g.browser().ask("POST", "/checkout", body, nil); want != strconv.Itoa(w.Code)+" "+w.Body.String() {
			t.Errorf("%s answered %d %s, want %s", body, w.Code, w.Body, want)
		}
	}
}
