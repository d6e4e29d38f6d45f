package handlers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"counterfoil/auth"
)

// withApple adds Apple, with the desk's identity provider in its place.
func withApple(t *testing.T) func(*auth.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *auth.Config) {
		c.Providers = append(c.Providers, auth.ProviderConfig{
			ID: "apple", Kind: "apple", Name: "Apple", ClientID: "counterfoil", Issuer: c.Providers[0].Issuer,
			More: map[string]string{"TEAM_ID": "T", "KEY_ID": "K", "PRIVATE_KEY": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))},
		})
	}
}

// TestTheOneFormOfOtherSites (SEC-03, SEC-09): what a page of another site posts to the
// callback of a provider that answers by a form is led on, to one address of ours, sets no
// cookie and signs nobody out. The same path of any other provider is not there.
func TestTheOneFormOfOtherSites(t *testing.T) {
	d := openDesk(t, withApple(t))
	state := strings.Repeat("s", 43)
	tests := []struct {
		name, path, form string
		status           int
		to               string
	}{
		{"an answer", "/login/apple/callback", "code=c&state=" + state, 303, "/login/apple/callback?state=" + state},
		{"without a state", "/login/apple/callback", "code=c", 303, "/login/apple/callback"},
		{"with more than it needs", "/login/apple/callback?next=//evil.example", "code=c&state=" + state + "&callback=https://evil.example", 303, "/login/apple/callback?state=" + state},
		{"too long", "/login/apple/callback", "state=" + state + "&user=" + strings.Repeat("x", 17<<10), 303, "/login/apple/callback"},
		{"of a provider that answers otherwise", "/login/oidc/callback", "code=c&state=" + state, 404, ""},
		{"of none", "/login/none/callback", "code=c&state=" + state, 404, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), "POST", d.url+test.path, strings.NewReader(test.form))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", "https://appleid.apple.com")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			answer, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			to := answer.Header.Get("Location")
			if answer.StatusCode != test.status || test.to != "" && to != d.url+test.to || test.to == "" && to != "" {
				t.Errorf("%d to %q, want %d to %q", answer.StatusCode, to, test.status, test.to)
			}
			if len(answer.Cookies()) > 0 {
				t.Error("it set a cookie: any page could take the reader's session away")
			}
		})
	}
}

// A browser's way through a provider that answers by a form: the form comes without our
// cookie, and what came of it is told where the cookie is back.
func TestSignInByAForm(t *testing.T) {
	g := openDesk(t, withApple(t)).guest()
	started := g.post("/login/apple", "next", "/credits")
	at, err := url.Parse(started.location)
	if err != nil || at.Query().Get("response_mode") != "form_post" {
		t.Fatalf("sent to %q, %v", started.location, err)
	}
	back := "/login/apple/callback?state=" + at.Query().Get("state")
	g.guest().post("/login/apple/callback", "error", "user_cancelled_authorize", "state", at.Query().Get("state")).leads(t, http.StatusSeeOther, g.url+back)
	g.get(back).leads(t, http.StatusSeeOther, "/login?next=%2Fcredits")
	if page := g.get("/login?next=%2Fcredits"); !strings.Contains(page.Text(), "You did not allow Apple") {
		t.Error("the refusal is not told")
	}
}

// A form leads straight to a provider whose pages begin where it says, and to any other by
// a page of ours: the content policy need not name hosts that nobody can list.
func TestOnwardToAProvider(t *testing.T) {
	d := openDesk(t, func(c *auth.Config) {
		for _, kind := range []string{"github", "spotify"} {
			c.Providers = append(c.Providers, auth.ProviderConfig{ID: kind, Kind: kind, Name: kind, ClientID: "id", ClientSecret: "secret"})
		}
	})
	g := d.guest()
	straight := g.post("/login/github")
	if straight.status != http.StatusSeeOther || !strings.HasPrefix(straight.location, "https://github.com/login/oauth/authorize?") {
		t.Errorf("straight: %d to %q", straight.status, straight.location)
	}
	page := g.post("/login/spotify", "next", "/credits")
	target, _ := page.Find(`main a.btn-primary`).Attr("href")
	if page.status != http.StatusOK || !strings.HasPrefix(target, "https://accounts.spotify.com/authorize?") || page.header.Get("Refresh") != "0; url="+target {
		t.Errorf("onward: %d, refreshed by %q, with a link to %q", page.status, page.header.Get("Refresh"), target)
	}
	if policy := page.header.Get("Content-Security-Policy"); strings.Contains(policy, "spotify") || !strings.Contains(policy, "https://github.com") {
		t.Errorf("policy %s", policy)
	}
	if page.header.Get("Cache-Control") != "private, no-store" {
		t.Error("a page with a state may be kept")
	}
}
