package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"

	"counterfoil/db/dbtest"
)

// TestLosingAFactorRenewsTheToken (SEC-06): a copy of the cookie from before a change of
// what protects an account opens nothing after it.
func TestLosingAFactorRenewsTheToken(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("noor@example.com")
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	copied := func() *browser {
		thief := s.browser()
		thief.client.Jar.SetCookies(at, b.client.Jar.Cookies(at))
		thief.wants(thief.get("/account"), http.StatusOK, "noor@example.com")
		return thief
	}
	gone := func(thief *browser, after string) {
		t.Helper()
		if page := thief.get("/account"); page.url.Path != "/login" {
			t.Errorf("after %s the old token still opens %s", after, page.url.Path)
		}
	}
	page := b.submit(b.get("/account/security"), `form[action="/account/authenticator"]`, nil)
	code, err := totp.GenerateCode(strings.ReplaceAll(page.Find("#totp-secret").Text(), " ", ""), s.now())
	if err != nil {
		t.Fatal(err)
	}
	thief := copied()
	b.wants(b.submit(page, `form[action="/account/authenticator/confirm"]`, map[string]string{"code": code}), http.StatusOK, "Your recovery codes")
	gone(thief, "an authenticator was added")

	thief = copied()
	b.wants(b.submit(b.get("/account/authenticator/remove"), `form[action="/account/authenticator/remove"]`, nil), http.StatusOK, "is removed")
	gone(thief, "the authenticator was removed")

	if err := dbtest.Exec(t.Context(), s.database, `INSERT INTO passkeys (id, user_id, handle, name, credential, sign_count, created_at)
		SELECT 'cGFzc2tleQ', id, 'aGFuZGxl', 'Laptop', '{}', 0, 1 FROM users WHERE email = 'noor@example.com'`); err != nil {
		t.Fatal(err)
	}
	thief = copied()
	b.wants(b.submit(b.get("/account/passkeys/cGFzc2tleQ"), `form[action$="/remove"]`, nil), http.StatusOK)
	gone(thief, "a passkey was removed")

	thief = copied()
	b.wants(b.post("/account/sessions/end", nil), http.StatusOK)
	gone(thief, "all other sessions were ended")

	thief = copied()
	before := len(s.codes("noor@example.com"))
	b.wants(b.submit(b.get("/account/email"), `form[action="/account/email"]`, map[string]string{"email": "noor@lovelace.example"}), http.StatusOK)
	b.wants(b.post("/account/email/old", url.Values{"code": {s.latestCode("noor@example.com", before)}}), http.StatusOK)
	b.wants(b.post("/account/email/new", url.Values{"code": {s.latestCode("noor@lovelace.example", 0)}}), http.StatusOK)
	gone(thief, "the address was changed")
	b.wants(b.get("/account"), http.StatusOK, "noor@lovelace.example")
}
