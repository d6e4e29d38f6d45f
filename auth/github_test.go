package auth

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// gitHub is a GitHub Enterprise server with one user.
func gitHub(t *testing.T, profile string, emails string) ProviderConfig {
	t.Helper()
	mux := http.NewServeMux()
	serve := func(pattern, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && r.Header.Get("Authorization") != "Bearer access" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			if _, err := w.Write([]byte(body)); err != nil {
				t.Error(err)
			}
		})
	}
	serve("POST /login/oauth/access_token", `{"access_token":"access","token_type":"bearer","scope":"read:user,user:email"}`)
	serve("GET /api/v3/user", profile)
	serve("GET /api/v3/user/emails", emails)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return ProviderConfig{ID: "github", Kind: "github", Name: "GitHub", ClientID: "id", ClientSecret: "secret", Issuer: server.URL}
}

func TestSignInWithGitHub(t *testing.T) {
	const profile = `{"id":583231,"login":"ada","name":"Ada Lovelace","email":"public@example.com"}`
	tests := []struct {
		name, profile, emails string
		email                 string
		want                  Reason
	}{
		{"primary and verified, not the public one", profile,
			`[{"email":"public@example.com","primary":false,"verified":true},{"email":"Ada@example.com","primary":true,"verified":true}]`, "ada@example.com", ""},
		{"public address set, primary not verified", profile,
			`[{"email":"ada@example.com","primary":true,"verified":false},{"email":"public@example.com","primary":false,"verified":true}]`, "", UnverifiedEmail},
		{"no public address, primary not verified", `{"id":1,"login":"ada"}`,
			`[{"email":"ada@example.com","primary":true,"verified":false}]`, "", UnverifiedEmail},
		{"no addresses", profile, `[]`, "", UnverifiedEmail},
		{"a profile without id", `{"email":"public@example.com"}`,
			`[{"email":"ada@example.com","primary":true,"verified":true}]`, "", ProviderRefused},
		{"rubbish for addresses", profile, `{"message":"nope"}`, "", ProviderDown},
		{"rubbish for a profile", `[]`, `[]`, "", ProviderDown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) { c.Providers = []ProviderConfig{gitHub(t, test.profile, test.emails)} })
			b := w.browser()
			target, err := b.begin("github")
			if err != nil {
				t.Fatal(err)
			}
			if q := queryOf(t, target); len(q.Get("code_challenge")) != 43 || q.Get("code_challenge_method") != "S256" {
				t.Errorf("no challenge was sent: %s", target)
			}
			_, err = b.back("github", url.Values{"code": {"code"}, "state": {queryOf(t, target).Get("state")}})
			if test.want != "" {
				wantReason(t, err, test.want)
				return
			}
			if err != nil || b.who().Email != test.email {
				t.Errorf("visitor %+v, %v", b.who(), err)
			}
		})
	}
}

func TestPresetProvidersNeedNoIssuer(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		for _, kind := range []string{"google", "github"} {
			c.Providers = append(c.Providers, ProviderConfig{ID: kind, Kind: kind, Name: kind, ClientID: "id", ClientSecret: "secret"})
		}
	})
	got, err := json.Marshal(w.auth.FormHosts())
	if err != nil || string(got) != `["https://accounts.google.com","https://github.com"]` {
		t.Errorf("form hosts: %s, %v", got, err)
	}
}
