package auth

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"counterfoil/billing"
)

// begin starts a sign-in and returns where the browser is sent to.
func (b *browser) begin(provider string) (string, error) {
	var target string
	err := b.do(b.request("POST", "/login/"+provider), func(w http.ResponseWriter, r *http.Request) error {
		var err error
		target, err = b.w.auth.StartProvider(w, r, ProviderStart{Provider: provider, Next: "/usage", LoginHint: "ada@example.com"})
		return err
	})
	return target, err
}

// back lets the browser come back from a provider.
func (b *browser) back(provider string, answer url.Values) (Arrival, error) {
	var arrival Arrival
	err := b.do(b.request("GET", "/login/"+provider+"/callback?"+answer.Encode()), func(w http.ResponseWriter, r *http.Request) error {
		var err error
		arrival, err = b.w.auth.FinishProvider(w, r, provider)
		return err
	})
	return arrival, err
}

// through goes all the way, through an issuer that does as it was told.
func (b *browser) through(is *issuer) (Arrival, error) {
	target, err := b.begin("oidc")
	if err != nil {
		return Arrival{}, err
	}
	code, state := is.authorize(target)
	return b.back("oidc", url.Values{"code": {code}, "state": {state}})
}

func openIDWorld(t *testing.T) (*world, *issuer) {
	is := newIssuer(t)
	return newWorld(t, func(c *Config) { c.Providers = []ProviderConfig{is.config()} }), is
}

func TestSignInWithOpenID(t *testing.T) {
	w, is := openIDWorld(t)
	b := w.browser()
	target, err := b.begin("oidc")
	if err != nil {
		t.Fatal(err)
	}
	q := queryOf(t, target)
	for name, want := range map[string]string{
		"client_id": "counterfoil", "response_type": "code", "code_challenge_method": "S256", "scope": "openid email profile",
		"redirect_uri": base + "/login/oidc/callback", "login_hint": "ada@example.com",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	if !isToken(q.Get("state")) || !isToken(q.Get("nonce")) || len(q.Get("code_challenge")) != 43 {
		t.Errorf("state, nonce or challenge are missing: %v", q)
	}
	if n := w.count(`SELECT COUNT(*) FROM oauth_states WHERE state_hash = ?1 OR session LIKE '%' || ?1 || '%'`, q.Get("state")); n != 0 {
		t.Error("the state itself is in the database")
	}
	code, state := is.authorize(target)
	arrival, err := b.back("oidc", url.Values{"code": {code}, "state": {state}, "iss": {is.URL}})
	if err != nil || !arrival.New || arrival.Next != "/usage" {
		t.Fatalf("arrival: %+v, %v", arrival, err)
	}
	who := b.who()
	if who.Email != "ada@example.com" || who.Name != "Ada Lovelace" || !who.EmailVerified {
		t.Errorf("visitor: %+v", who)
	}
	if n := w.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'create_customer' AND key = ?`, who.UserID); n != 1 {
		t.Errorf("%d jobs to create the customer, want 1", n)
	}
	again := w.browser()
	if arrival, err := again.through(is); err != nil || arrival.New || again.who().UserID != who.UserID {
		t.Errorf("second sign-in: %+v, %v", arrival, err)
	}
	if n := w.count(`SELECT COUNT(*) FROM identities WHERE provider = ? AND subject = 'subject-1'`, is.URL); n != 1 {
		t.Errorf("%d identities, want 1", n)
	}
}

// The callback's own redirect_uri and code_verifier, which goth would take, are not read.
func TestCallbackParametersOfTheAttackersChoiceAreIgnored(t *testing.T) {
	w, is := openIDWorld(t)
	b := w.browser()
	target, err := b.begin("oidc")
	if err != nil {
		t.Fatal(err)
	}
	code, state := is.authorize(target)
	_, err = b.back("oidc", url.Values{
		"code": {code}, "state": {state}, "redirect_uri": {"https://evil.example"}, "code_verifier": {"chosen"}, "provider": {"evil"},
	})
	if err != nil {
		t.Fatal(err)
	}
	sent := is.exchanged[0]
	if sent.Get("redirect_uri") != base+"/login/oidc/callback" || sent.Get("code_verifier") == "chosen" {
		t.Errorf("the exchange sent %v", sent)
	}
}

func TestIssuerThatPromisesToNameItselfMust(t *testing.T) {
	w, is := openIDWorld(t)
	is.metadata = func(doc map[string]any) { doc["authorization_response_iss_parameter_supported"] = true }
	_, err := w.browser().through(is)
	wantReason(t, err, ProviderRefused)
}

func TestAddressFromUserInfo(t *testing.T) {
	w, is := openIDWorld(t)
	is.claims = func(c map[string]any) { delete(c, "email"); delete(c, "email_verified") }
	is.userinfo = map[string]any{"sub": "subject-1", "email": "ada@example.com", "email_verified": true, "name": "Ada"}
	b := w.browser()
	if _, err := b.through(is); err != nil || b.who().Email != "ada@example.com" {
		t.Errorf("visitor %+v, %v", b.who(), err)
	}
}

func TestLinkingByAddress(t *testing.T) {
	w, is := openIDWorld(t)
	byCode := w.browser().signIn("ada@example.com")

	is.claims = func(c map[string]any) { c["email_verified"] = false }
	_, err := w.browser().through(is)
	wantReason(t, err, UnverifiedEmail)
	if n := w.count(`SELECT COUNT(*) FROM identities`); n != 0 {
		t.Fatal("an unverified identity was linked")
	}

	is.claims = nil
	b := w.browser()
	if _, err := b.through(is); err != nil || b.who().UserID != byCode.UserID || b.who().Name != "Ada Lovelace" {
		t.Errorf("a verified identity: %+v, %v", b.who(), err)
	}

	// The identity now stands for itself: the subject counts, not the address.
	is.claims = func(c map[string]any) { c["email"], c["email_verified"] = "new@example.com", false }
	b = w.browser()
	if _, err := b.through(is); err != nil || b.who().UserID != byCode.UserID || b.who().Email != "ada@example.com" {
		t.Errorf("the same subject with a new address: %+v, %v", b.who(), err)
	}
	is.claims = func(c map[string]any) { c["sub"], c["email"] = "subject-2", "eve@example.com" }
	b = w.browser()
	if _, err := b.through(is); err != nil || b.who().UserID == byCode.UserID {
		t.Errorf("another subject: %+v, %v", b.who(), err)
	}
}

// The portal starts and serves while an identity provider is down, and uses it
// again when it is back.
func TestProviderDown(t *testing.T) {
	is := newIssuer(t)
	down := true
	is.Config.Handler = switched(&down, is.Config.Handler)
	w := newWorld(t, func(c *Config) { c.Providers = []ProviderConfig{is.config()} })
	b := w.browser()
	_, err := b.begin("oidc")
	wantReason(t, err, ProviderDown)
	if !errors.Is(err, billing.ErrProvider) {
		t.Errorf("%v is no ErrProvider", err)
	}
	down = false
	_, err = b.begin("oidc")
	wantReason(t, err, ProviderDown) // not asked again at once
	w.clock.pass(discoverPause)
	if _, err := b.through(is); err != nil {
		t.Errorf("when it is back: %v", err)
	}
	if _, err := w.browser().through(is); err != nil || is.discovered != 1 {
		t.Errorf("discovered %d times, want once; %v", is.discovered, err)
	}
	target, err := b.begin("oidc")
	if err != nil {
		t.Fatal(err)
	}
	code, state := is.authorize(target)
	is.Close()
	_, err = b.back("oidc", url.Values{"code": {code}, "state": {state}})
	wantReason(t, err, ProviderDown)
}

func switched(down *bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if *down {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func TestDiscoveryIsDistrusted(t *testing.T) {
	tests := map[string]func(map[string]any){
		"another issuer":         func(doc map[string]any) { doc["issuer"] = "https://evil.example" },
		"plain token endpoint":   func(doc map[string]any) { doc["token_endpoint"] = "http://id.example.com/token" },
		"no authorization page":  func(doc map[string]any) { delete(doc, "authorization_endpoint") },
		"script for a page":      func(doc map[string]any) { doc["authorization_endpoint"] = "javascript:alert(1)" },
		"endless document":       func(doc map[string]any) { doc["padding"] = strings.Repeat("x", 2*maxAnswer) },
		"issuer of another type": func(doc map[string]any) { doc["issuer"] = 7 },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			w, is := openIDWorld(t)
			is.metadata = change
			_, err := w.browser().begin("oidc")
			wantReason(t, err, ProviderDown)
		})
	}
}

func TestUnknownProviderIsNotFound(t *testing.T) {
	w := newWorld(t)
	_, err := w.browser().begin("oidc")
	wantReason(t, err, UnknownProvider)
	if !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("%v is no ErrNotFound", err)
	}
}
