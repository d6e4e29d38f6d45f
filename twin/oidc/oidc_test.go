package oidc

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/markbates/goth"
	"github.com/markbates/goth/providers/openidConnect"
	"golang.org/x/oauth2"
)

const callback = "http://127.0.0.1:9/callback"

// issuer is a running provider and a client's view of it.
type issuer struct {
	url    string
	browse *http.Client // follows no redirect
	now    *time.Time
}

func start(t *testing.T) issuer {
	t.Helper()
	now := time.Now()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	is := issuer{url: server.URL + "/_twin/oidc", now: &now, browse: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	handler = New(Config{
		Issuer: is.url, ClientID: "counterfoil", ClientSecret: "s&cret+%",
		Personas: []Persona{{Name: "Noor Haddad", Email: "noor@example.com", Note: "A newcomer."}},
		Now:      func() time.Time { return now },
	})
	return is
}

func (is issuer) client(style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{
		ClientID: "counterfoil", ClientSecret: "s&cret+%", RedirectURL: callback, Scopes: []string{"openid", "email", "profile"},
		Endpoint: oauth2.Endpoint{AuthURL: is.url + "/authorize", TokenURL: is.url + "/token", AuthStyle: style},
	}
}

// choose submits the page behind authURL and returns where it sends the browser.
func (is issuer) choose(t *testing.T, authURL string, values url.Values) url.Values {
	t.Helper()
	page, err := is.browse.Get(authURL)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	doc, err := goquery.NewDocumentFromReader(page.Body)
	if err != nil {
		t.Fatal(err)
	}
	action, found := doc.Find("form").First().Attr("action")
	if page.StatusCode != http.StatusOK || !found {
		t.Fatalf("authorize page: status %d", page.StatusCode)
	}
	base, err := url.Parse(authURL)
	if err != nil {
		t.Fatal(err)
	}
	target, err := base.Parse(action)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := is.browse.PostForm(target.String(), values)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	location, err := answer.Location()
	if err != nil || answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(location.String(), callback) {
		t.Fatalf("consent: status %d, location %v, %v", answer.StatusCode, location, err)
	}
	return location.Query()
}

func TestCodeFlow(t *testing.T) {
	for name, style := range map[string]oauth2.AuthStyle{"secret in header": oauth2.AuthStyleInHeader, "secret in body": oauth2.AuthStyleInParams} {
		t.Run(name, func(t *testing.T) {
			is := start(t)
			verifier := oauth2.GenerateVerifier()
			client := is.client(style)
			back := is.choose(t, client.AuthCodeURL("st&te", gooidc.Nonce("n-1"), oauth2.S256ChallengeOption(verifier)), url.Values{"email": {"noor@example.com"}})
			if back.Get("state") != "st&te" {
				t.Errorf("state %q", back.Get("state"))
			}
			token, err := client.Exchange(t.Context(), back.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			verify(t, is, token)
			if _, err := client.Exchange(t.Context(), back.Get("code"), oauth2.VerifierOption(verifier)); err == nil {
				t.Error("the code worked twice")
			}
		})
	}
}

// verify has an independent library judge the ID token and the user info.
func verify(t *testing.T, is issuer, token *oauth2.Token) {
	t.Helper()
	provider, err := gooidc.NewProvider(t.Context(), is.url)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := provider.Verifier(&gooidc.Config{ClientID: "counterfoil"}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if idToken.Nonce != "n-1" {
		t.Errorf("nonce %q", idToken.Nonce)
	}
	info, err := provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	if err != nil {
		t.Fatal(err)
	}
	if info.Subject != idToken.Subject || info.Email != "noor@example.com" || !info.EmailVerified {
		t.Errorf("user info %+v for subject %s", info, idToken.Subject)
	}
}

func TestGothSignsInAnyAddress(t *testing.T) {
	is := start(t)
	provider, err := openidConnect.New("counterfoil", "s&cret+%", callback, is.url+"/.well-known/openid-configuration", "openid", "email", "profile")
	if err != nil {
		t.Fatal(err)
	}
	var subjects []string
	for _, address := range []string{"ada@example.org", "ADA@example.org"} {
		session, err := provider.BeginAuth("state")
		if err != nil {
			t.Fatal(err)
		}
		authURL, err := session.GetAuthURL()
		if err != nil {
			t.Fatal(err)
		}
		back := is.choose(t, authURL, url.Values{"email": {address}, "name": {"Ada Byron"}})
		if _, err := session.Authorize(provider, goth.Params(back)); err != nil {
			t.Fatal(err)
		}
		user, err := provider.FetchUser(session)
		if err != nil {
			t.Fatal(err)
		}
		if user.Email != address || user.FirstName != "Ada" || user.LastName != "Byron" || user.RawData["email_verified"] != true {
			t.Errorf("user %+v", user)
		}
		subjects = append(subjects, user.UserID)
	}
	if subjects[0] != subjects[1] {
		t.Errorf("one person, two subjects: %v", subjects)
	}
}

func TestExchangeRefused(t *testing.T) {
	verifier := oauth2.GenerateVerifier()
	tests := []struct {
		name   string
		change func(*oauth2.Config, *issuer)
		option oauth2.AuthCodeOption
		kind   string
	}{
		{"wrong verifier", nil, oauth2.VerifierOption(oauth2.GenerateVerifier()), "invalid_grant"},
		{"no verifier", nil, oauth2.SetAuthURLParam("x", "y"), "invalid_grant"},
		{"wrong secret", func(c *oauth2.Config, _ *issuer) { c.ClientSecret = "guess" }, oauth2.VerifierOption(verifier), "invalid_client"},
		{"other redirect", func(c *oauth2.Config, _ *issuer) { c.RedirectURL += "/x" }, oauth2.VerifierOption(verifier), "invalid_grant"},
		{"too late", func(_ *oauth2.Config, is *issuer) { *is.now = is.now.Add(codeLife) }, oauth2.VerifierOption(verifier), "invalid_grant"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			is := start(t)
			client := is.client(oauth2.AuthStyleInHeader)
			back := is.choose(t, client.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)), url.Values{"email": {"noor@example.com"}})
			if test.change != nil {
				test.change(client, &is)
			}
			_, err := client.Exchange(context.Background(), back.Get("code"), test.option)
			if err == nil || !strings.Contains(err.Error(), test.kind) {
				t.Errorf("got %v, want %s", err, test.kind)
			}
		})
	}
}

func TestAuthorizeRefused(t *testing.T) {
	good := url.Values{"client_id": {"counterfoil"}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}}
	tests := []struct {
		name, field, value string
		told               string // error told to the client; empty when the browser must stay here
	}{
		{"unknown client", "client_id", "stranger", ""},
		{"foreign redirect", "redirect_uri", "https://evil.example/cb", ""},
		{"loopback in the user part", "redirect_uri", "http://localhost@evil.example/cb", ""},
		{"loopback as a label", "redirect_uri", "http://localhost.evil.example/cb", ""},
		{"script as redirect", "redirect_uri", "javascript://localhost/%0aalert(1)", ""},
		{"no redirect", "redirect_uri", "", ""},
		{"implicit flow", "response_type", "id_token", "unsupported_response_type"},
		{"no openid scope", "scope", "email", "invalid_scope"},
		{"plain challenge", "code_challenge", "abc", "invalid_request"},
		{"silent sign-in", "prompt", "none", "login_required"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			is := start(t)
			query := url.Values{}
			for name, value := range good {
				query[name] = value
			}
			query.Set(test.field, test.value)
			answer, err := is.browse.Get(is.url + "/authorize?" + query.Encode())
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if test.told == "" {
				if answer.StatusCode != http.StatusBadRequest || answer.Header.Get("Location") != "" {
					t.Errorf("status %d to %q", answer.StatusCode, answer.Header.Get("Location"))
				}
				return
			}
			location, err := answer.Location()
			if err != nil || location.Query().Get("error") != test.told || location.Query().Get("state") != "s" {
				t.Errorf("sent to %v, %v", location, err)
			}
		})
	}
}

func TestConsentPage(t *testing.T) {
	is := start(t)
	authURL := is.client(oauth2.AuthStyleInHeader).AuthCodeURL("s")
	if back := is.choose(t, authURL, url.Values{"deny": {"1"}}); back.Get("error") != "access_denied" || back.Get("code") != "" {
		t.Errorf("denial answered %v", back)
	}
	answer, err := is.browse.PostForm(authURL, url.Values{"email": {"nobody"}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	doc, err := goquery.NewDocumentFromReader(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusUnprocessableEntity || doc.Find("[role=alert]").Length() != 1 || doc.Find("input[type=email]").AttrOr("value", "") != "nobody" {
		t.Errorf("status %d", answer.StatusCode)
	}
	if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' http://127.0.0.1:9;") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, authURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	forged, err := is.browse.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	forged.Body.Close()
	if forged.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site was answered with %d", forged.StatusCode)
	}
}
