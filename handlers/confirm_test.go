package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"counterfoil/db/dbtest"
)

// age makes every session's proof an old one.
func (s *stack) age() {
	s.t.Helper()
	if err := dbtest.Exec(s.t.Context(), s.database, "UPDATE sessions SET proven_at = 1"); err != nil {
		s.t.Fatal(err)
	}
}

// latestCode waits for the next code that is mailed to an address.
func (s *stack) latestCode(email string, before int) string {
	s.t.Helper()
	var codes []string
	s.until("a code is mailed", func() bool { codes = s.codes(email); return len(codes) > before })
	return codes[0]
}

// TestMoneyNeedsAFreshProof (SEC-06): whoever signed in a while ago proves himself once
// more before a plan is canceled, and comes back to the page of the form.
func TestMoneyNeedsAFreshProof(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("sam@example.com")
	var href string
	s.until("the plan is copied", func() bool {
		href = b.get("/portal/subscriptions").Find(`a[href^="/portal/subscriptions/"]`).First().AttrOr("href", "")
		return href != ""
	})
	form := b.wants(b.get(href+"/cancel"), http.StatusOK)
	s.age()
	page := b.submit(form, `form[action$="/cancel"]`, nil)
	if page.url.Path != "/account/confirm" {
		t.Fatalf("an old proof led to %s", page.url)
	}
	if b.get(href).Find(`a[href$="/cancel"]`).Length() == 0 {
		t.Error("the plan was canceled without a fresh proof")
	}
	page = b.get(href + "/cancel")
	before := len(s.codes("sam@example.com"))
	page = b.wants(b.submit(page, `form[action="/account/confirm/code"]`, nil), http.StatusOK, "We sent a code to sam@example.com")
	page = b.wants(b.submit(page, `form[action="/account/confirm"]`, map[string]string{"code": "0000-0000"}), http.StatusBadRequest, "tries left")
	page = b.submit(page, `form[action="/account/confirm"]`, map[string]string{"code": s.latestCode("sam@example.com", before)})
	if page.url.Path != href+"/cancel" {
		t.Fatalf("a fresh proof led to %s, want the form", page.url)
	}
	b.wants(b.submit(page, `form[action$="/cancel"]`, nil), http.StatusOK, "canceled")
}

// TestAPasswordIsAFreshProof: who has a password proves himself with it; a wrong one proves nothing.
func TestAPasswordIsAFreshProof(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("lou@example.com")
	page := b.wants(b.get("/account/password"), http.StatusOK)
	b.wants(b.submit(page, `form[action="/account/password"]`, map[string]string{"password": "a fine long secret"}), http.StatusOK, "You have a password now")
	s.age()
	page = b.get("/account/password")
	page = b.wants(b.submit(page, `form[action="/account/confirm/password"]`, map[string]string{"password": "wrong password"}), http.StatusForbidden, "not your password")
	page = b.submit(page, `form[action="/account/confirm/password"]`, map[string]string{"password": "a fine long secret"})
	if page.url.Path != "/account/password" {
		t.Fatalf("a fresh proof led to %s", page.url)
	}
	b.wants(b.submit(page, `form[action="/account/password/remove"]`, nil), http.StatusOK, "Your password is removed")
}

// TestOperatorsFormsNeedAFreshProof: reading does not, and the way back is the page that
// the form stood on, which must be ours.
func TestOperatorsFormsNeedAFreshProof(t *testing.T) {
	o := openOffice(t)
	o.age()
	o.olive.wants(o.olive.get("/admin/keys"), http.StatusOK)
	for referer, next := range map[string]string{
		o.url + "/admin/keys": "/admin/keys", "https://evil.example/x": "/account", o.url + "//evil.example": "/account", "": "/account",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.url+"/admin/keys", strings.NewReader("name=x&days=30&scope=events:write"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Referer", referer)
		page := o.olive.do(r)
		if got := page.url.Query().Get("next"); page.url.Path != "/account/confirm" || got != next {
			t.Errorf("from %q it led to %s, want back to %s", referer, page.url, next)
		}
	}
	if keys := o.rows("api_keys"); strings.TrimSpace(keys) != "" && strings.Contains(keys, "events:write") {
		t.Errorf("a key was made: %s", keys)
	}
}

// TestOperatorsNeedAFactor: where it is asked for, an operator sees and does nothing before
// a factor is set up, nor after in a session that was not proven by it; and such a session
// cannot add another factor either.
func TestOperatorsNeedAFactor(t *testing.T) {
	s := (&stack{t: t, database: dbtest.URL(t), factor: true}).open(true)
	olive, sam := s.browser(), s.browser()
	olive.signIn("olive@example.com")
	sam.signIn("sam@example.com")
	sam.wants(sam.get("/admin"), http.StatusNotFound)
	key := url.Values{"name": {"x"}, "days": {"30"}, "scope": {"events:write"}}
	olive.wants(olive.post("/admin/keys", key), http.StatusForbidden, "Protect your account first")
	page := olive.wants(olive.get("/admin/people"), http.StatusForbidden, "Protect your account first")
	page = olive.wants(olive.submit(page, `form[action="/account/authenticator"]`, nil), http.StatusOK, "Scan this")
	secret := strings.ReplaceAll(page.Find("#totp-secret").Text(), " ", "")
	code := func(at time.Time) map[string]string {
		t.Helper()
		code, err := totp.GenerateCode(secret, at)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]string{"code": code}
	}
	s.stand() // between two codes of the app
	first := code(s.now())
	olive.wants(olive.submit(page, `form[action="/account/authenticator/confirm"]`, first), http.StatusOK, "Your recovery codes")
	olive.wants(olive.get("/admin"), http.StatusOK)
	if err := dbtest.Exec(t.Context(), s.database, "UPDATE sessions SET proof = 'code'"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/admin/keys", "/admin/people", "/account/passkeys/new", "/account/authenticator/remove", "/account/password"} {
		page = olive.get(path)
		if page.url.Path != "/account/confirm" || page.url.Query().Get("next") != path {
			t.Errorf("mail alone opened %s: %s", path, page.url)
		}
	}
	for _, path := range []string{"/admin/keys", "/account/recovery"} {
		if page = olive.post(path, key); page.url.Path != "/account/confirm" {
			t.Errorf("mail alone sent the form of %s: %s", path, page.url)
		}
	}
	page = olive.submit(olive.get("/admin/keys"), `form[action="/account/confirm"]`, code(s.now().Add(30*time.Second)))
	if olive.wants(page, http.StatusOK); page.url.Path != "/admin/keys" {
		t.Errorf("the proof led to %s", page.url)
	}
	olive.wants(olive.post("/admin/keys", key), http.StatusOK, "x")
}

// TestSecondStepOnPages walks it: set up, recovery codes shown once, sign out, sign in with
// both steps, removed.
func TestSecondStepOnPages(t *testing.T) {
	s := start(t)
	b := s.browser()
	s.stand() // between two codes of the app
	b.signIn("noor@example.com")
	page := b.wants(b.get("/account/security"), http.StatusOK, "Set up an authenticator app")
	page = b.wants(b.submit(page, `form[action="/account/authenticator"]`, nil), http.StatusOK, "Scan this")
	if src := page.Find("img.qr").AttrOr("src", ""); !strings.HasPrefix(src, "data:image/png;base64,") {
		t.Errorf("the code is drawn as %.40s", src)
	}
	secret := strings.ReplaceAll(page.Find("#totp-secret").Text(), " ", "")
	code := func(at time.Time) string {
		t.Helper()
		code, err := totp.GenerateCode(secret, at)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	const confirm = `form[action="/account/authenticator/confirm"]`
	b.wants(b.submit(page, confirm, map[string]string{"code": "12"}), http.StatusBadRequest, "six digits")
	page = b.wants(b.submit(page, confirm, map[string]string{"code": code(s.now())}), http.StatusOK, "Your recovery codes", "10 recovery codes are left")
	recovery := page.Find("#recovery-codes code").First().Text()
	file := page.Find("a[download]").AttrOr("href", "")
	if len(recovery) != 27 || !strings.HasPrefix(file, "data:text/plain") {
		t.Errorf("recovery code %q, file %.40s", recovery, file)
	}
	if again := b.get("/account/security"); strings.Contains(again.Text(), recovery) {
		t.Error("recovery codes are shown twice")
	}
	b.post("/logout", nil)
	page = b.signIn("noor@example.com")
	if page.url.Path != "/login/second" {
		t.Fatalf("the first step led to %s", page.url)
	}
	if left := b.get("/portal"); left.url.Path != "/login" {
		t.Errorf("the first step alone opened %s", left.url)
	}
	page = b.get("/login/second")
	b.wants(b.submit(page, `form[action="/login/second"]`, map[string]string{"code": "000000"}), http.StatusBadRequest, "not what your app shows")
	page = b.submit(page, `form[action="/login/second"]`, map[string]string{"code": code(s.now().Add(30 * time.Second))})
	if page.url.Path != "/portal" {
		t.Fatalf("the second step led to %s: %.200s", page.url, page.Text())
	}
	s.age()
	page = b.get("/account/authenticator/remove")
	b.wants(b.submit(page, `form[action="/account/confirm"]`, map[string]string{"code": "0000-0000"}), http.StatusBadRequest)
	page = b.submit(page, `form[action="/account/confirm"]`, map[string]string{"code": recovery})
	page = b.wants(b.submit(page, `form[action="/account/authenticator/remove"]`, nil), http.StatusOK, "is removed", "Set up an authenticator app")
	if n := strings.Count(s.mailbox(), "authenticator"); n < 2 {
		s.until("the reader is told", func() bool { return strings.Count(s.mailbox(), "authenticator app") >= 2 })
	}
	_ = page
	if got := b.post("/account/confirm", url.Values{"next": {"//evil.example"}}); got.url.Host != page.url.Host {
		t.Errorf("led away to %s", got.url)
	}
}
