package auth

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// Every kind can be made of its settings alone, has an authority of its own, and pages
// over https.
func TestEveryKindIsMade(t *testing.T) {
	seen := map[string]string{}
	for _, kind := range Kinds() {
		c := ProviderConfig{ID: kind.ID, Kind: kind.ID, Name: kind.Name, ClientID: "id", ClientSecret: "secret", More: map[string]string{}}
		for _, more := range kind.More {
			c.More[more.Name] = more.Default
			if more.Needed || more.Name == "URL" && more.Default != "" {
				c.Issuer = "https://" + kind.ID + ".example.com"
			}
		}
		p, err := kind.make(c, surroundings{client: newClient(false), now: time.Now})
		if err != nil {
			t.Errorf("%s: %v", kind.ID, err)
			continue
		}
		if other := seen[p.authority]; other != "" {
			t.Errorf("%s and %s have one authority: their subjects could be mixed up", kind.ID, other)
		}
		seen[p.authority] = kind.ID
		if _, err := secureURL(p.origin); err != nil {
			t.Errorf("%s: %v", kind.ID, err)
		}
	}
}

// microsoftWorld is the issuer in the place of Microsoft's platform.
func microsoftWorld(t *testing.T, tenant string) (*world, *issuer) {
	is := newIssuer(t)
	named := tenant
	if !guid.MatchString(tenant) {
		named = "{tenantid}"
	}
	is.metadata = func(doc map[string]any) { doc["issuer"] = is.URL + "/" + named + "/v2.0" }
	mux := http.NewServeMux()
	mux.Handle("/", is.Config.Handler)
	mux.HandleFunc("GET /"+tenant+"/v2.0/.well-known/openid-configuration", is.discovery)
	is.Config.Handler = mux
	return newWorld(t, func(c *Config) {
		c.Providers = []ProviderConfig{{ID: "oidc", Kind: "microsoftonline", Name: "Microsoft", ClientID: "counterfoil", ClientSecret: "secret", Issuer: is.URL, More: map[string]string{"TENANT": tenant}}}
	}), is
}

func TestMicrosoft(t *testing.T) {
	const ours, theirs = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
	tests := []struct {
		name, tenant, tid string
		edov              any
		want              Reason
	}{
		{"the domain's owner has verified it", "common", ours, true, ""},
		{"nobody has: nOAuth", "common", ours, nil, UnverifiedEmail},
		{"in words", "common", ours, "true", UnverifiedEmail},
		{"one tenant", ours, ours, true, ""},
		{"another tenant than the one", ours, theirs, true, ProviderRefused},
		{"a personal account where organisations sign in", "organizations", consumers, true, ProviderRefused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, is := microsoftWorld(t, test.tenant)
			is.claims = func(c map[string]any) {
				c["tid"], c["iss"] = test.tid, is.URL+"/"+test.tid+"/v2.0"
				if test.edov != nil {
					c["xms_edov"] = test.edov
				}
			}
			b := w.browser()
			_, err := b.through(is)
			if test.want != "" {
				wantReason(t, err, test.want)
				return
			}
			if err != nil || w.count(`SELECT COUNT(*) FROM identities WHERE subject = ?`, test.tid+":subject-1") != 1 {
				t.Errorf("%v", err)
			}
		})
	}
}

// A workspace decides what addresses and ids it has: neither is anybody's elsewhere.
func TestSlack(t *testing.T) {
	for team, want := range map[string]Reason{"T1": UnverifiedEmail, "": ProviderRefused} {
		is := newIssuer(t)
		is.noPKCE = true
		is.claims = func(c map[string]any) { c["https://slack.com/team_id"] = team }
		w := newWorld(t, func(c *Config) {
			slack := is.config()
			slack.Kind = "slack"
			c.Providers = []ProviderConfig{slack}
		})
		_, err := w.browser().through(is)
		wantReason(t, err, want)
		if n := w.count(`SELECT COUNT(*) FROM pending_identities WHERE subject = ?`, team+":subject-1"); (n == 1) != (team != "") {
			t.Errorf("%d identities wait for team %q", n, team)
		}
	}
}

func TestDiscord(t *testing.T) {
	for profile, want := range map[string]Reason{
		`{"id":"1","email":"ada@example.com","verified":true}`:   "",
		`{"id":"1","email":"ada@example.com","verified":false}`:  UnverifiedEmail,
		`{"id":"1","email":"ada@example.com","verified":"true"}`: UnverifiedEmail,
		`{"email":"ada@example.com","verified":true}`:            ProviderRefused,
	} {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /api/oauth2/token", func(w http.ResponseWriter, r *http.Request) {
			if r.PostFormValue("code_verifier") == "" {
				t.Error("no verifier was sent")
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"access_token":"access","token_type":"Bearer"}`))
		})
		mux.HandleFunc("GET /api/users/@me", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(profile)) })
		server := httptest.NewServer(mux)
		t.Cleanup(server.Close)
		w := newWorld(t, func(c *Config) {
			c.Providers = []ProviderConfig{{ID: "discord", Kind: "discord", Name: "Discord", ClientID: "id", ClientSecret: "secret", Issuer: server.URL}}
		})
		b := w.browser()
		target, err := b.begin("discord")
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.back("discord", url.Values{"code": {"code"}, "state": {queryOf(t, target).Get("state")}})
		if want == "" && err != nil || want != "" && (ReasonOf(err) == nil || ReasonOf(err).Reason != want) {
			t.Errorf("%s: %v, want %q", profile, err, want)
		}
	}
}

// SEC-11: what is not on the public internet is not dialled, in whatever form it comes.
func TestNothingInsideIsDialled(t *testing.T) {
	for _, address := range []string{
		"127.0.0.1:443", "10.1.2.3:443", "172.16.0.1:443", "192.168.1.1:443", "169.254.169.254:80", "100.64.0.1:443", "0.0.0.0:80", "255.255.255.255:80",
		"224.0.0.1:80", "[::1]:443", "[::]:443", "[fe80::1]:443", "[fc00::1]:443", "[::ffff:10.0.0.1]:443", "[::ffff:169.254.169.254]:80",
		"[64:ff9b::a00:1]:443", "[2002:a00:1::]:443", "[::10.0.0.1]:443", "localhost:443",
	} {
		if outside(address) == nil {
			t.Errorf("%s would be dialled", address)
		}
	}
	for _, address := range []string{"140.82.112.3:443", "[2606:50c0:8000::153]:443"} {
		if err := outside(address); err != nil {
			t.Error(err)
		}
	}
	is := newIssuer(t)
	r, err := http.NewRequestWithContext(context.Background(), "GET", is.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newClient(false).Do(r); err == nil {
		t.Error("a name that leads to this machine was dialled")
	}
}
