package auth

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// issuer is an OpenID provider that does as it is told, right or wrong.
type issuer struct {
	*httptest.Server
	t   testing.TB
	key *rsa.PrivateKey

	mu         sync.Mutex
	metadata   func(map[string]any)                       // changes the discovery document
	claims     func(map[string]any)                       // changes the ID token's claims
	sign       func(header, claims map[string]any) string // makes the ID token
	tokens     func(map[string]any)                       // changes the token answer
	userinfo   map[string]any                             // answers at /userinfo
	status     int                                        // of the token endpoint, when not 200
	challenges map[string]authorization                   // by code
	noPKCE     bool                                       // it takes no challenge
	lax        bool                                       // it looks at no verifier
	discovered int
	exchanged  []url.Values
}

type authorization struct{ nonce, challenge, redirect string }

var issuerKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := issuerKey()
	if err != nil {
		t.Fatal(err)
	}
	is := &issuer{t: t, key: key, challenges: map[string]authorization{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", is.discovery)
	mux.HandleFunc("GET /jwks", is.keys)
	mux.HandleFunc("POST /token", is.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { is.answer(w, is.userinfo) })
	is.Server = httptest.NewServer(mux)
	t.Cleanup(is.Close)
	return is
}

func (is *issuer) config() ProviderConfig {
	return ProviderConfig{ID: "oidc", Kind: "oidc", Name: "Example", ClientID: "counterfoil", ClientSecret: "secret", Issuer: is.URL}
}

func (is *issuer) answer(w http.ResponseWriter, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		is.t.Errorf("answer: %v", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // who asked hangs up when it is too much
}

func (is *issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	is.mu.Lock()
	defer is.mu.Unlock()
	is.discovered++
	doc := map[string]any{
		"issuer": is.URL, "authorization_endpoint": is.URL + "/authorize", "token_endpoint": is.URL + "/token",
		"jwks_uri": is.URL + "/jwks", "userinfo_endpoint": is.URL + "/userinfo",
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
	}
	if is.metadata != nil {
		is.metadata(doc)
	}
	is.answer(w, doc)
}

func (is *issuer) keys(w http.ResponseWriter, _ *http.Request) {
	is.answer(w, map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one", "e": "AQAB", "n": b64(is.key.N.Bytes()),
	}}})
}

// authorize is what happens behind the address that the browser is sent to.
func (is *issuer) authorize(target string) (code, state string) {
	is.t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		is.t.Fatal(err)
	}
	is.mu.Lock()
	defer is.mu.Unlock()
	q := u.Query()
	code = rand.Text()
	is.challenges[code] = authorization{nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), redirect: q.Get("redirect_uri")}
	return code, q.Get("state")
}

func (is *issuer) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		is.t.Error(err)
	}
	is.mu.Lock()
	defer is.mu.Unlock()
	is.exchanged = append(is.exchanged, r.PostForm)
	asked, known := is.challenges[r.PostFormValue("code")]
	delete(is.challenges, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	proven := asked.challenge == b64(sum[:]) || is.noPKCE && asked.challenge == "" && !r.PostForm.Has("code_verifier")
	if is.status != 0 || !known || !proven && !is.lax || asked.redirect != r.PostFormValue("redirect_uri") {
		status := is.status
		if status == 0 {
			status = http.StatusBadRequest
		}
		w.WriteHeader(status)
		is.answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{
		"iss": is.URL, "aud": "counterfoil", "sub": "subject-1", "nonce": asked.nonce,
		"exp": issuerNow.Add(time.Hour).Unix(), "iat": issuerNow.Unix(),
		"email": "Ada@Example.com", "email_verified": true, "name": "Ada Lovelace",
	}
	if is.claims != nil {
		is.claims(claims)
	}
	header := map[string]any{"alg": "RS256", "typ": "JWT", "kid": "one"}
	sign := is.rs256
	if is.sign != nil {
		sign = is.sign
	}
	body := map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 3600, "id_token": sign(header, claims)}
	if is.tokens != nil {
		is.tokens(body)
	}
	is.answer(w, body)
}

// issuerNow is the time at which the test's world begins.
var issuerNow = time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC)

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func unsigned(t testing.TB, header, claims map[string]any) string {
	h, err := json.Marshal(header)
	if err != nil {
		t.Error(err)
	}
	c, err := json.Marshal(claims)
	if err != nil {
		t.Error(err)
	}
	return b64(h) + "." + b64(c)
}

func (is *issuer) rs256(header, claims map[string]any) string {
	return is.signedBy(is.key, header, claims)
}

func (is *issuer) signedBy(key *rsa.PrivateKey, header, claims map[string]any) string {
	text := unsigned(is.t, header, claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		is.t.Error(err)
	}
	return text + "." + b64(signature)
}

// hs256 signs with the public key as a shared secret: the classic confusion.
func (is *issuer) hs256(header, claims map[string]any) string {
	header["alg"] = "HS256"
	text := unsigned(is.t, header, claims)
	mac := hmac.New(sha256.New, x509.MarshalPKCS1PublicKey(&is.key.PublicKey))
	mac.Write([]byte(text))
	return text + "." + b64(mac.Sum(nil))
}
