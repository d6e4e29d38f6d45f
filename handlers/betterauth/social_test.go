package betterauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"counterfoil/auth"
)

// A provider that answers by a form: what it posts is kept, and the browser comes back with
// its cookies to an address that holds the state alone. Other providers' fields are led on
// as they always were.
func TestCallbackByAForm(t *testing.T) {
	g := newRig(t, func(a *auth.Config, _ *Config) {
		a.Providers = []auth.ProviderConfig{
			{ID: "apple", Kind: "apple", Name: "Apple", ClientID: "id", ClientSecret: "eyJ.eyJ.sig"},
			{ID: "github", Kind: "github", Name: "GitHub", ClientID: "id", ClientSecret: "secret"},
		}
	})
	state := strings.Repeat("s", 43)
	form := url.Values{"code": {"c"}, "state": {state}, "user": {`{"name":{"firstName":"Ada"}}`}}.Encode()
	foreign := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://appleid.apple.com", "Sec-Fetch-Site": "cross-site"}
	b := g.browser()
	w := b.ask("POST", "/callback/apple", form, foreign)
	if to := w.Header().Get("Location"); w.Code != http.StatusFound || to != home+root+"/callback/apple?state="+state {
		t.Errorf("Apple's form: %d to %q", w.Code, to)
	}
	if len(b.set) > 0 {
		t.Error("a form of another site set a cookie")
	}
	w = b.ask("POST", "/callback/github", form, foreign)
	if to := w.Header().Get("Location"); w.Code != http.StatusFound || !strings.HasPrefix(to, home+root+"/callback/github?code=c&state="+state) {
		t.Errorf("another's form: %d to %q", w.Code, to)
	}
	w = b.ask("GET", "/callback/apple?state="+state, "", nil)
	if w.Code != http.StatusBadRequest && w.Code != http.StatusFound || w.Header().Get("Location") != "" && !strings.Contains(w.Header().Get("Location"), "state_mismatch") {
		t.Errorf("a state of nobody's: %d to %q", w.Code, w.Header().Get("Location"))
	}
}

// TestTheProvidersOwnErrorIsPassedOn: a page that a failed sign-in is led back to learns the
// provider's code, if it is one, and nothing that could be anything else.
func TestTheProvidersOwnErrorIsPassedOn(t *testing.T) {
	g := newRig(t)
	for query, want := range map[string]string{
		"state=s&error=temporarily_unavailable": "temporarily_unavailable",
		"state=s&error=%3Cscript%3E":            "invalid_code",
		"state=s&code=c":                        "invalid_code",
		"state=s":                               "no_code",
		"error=server_error":                    "state_not_found",
	} {
		r := g.browser().request("GET", root+"/callback/github?"+query, "", nil)
		if got := g.server.callbackCode(r, auth.ProviderRefused); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
