package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"counterfoil/auth"
)

// orchard stands in for Apple: on another site than the portal, it answers by a form that
// its page posts.
type orchard struct {
	*httptest.Server
	t   *testing.T
	key *rsa.PrivateKey

	mu     sync.Mutex
	nonces map[string]string // by code
	home   string            // of the portal
}

func newOrchard(t *testing.T) *orchard {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	o := &orchard{t: t, key: key, nonces: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		o.answer(w, map[string]any{
			"issuer": o.URL, "authorization_endpoint": o.URL + "/authorize", "token_endpoint": o.URL + "/token", "jwks_uri": o.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "token_endpoint_auth_methods_supported": []string{"client_secret_post"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		o.answer(w, map[string]any{"keys": []any{map[string]string{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		}}})
	})
	mux.HandleFunc("GET /authorize", o.authorize)
	mux.HandleFunc("GET /attack", func(w http.ResponseWriter, _ *http.Request) {
		o.form(w, o.home+"/login/apple/callback", url.Values{"code": {"c"}, "state": {"0123456789012345678901234567890123456789012"}})
	})
	mux.HandleFunc("POST /token", o.token)
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Close)
	return o
}

func (o *orchard) answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		o.t.Errorf("answer: %v", err)
	}
}

// form is a page that posts at once.
func (o *orchard) form(w http.ResponseWriter, action string, fields url.Values) {
	page := `<!doctype html><title>Apple</title><form method="post" action="` + html.EscapeString(action) + `">`
	for name := range fields {
		page += `<input type="hidden" name="` + name + `" value="` + html.EscapeString(fields.Get(name)) + `">`
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte(page + `</form><script>document.forms[0].submit()</script>`))
}

func (o *orchard) authorize(w http.ResponseWriter, r *http.Request) {
	code := rand.Text()
	o.mu.Lock()
	o.nonces[code] = r.URL.Query().Get("nonce")
	o.mu.Unlock()
	o.form(w, r.URL.Query().Get("redirect_uri"), url.Values{
		"code": {code}, "state": {r.URL.Query().Get("state")}, "user": {`{"name":{"firstName":"Ada","lastName":"Lovelace"}}`},
	})
}

func (o *orchard) token(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	nonce, known := o.nonces[r.PostFormValue("code")]
	delete(o.nonces, r.PostFormValue("code"))
	o.mu.Unlock()
	if !known || r.PostFormValue("client_secret") == "" {
		w.WriteHeader(http.StatusBadRequest)
		o.answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": o.URL, "aud": "portal", "sub": "001.ada", "nonce": nonce, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"email": "x7@privaterelay.appleid.com", "email_verified": "true", "is_private_email": "true",
	})
	if err != nil {
		o.t.Error(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"one"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, o.key, crypto.SHA256, sum[:])
	if err != nil {
		o.t.Error(err)
	}
	o.answer(w, map[string]any{
		"access_token": "access", "token_type": "Bearer", "expires_in": 3600, "id_token": text + "." + base64.RawURLEncoding.EncodeToString(signature),
	})
}

// TestBrowserProviders: a browser sends no Lax cookie with the form of another site, and
// sends it again with the GET that the form is led on to: so somebody signs in with Apple,
// and no page that posts there can sign anybody in or out. And whoever a provider sends on
// to another host arrives there, whatever the content policy says of forms.
func TestBrowserProviders(t *testing.T) {
	c, o := openChrome(t), newOrchard(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><title>Elsewhere</title><main>Sign in here</main>`))
	}))
	t.Cleanup(elsewhere.Close)
	o.Config.Handler.(*http.ServeMux).Handle("GET /login/oauth/authorize", http.RedirectHandler(elsewhere.URL, http.StatusFound))
	a := startApp(t, func(c *config) {
		c.identity = append(c.identity,
			auth.ProviderConfig{
				ID: "apple", Kind: "apple", Name: "Apple", ClientID: "portal", Issuer: o.URL,
				More: map[string]string{"TEAM_ID": "T", "KEY_ID": "K", "PRIVATE_KEY": appleKey(t)},
			},
			auth.ProviderConfig{ID: "gitea", Kind: "gitea", Name: "Gitea", ClientID: "portal", ClientSecret: "secret", Issuer: o.URL})
	})
	o.home = a.url
	c.open(a.url + "/login?next=/account")
	c.press(`form[action="/login/gitea"] button`)
	c.has("main", "Sign in here")

	c.open(a.url + "/login?next=/account")
	c.press(`form[action="/login/apple"] button`)
	c.run(chromedp.WaitVisible(`input[name=name]`, chromedp.ByQuery))
	var name string
	c.run(chromedp.Value(`input[name=name]`, &name, chromedp.ByQuery))
	if at := c.path(); at != a.url+"/account" || name != "Ada Lovelace" {
		t.Errorf("at %s as %q", at, name)
	}
	c.open(o.URL + "/attack")
	c.run(chromedp.WaitVisible(`[data-menu]`, chromedp.ByQuery)) // the page of somebody who is signed in
	c.atPath("/portal")
	c.clean()
}

// appleKey is a fresh key, as Apple would hand it out.
func appleKey(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}
