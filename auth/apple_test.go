package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// appleKeyPEM is a fresh key, as Apple would hand it out.
func appleKeyPEM(t *testing.T, curve elliptic.Curve) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

// appleWorld has the issuer in Apple's place.
func appleWorld(t *testing.T) (*world, *issuer, *ecdsa.PrivateKey) {
	t.Helper()
	is := newIssuer(t)
	is.noPKCE = true
	is.metadata = func(doc map[string]any) {
		doc["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
		doc["id_token_signing_alg_values_supported"] = []string{"RS256", "RS512"}
		delete(doc, "userinfo_endpoint")
	}
	key, text := appleKeyPEM(t, elliptic.P256())
	apple := ProviderConfig{
		ID: "apple", Kind: "apple", Name: "Apple", ClientID: "counterfoil", Issuer: is.URL,
		More: map[string]string{"TEAM_ID": "TEAM123456", "KEY_ID": "KEY1234567", "PRIVATE_KEY": strings.ReplaceAll(text, "\n", `\n`)},
	}
	return newWorld(t, func(c *Config) { c.Providers = []ProviderConfig{apple, is.config()} }), is, key
}

// post lets whatever page send the form of an answer, without a cookie of ours, and
// returns where the browser is sent.
func (w *world) post(provider string, answer url.Values) (string, error) {
	r := httptest.NewRequest("POST", "/login/"+provider+"/callback", strings.NewReader(answer.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = "203.0.113.7:5000"
	return w.auth.KeepAnswer(r, provider)
}

// throughApple goes all the way; more is posted beside code and state.
func (b *browser) throughApple(t *testing.T, is *issuer, more url.Values) (Arrival, error) {
	t.Helper()
	target, err := b.begin("apple")
	if err != nil {
		return Arrival{}, err
	}
	code, state := is.authorize(target)
	answer := url.Values{"code": {code}, "state": {state}}
	for name, said := range more {
		answer[name] = said
	}
	led, err := b.w.post("apple", answer)
	if err != nil {
		return Arrival{}, err
	}
	if want := base + "/login/apple/callback?state=" + state; led != want {
		t.Errorf("the browser is led to %s, want %s", led, want)
	}
	return b.back("apple", queryOf(t, led))
}

func TestSignInWithApple(t *testing.T) {
	w, is, key := appleWorld(t)
	b := w.browser()
	target, err := b.begin("apple")
	if err != nil {
		t.Fatal(err)
	}
	q := queryOf(t, target)
	for name, want := range map[string]string{
		"client_id": "counterfoil", "response_type": "code", "response_mode": "form_post", "scope": "name email", "redirect_uri": base + "/login/apple/callback",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	if !isToken(q.Get("nonce")) || !strings.Contains(target, "scope=name%20email") {
		t.Errorf("sent to %s", target)
	}
	is.claims = func(c map[string]any) {
		c["email"], c["email_verified"], c["is_private_email"] = "x7@privaterelay.appleid.com", "true", "true"
		delete(c, "name")
	}
	user := `{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"victim@example.com"}`
	arrival, err := b.throughApple(t, is, url.Values{"user": {user}})
	if err != nil || !arrival.New || arrival.Next != "/usage" {
		t.Fatalf("arrival %+v, %v", arrival, err)
	}
	if who := b.who(); who.Email != "x7@privaterelay.appleid.com" || who.Name != "Ada Lovelace" || !who.EmailVerified {
		t.Errorf("visitor %+v", who)
	}
	again := w.browser()
	if _, err := again.throughApple(t, is, nil); err != nil || again.who().UserID != b.who().UserID || again.who().Name != "Ada Lovelace" {
		t.Errorf("second time, without a name: %+v, %v", again.who(), err)
	}
	checkAppleSecret(t, w, key, is.exchanged[0].Get("client_secret"))
}

// checkAppleSecret holds a client secret against Apple's rules ("Creating a client secret").
func checkAppleSecret(t *testing.T, w *world, key *ecdsa.PrivateKey, secret string) {
	t.Helper()
	parts := strings.Split(secret, ".")
	if len(parts) != 3 {
		t.Fatalf("the secret is no JWT: %q", secret)
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			t.Fatal(err)
		}
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if len(raw[2]) != 64 || !ecdsa.Verify(&key.PublicKey, sum[:], new(big.Int).SetBytes(raw[2][:32]), new(big.Int).SetBytes(raw[2][32:])) {
		t.Error("the signature is not one of the key, in 64 bytes")
	}
	var header struct{ Alg, Kid string }
	var claims struct {
		Iss, Sub, Aud string
		Iat, Exp      int64
	}
	if err := json.Unmarshal(raw[0], &header); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw[1], &claims); err != nil {
		t.Fatal(err)
	}
	now := w.clock.Now().Unix()
	if header.Alg != "ES256" || header.Kid != "KEY1234567" || claims.Iss != "TEAM123456" || claims.Sub != "counterfoil" ||
		!strings.HasPrefix(claims.Aud, "http://127.0.0.1:") || claims.Iat > now || claims.Exp <= now || claims.Exp > now+int64(180*24*time.Hour/time.Second) {
		t.Errorf("the secret says %+v, %+v", header, claims)
	}
}

// Whose word is what: hostile tokens of Apple's, and hostile forms beside good ones.
func TestHostileApple(t *testing.T) {
	claim := func(name string, value any) func(*issuer) {
		return func(is *issuer) { is.claims = func(c map[string]any) { c[name] = value } }
	}
	tests := []struct {
		name  string
		wrong func(*issuer)
		form  url.Values
		want  Reason
	}{
		{"HS256 with the public key", func(is *issuer) { is.sign = is.hs256 }, nil, ProviderRefused},
		{"alg none", func(is *issuer) {
			is.sign = func(h, c map[string]any) string { h["alg"] = "none"; return unsigned(t, h, c) + "." }
		}, nil, ProviderRefused},
		{"another algorithm than Apple's", func(is *issuer) {
			is.sign = func(h, c map[string]any) string {
				h["alg"] = "RS512"
				text := unsigned(t, h, c)
				sum := sha512.Sum512([]byte(text))
				signature, err := rsa.SignPKCS1v15(rand.Reader, is.key, crypto.SHA512, sum[:])
				if err != nil {
					t.Error(err)
				}
				return text + "." + b64(signature)
			}
		}, nil, ProviderRefused},
		{"another issuer", claim("iss", "https://evil.example"), nil, ProviderRefused},
		{"another audience", claim("aud", "another"), nil, ProviderRefused},
		{"another nonce", claim("nonce", newToken()), nil, ProviderRefused},
		{"expired", claim("exp", issuerNow.Add(-time.Second).Unix()), nil, ProviderRefused},
		{"not verified", claim("email_verified", false), nil, UnverifiedEmail},
		{"not verified, in words", claim("email_verified", "false"), nil, UnverifiedEmail},
		{"verified in another word", claim("email_verified", "TRUE"), nil, UnverifiedEmail},
		{"an address of the form's alone", func(is *issuer) { is.claims = func(c map[string]any) { delete(c, "email") } },
			url.Values{"user": {`{"email":"victim@example.com"}`}}, UnverifiedEmail},
		{"she said no", nil, url.Values{"error": {"user_cancelled_authorize"}, "code": nil}, ProviderDenied},
		{"another error", nil, url.Values{"error": {"invalid_scope"}, "code": nil}, ProviderRefused},
		{"no code", nil, url.Values{"code": nil}, ProviderRefused},
		{"a stolen code", nil, url.Values{"code": {"stolen"}}, ProviderRefused},
		{"two codes", nil, url.Values{"code": {"a", "b"}}, ProviderRefused},
		{"an issuer beside", nil, url.Values{"iss": {"https://evil.example"}}, ProviderRefused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, is, _ := appleWorld(t)
			if test.wrong != nil {
				test.wrong(is)
			}
			b := w.browser()
			_, err := b.throughApple(t, is, test.form)
			wantReason(t, err, test.want)
			if b.who().SignedIn() || w.count(`SELECT COUNT(*) FROM users`)+w.count(`SELECT COUNT(*) FROM identities`) != 0 {
				t.Error("it made a user or signed one in")
			}
		})
	}
}

// The form comes without a cookie and from anywhere. What it can do, it can do only for
// the browser that began, once, and the first time.
func TestFormsOfAppleAreBoundToTheBrowser(t *testing.T) {
	begun := func(t *testing.T) (w *world, is *issuer, b *browser, code, state string) {
		w, is, _ = appleWorld(t)
		b = w.browser()
		target, err := b.begin("apple")
		if err != nil {
			t.Fatal(err)
		}
		code, state = is.authorize(target)
		return w, is, b, code, state
	}
	keep := func(t *testing.T, w *world, provider string, answer url.Values) {
		t.Helper()
		if led, err := w.post(provider, answer); err != nil || !strings.HasPrefix(led, base+"/login/"+provider+"/callback") {
			t.Fatalf("led to %q, %v", led, err)
		}
	}
	t.Run("another browser fetches it", func(t *testing.T) {
		w, _, _, code, state := begun(t)
		keep(t, w, "apple", url.Values{"code": {code}, "state": {state}})
		other := w.browser()
		if _, err := other.begin("apple"); err != nil {
			t.Fatal(err)
		}
		_, err := other.back("apple", url.Values{"state": {state}})
		wantReason(t, err, ForeignBrowser)
	})
	t.Run("a browser without a session fetches it", func(t *testing.T) {
		w, _, _, code, state := begun(t)
		keep(t, w, "apple", url.Values{"code": {code}, "state": {state}})
		_, err := w.browser().back("apple", url.Values{"state": {state}})
		wantReason(t, err, ForeignBrowser)
	})
	t.Run("fetched twice", func(t *testing.T) {
		w, _, b, code, state := begun(t)
		keep(t, w, "apple", url.Values{"code": {code}, "state": {state}})
		if _, err := b.back("apple", url.Values{"state": {state}}); err != nil {
			t.Fatal(err)
		}
		_, err := b.back("apple", url.Values{"state": {state}})
		wantReason(t, err, ForeignBrowser)
	})
	t.Run("a second form changes nothing", func(t *testing.T) {
		w, _, b, code, state := begun(t)
		keep(t, w, "apple", url.Values{"code": {code}, "state": {state}})
		keep(t, w, "apple", url.Values{"error": {"access_denied"}, "state": {state}})
		if _, err := b.back("apple", url.Values{"state": {state}}); err != nil {
			t.Error(err)
		}
	})
	t.Run("a code in the address counts for nothing", func(t *testing.T) {
		_, _, b, code, state := begun(t)
		_, err := b.back("apple", url.Values{"code": {code}, "state": {state}})
		wantReason(t, err, ProviderRefused)
	})
	t.Run("too late", func(t *testing.T) {
		w, _, b, code, state := begun(t)
		w.clock.pass(stateLife)
		keep(t, w, "apple", url.Values{"code": {code}, "state": {state}})
		_, err := b.back("apple", url.Values{"state": {state}})
		wantReason(t, err, ForeignBrowser)
	})
	t.Run("of no sign-in, or without a state", func(t *testing.T) {
		w, is, b, code, state := begun(t)
		for _, states := range [][]string{nil, {""}, {"short"}, {newToken()}, {state, state}} {
			keep(t, w, "apple", url.Values{"code": {code}, "state": states})
		}
		if n := w.count(`SELECT COUNT(*) FROM oauth_states WHERE session <> '{}'`); n != 0 {
			t.Errorf("%d answers were kept", n)
		}
		keep(t, w, "apple", url.Values{"code": {strings.Repeat("x", maxForm)}, "state": {state}})
		if _, err := b.throughApple(t, is, nil); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
	t.Run("at providers that answer otherwise, or at none", func(t *testing.T) {
		w, is, b, _, _ := begun(t)
		target, err := b.begin("oidc")
		if err != nil {
			t.Fatal(err)
		}
		code, state := is.authorize(target)
		for _, provider := range []string{"oidc", "none"} {
			_, err := w.post(provider, url.Values{"code": {code}, "state": {state}})
			wantReason(t, err, UnknownProvider)
		}
		keep(t, w, "apple", url.Values{"code": {code}, "state": {state}}) // mixed up
		if n := w.count(`SELECT COUNT(*) FROM oauth_states WHERE session <> '{}'`); n != 0 {
			t.Error("an answer of Apple's was kept for another's sign-in")
		}
	})
}

func TestSettingsOfApple(t *testing.T) {
	_, good := appleKeyPEM(t, elliptic.P256())
	_, wrong := appleKeyPEM(t, elliptic.P384())
	whole := func(key string) map[string]string {
		return map[string]string{"TEAM_ID": "T", "KEY_ID": "K", "PRIVATE_KEY": key}
	}
	tests := []struct {
		name, secret string
		more         map[string]string
		good         bool
	}{
		{"key", "", whole(good), true},
		{"key in one line", "", whole(strings.ReplaceAll(good, "\n", `\n`)), true},
		{"secret made elsewhere", "eyJ.eyJ.sig", nil, true},
		{"both", "eyJ.eyJ.sig", whole(good), false},
		{"nothing", "", nil, false},
		{"key without its id", "", map[string]string{"TEAM_ID": "T", "PRIVATE_KEY": good}, false},
		{"another curve", "", whole(wrong), false},
		{"no key", "", whole("AuthKey.p8"), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := newApple(ProviderConfig{ClientID: "id", ClientSecret: test.secret, More: test.more}, surroundings{client: newClient(false), now: time.Now})
			if (err == nil) != test.good {
				t.Errorf("error %v, want one: %v", err, !test.good)
			}
			if err != nil && strings.Contains(err.Error(), "BEGIN") {
				t.Error("the error tells the key")
			}
		})
	}
}
