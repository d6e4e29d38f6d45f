package auth

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"golang.org/x/oauth2"
)

// SEC-09: a code that was issued for another sign-in is worth nothing in this one. Each
// way of binding it holds alone: the provider, by PKCE, and we, by the nonce.
func TestSEC09CodeOfAnotherSignInIsRefused(t *testing.T) {
	for _, bound := range []string{"by PKCE", "by the nonce"} {
		t.Run(bound, func(t *testing.T) {
			w, is := openIDWorld(t)
			victim, thief := w.browser(), w.browser()
			theirs, err := victim.begin("oidc")
			if err != nil {
				t.Fatal(err)
			}
			stolen, _ := is.authorize(theirs)
			own, err := thief.begin("oidc")
			if err != nil {
				t.Fatal(err)
			}
			if bound == "by the nonce" { // a provider that looks at no verifier
				is.mu.Lock()
				is.lax = true
				is.mu.Unlock()
			}
			_, err = thief.back("oidc", url.Values{"code": {stolen}, "state": {queryOf(t, own).Get("state")}})
			wantReason(t, err, ProviderRefused)
			is.mu.Lock()
			defer is.mu.Unlock()
			if len(is.exchanged) != 1 || thief.who().SignedIn() || w.count(`SELECT COUNT(*) FROM users`) != 0 {
				t.Errorf("%d exchanges, and a user of %+v", len(is.exchanged), thief.who())
			}
			if sent := is.exchanged[0].Get("code_verifier"); oauth2.S256ChallengeFromVerifier(sent) != queryOf(t, own).Get("code_challenge") {
				t.Error("the verifier is not that of the sign-in that ends here")
			}
		})
	}
}

// SEC-09: the verifier is sent with every code where a challenge was, so that a provider
// can refuse a code that was cut out; without it, or with another, nobody signs in.
func TestSEC09PKCEVerifierMismatch(t *testing.T) {
	for name, change := range map[string]string{
		"another verifier": `UPDATE oauth_states SET code_verifier = 'another-verifier-of-forty-three-characters-00'`,
		"none":             `UPDATE oauth_states SET code_verifier = ''`,
	} {
		t.Run(name, func(t *testing.T) {
			w, is := openIDWorld(t)
			b := w.browser()
			target, err := b.begin("oidc")
			if err != nil {
				t.Fatal(err)
			}
			code, state := is.authorize(target)
			w.exec(change)
			_, err = b.back("oidc", url.Values{"code": {code}, "state": {state}})
			wantReason(t, err, ProviderRefused)
			if b.who().SignedIn() {
				t.Error("signed in without the verifier")
			}
		})
	}
}

// SEC-09: a callback works once. Sent again as it was, it never reaches the provider; its
// code in a new sign-in does, which knows that it was used.
func TestSEC09CodeReplay(t *testing.T) {
	w, is := openIDWorld(t)
	b := w.browser()
	target, err := b.begin("oidc")
	if err != nil {
		t.Fatal(err)
	}
	code, state := is.authorize(target)
	cookies := map[string]string{}
	for name, value := range b.cookies {
		cookies[name] = value
	}
	if _, err := b.back("oidc", url.Values{"code": {code}, "state": {state}}); err != nil {
		t.Fatal(err)
	}
	before := w.browser() // the same browser, with the cookies of before
	before.cookies = cookies
	_, err = before.back("oidc", url.Values{"code": {code}, "state": {state}})
	wantReason(t, err, ForeignBrowser)
	if len(is.exchanged) != 1 {
		t.Errorf("the provider was asked %d times, want once", len(is.exchanged))
	}
	again := w.browser()
	if target, err = again.begin("oidc"); err != nil {
		t.Fatal(err)
	}
	_, err = again.back("oidc", url.Values{"code": {code}, "state": {queryOf(t, target).Get("state")}})
	wantReason(t, err, ProviderRefused)
	if again.who().SignedIn() || before.who().SignedIn() {
		t.Error("a code signed in twice")
	}
}

// SEC-09: the same for a provider of plain OAuth 2.0, where PKCE alone binds a code.
func TestSEC09PlainCodeIsBoundByPKCE(t *testing.T) {
	challenges := map[string]string{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if challenges[r.PostFormValue("code")] != oauth2.S256ChallengeFromVerifier(r.PostFormValue("code_verifier")) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
			return
		}
		_, _ = w.Write([]byte(`{"access_token":"access","token_type":"Bearer"}`))
	})
	mux.HandleFunc("GET /api/users/@me", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"id":"1","email":"ada@example.com","verified":true}`))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w := newWorld(t, func(c *Config) {
		c.Providers = []ProviderConfig{{ID: "discord", Kind: "discord", Name: "Discord", ClientID: "id", ClientSecret: "secret", Issuer: server.URL}}
	})
	victim, thief := w.browser(), w.browser()
	theirs, err := victim.begin("discord")
	if err != nil {
		t.Fatal(err)
	}
	challenges["victims"] = queryOf(t, theirs).Get("code_challenge")
	own, err := thief.begin("discord")
	if err != nil {
		t.Fatal(err)
	}
	_, err = thief.back("discord", url.Values{"code": {"victims"}, "state": {queryOf(t, own).Get("state")}})
	wantReason(t, err, ProviderRefused)
	if _, err := victim.back("discord", url.Values{"code": {"victims"}, "state": {queryOf(t, theirs).Get("state")}}); err != nil || !victim.who().SignedIn() {
		t.Errorf("its owner: %v", err)
	}
}
