package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Whatever an answer lacks or pretends, nobody is signed in by it.
func TestHostileOpenIDAnswers(t *testing.T) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string, value any) func(*issuer) {
		return func(is *issuer) { is.claims = func(c map[string]any) { c[name] = value } }
	}
	without := func(name string) func(*issuer) {
		return func(is *issuer) { is.claims = func(c map[string]any) { delete(c, name) } }
	}
	token := func(name string, value any) func(*issuer) {
		return func(is *issuer) { is.tokens = func(m map[string]any) { m[name] = value } }
	}
	tests := []struct {
		name  string
		wrong func(*issuer)
		want  Reason
	}{
		{"alg none", func(is *issuer) {
			is.sign = func(h, c map[string]any) string { h["alg"] = "none"; return unsigned(t, h, c) + "." }
		}, ProviderRefused},
		{"HS256 with the public key", func(is *issuer) { is.sign = is.hs256 }, ProviderRefused},
		{"another's key", func(is *issuer) {
			is.sign = func(h, c map[string]any) string { return is.signedBy(stranger, h, c) }
		}, ProviderRefused},
		{"claims changed after signing", func(is *issuer) {
			is.sign = func(h, c map[string]any) string {
				parts := strings.Split(is.rs256(h, c), ".")
				c["sub"] = "victim"
				return unsigned(t, h, c) + "." + parts[2]
			}
		}, ProviderRefused},
		{"wrong issuer", claim("iss", "https://evil.example"), ProviderRefused},
		{"wrong audience", claim("aud", "another"), ProviderRefused},
		{"no audience", without("aud"), ProviderRefused},
		{"two audiences, no authorized party", claim("aud", []string{"counterfoil", "another"}), ProviderRefused},
		{"another authorized party", claim("azp", "another"), ProviderRefused},
		{"wrong nonce", claim("nonce", newToken()), ProviderRefused},
		{"no nonce", without("nonce"), ProviderRefused},
		{"expired", claim("exp", issuerNow.Add(-time.Second).Unix()), ProviderRefused},
		{"no expiry", without("exp"), ProviderRefused},
		{"expiry of the wrong type", claim("exp", "soon"), ProviderRefused},
		{"hash of another access token", claim("at_hash", b64([]byte("0123456789abcdef"))), ProviderRefused},
		{"no subject", without("sub"), ProviderRefused},
		{"empty subject", claim("sub", ""), ProviderRefused},
		{"endless subject", claim("sub", strings.Repeat("a", maxSubject+1)), ProviderRefused},
		{"unverified address", claim("email_verified", false), UnverifiedEmail},
		{"verified in words", claim("email_verified", "true"), UnverifiedEmail},
		{"verified in numbers", claim("email_verified", 1), UnverifiedEmail},
		{"nothing said about the address", without("email_verified"), UnverifiedEmail},
		{"an address that is none", claim("email", "ada@example.com, eve@example.com"), UnverifiedEmail},
		{"an address of the wrong type", claim("email", 7), ProviderRefused},
		{"no address, and userinfo about somebody else", func(is *issuer) {
			is.claims = func(c map[string]any) { delete(c, "email") }
			is.userinfo = map[string]any{"sub": "victim", "email": "victim@example.com", "email_verified": true}
		}, ProviderRefused},
		{"no ID token", token("id_token", ""), ProviderRefused},
		{"ID token of the wrong type", token("id_token", 5), ProviderRefused},
		{"ID token that is no JWT", token("id_token", "a.b.c"), ProviderRefused},
		{"no access token", token("access_token", ""), ProviderRefused},
		{"token endpoint says no", func(is *issuer) { is.status = http.StatusForbidden }, ProviderRefused},
		{"token endpoint fails", func(is *issuer) { is.status = http.StatusBadGateway }, ProviderDown},
		{"endless answer", token("padding", strings.Repeat("x", 2*maxAnswer)), ProviderRefused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, is := openIDWorld(t)
			test.wrong(is)
			b := w.browser()
			arrival, err := b.through(is)
			wantReason(t, err, test.want)
			if arrival.Next != "/usage" {
				t.Errorf("next is forgotten: %q", arrival.Next)
			}
			if b.who().SignedIn() || w.count(`SELECT COUNT(*) FROM users`)+w.count(`SELECT COUNT(*) FROM identities`) != 0 {
				t.Error("a hostile answer made a user or signed one in")
			}
		})
	}
}

func TestCallbacksThatProveNothing(t *testing.T) {
	type flow struct {
		*world
		is          *issuer
		b           *browser
		code, state string
	}
	tests := []struct {
		name string
		come func(f flow) error
		want Reason
	}{
		{"no state", func(f flow) error { _, err := f.b.back("oidc", url.Values{"code": {f.code}}); return err }, ForeignBrowser},
		{"empty state", func(f flow) error {
			_, err := f.b.back("oidc", url.Values{"code": {f.code}, "state": {""}})
			return err
		}, ForeignBrowser},
		{"forged state", func(f flow) error {
			_, err := f.b.back("oidc", url.Values{"code": {f.code}, "state": {newToken()}})
			return err
		}, ForeignBrowser},
		{"two states", func(f flow) error {
			_, err := f.b.back("oidc", url.Values{"code": {f.code}, "state": {f.state, newToken()}})
			return err
		}, ForeignBrowser},
		{"another browser", func(f flow) error {
			other := f.browser()
			if _, err := other.begin("oidc"); err != nil {
				return err
			}
			_, err := other.back("oidc", url.Values{"code": {f.code}, "state": {f.state}})
			return err
		}, ForeignBrowser},
		{"a browser without a session", func(f flow) error {
			_, err := f.browser().back("oidc", url.Values{"code": {f.code}, "state": {f.state}})
			return err
		}, ForeignBrowser},
		{"used before", func(f flow) error {
			before := *f.b
			before.cookies = map[string]string{cookieName: f.b.cookies[cookieName]}
			if _, err := f.b.back("oidc", url.Values{"error": {"access_denied"}, "state": {f.state}}); ReasonOf(err) == nil {
				return err
			}
			_, err := before.back("oidc", url.Values{"code": {f.code}, "state": {f.state}})
			return err
		}, ForeignBrowser},
		{"too late", func(f flow) error {
			f.clock.pass(stateLife)
			_, err := f.b.back("oidc", url.Values{"code": {f.code}, "state": {f.state}})
			return err
		}, ForeignBrowser},
		{"at another provider", func(f flow) error {
			_, err := f.b.back("another", url.Values{"code": {f.code}, "state": {f.state}})
			return err
		}, ForeignBrowser},
		{"provider named in the query", func(f flow) error {
			_, err := f.b.back("another", url.Values{"code": {f.code}, "state": {f.state}, "provider": {"oidc"}})
			return err
		}, ForeignBrowser},
		{"unknown provider", func(f flow) error {
			_, err := f.b.back("evil", url.Values{"code": {f.code}, "state": {f.state}})
			return err
		}, UnknownProvider},
		{"said no", func(f flow) error {
			_, err := f.b.back("oidc", url.Values{"error": {"access_denied"}, "state": {f.state}})
			return err
		}, ProviderDenied},
		{"another error", func(f flow) error {
			_, err := f.b.back("oidc", url.Values{"error": {"<script>"}, "state": {f.state}})
			return err
		}, ProviderRefused},
		{"no code", func(f flow) error { _, err := f.b.back("oidc", url.Values{"state": {f.state}}); return err }, ProviderRefused},
		{"two codes", func(f flow) error {
			_, err := f.b.back("oidc", url.Values{"code": {f.code, "x"}, "state": {f.state}})
			return err
		}, ProviderRefused},
		{"a code of somebody else's sign-in", func(f flow) error {
			_, err := f.b.back("oidc", url.Values{"code": {"stolen"}, "state": {f.state}})
			return err
		}, ProviderRefused},
		{"issuer mix-up", func(f flow) error {
			_, err := f.b.back("oidc", url.Values{"code": {f.code}, "state": {f.state}, "iss": {"https://evil.example"}})
			return err
		}, ProviderRefused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			is := newIssuer(t)
			w := newWorld(t, func(c *Config) {
				second := is.config()
				second.ID = "another"
				c.Providers = []ProviderConfig{is.config(), second}
			})
			b := w.browser()
			target, err := b.begin("oidc")
			if err != nil {
				t.Fatal(err)
			}
			code, state := is.authorize(target)
			wantReason(t, test.come(flow{world: w, is: is, b: b, code: code, state: state}), test.want)
			if w.count(`SELECT COUNT(*) FROM users`) != 0 {
				t.Error("it made a user")
			}
		})
	}
}
