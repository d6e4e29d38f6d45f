package auth

import (
	"errors"
	"maps"
	"net/http"
	"sync"
	"testing"

	"counterfoil/billing"
)

// become has a browser enter a start-up token.
func (b *browser) become(who Visitor, token string) error {
	return b.do(b.request("POST", "/setup"), func(w http.ResponseWriter, r *http.Request) error {
		return b.w.auth.BecomeOperator(w, r, who, token)
	})
}

func (w *world) setupToken() string {
	w.t.Helper()
	token, _, err := w.auth.NewSetupToken(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// TestFirstOperator (SEC-08): only a token that the start told makes an operator, once,
// for a day, of somebody whose address is proven; after that there is none to make.
func TestFirstOperator(t *testing.T) {
	w := noticed(t)
	b, other := w.browser(), w.browser()
	ada, bob := b.signIn("ada@example.com"), other.signIn("bob@example.com")
	unproven := ada
	unproven.EmailVerified = false
	if w.auth.Operates(ada) {
		t.Fatal("somebody is an operator from the start")
	}
	old := w.setupToken()
	w.clock.pass(setupLife)
	wantReason(t, b.become(ada, old), SetupToken)
	first, second := w.setupToken(), w.setupToken() // the server was started again: both count
	if n := w.count("SELECT COUNT(*) FROM setup_tokens WHERE token_hash IN (?, ?) OR expires_at <= ?", first, second, w.clock.Now().UnixMilli()); n != 0 {
		t.Error("a token is kept as it is, or one that has ended is kept")
	}
	for _, wrong := range []string{"", "x", first[1:], hashed(first), newToken()} {
		wantReason(t, b.become(ada, wrong), SetupToken)
	}
	wantReason(t, b.become(unproven, first), UnprovenAddress)
	before := maps.Clone(b.cookies)
	if err := b.become(ada, " "+first+"\n"); err != nil {
		t.Fatal(err)
	}
	if maps.Equal(b.cookies, before) {
		t.Error("the session goes on under its old token")
	}
	if who := b.who(); !w.auth.Operates(who) {
		t.Errorf("%+v is no operator", who)
	}
	for _, token := range []string{first, second} {
		if err := other.become(bob, token); !errors.Is(err, billing.ErrNotFound) {
			t.Errorf("a second operator: %v, want not found", err)
		}
	}
	if w.auth.Operates(other.who()) || w.setupToken() != "" || w.count("SELECT COUNT(*) FROM setup_tokens") != 0 {
		t.Error("there is another operator, or a token to become one")
	}
	if w.told(EventOperator, "ada@example.com") != 1 {
		t.Error("the operator was told nothing by mail")
	}
}

// TestConfiguredOperatorsNeedNoToken: where the settings name operators, none is made in
// another way, and who was made before does not count.
func TestConfiguredOperatorsNeedNoToken(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Operators = []string{"olive@example.com"} })
	b := w.browser()
	ada := b.signIn("ada@example.com")
	if token := w.setupToken(); token != "" {
		t.Error("a token was made")
	}
	w.exec("INSERT INTO setup_tokens (token_hash, created_at, expires_at) VALUES ('" + hashed("known") + "', 0, 9999999999999)")
	if err := b.become(ada, "known"); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("became an operator: %v", err)
	}
	w.exec("UPDATE users SET operator_at = 1")
	if w.auth.Operates(b.who()) {
		t.Error("the settings name somebody else")
	}
	if !w.auth.Operates(w.browser().signIn("olive@example.com")) {
		t.Error("whom the settings name is no operator")
	}
}

// TestFirstOperatorIsOne: of many who enter tokens at once, one becomes the operator.
func TestFirstOperatorIsOne(t *testing.T) {
	w := newWorld(t)
	const people = 6
	var all sync.WaitGroup
	made := make(chan struct{}, people)
	for i := range people {
		b, token := w.browser(), w.setupToken()
		who := b.signIn(string(rune('a'+i)) + "@example.com")
		all.Go(func() {
			switch err := b.become(who, token); {
			case err == nil:
				made <- struct{}{}
			case ReasonOf(err) == nil && !errors.Is(err, billing.ErrNotFound):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := w.count("SELECT COUNT(*) FROM users WHERE operator_at IS NOT NULL"); len(made) != 1 || n != 1 {
		t.Errorf("%d were told that they are the operator, %d are", len(made), n)
	}
}
