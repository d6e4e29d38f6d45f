package betterauth

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// TestSecondStep: with an authenticator every way in stops half way, for a code of it or a
// recovery code, in the same browser.
func TestSecondStep(t *testing.T) {
	g := newRig(t)
	b := g.signUp("robin@example.com")
	if w := b.ask("GET", "/verify-email?token="+g.link.Token, "", nil); w.Body.String() != `{"status":true,"user":null}` {
		t.Fatalf("verify: %d %s", w.Code, w.Body)
	}
	who, err := g.auth.Who(b.request("GET", "/account/security", "", nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.auth.BeginAuthenticator(context.Background(), who); err != nil {
		t.Fatal(err)
	}
	setup, err := g.auth.AuthenticatorSetup(t.Context(), who, "Counterfoil")
	if err != nil {
		t.Fatal(err)
	}
	code := func() string {
		t.Helper()
		g.pass(time.Minute) // no code counts twice
		code, err := totp.GenerateCode(setup.Secret, g.clock())
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	g.refused(b.ask("POST", "/two-factor/verify-totp", `{"code":"000000"}`, nil), 400, "TOTP_NOT_ENABLED")
	recovery, err := g.auth.ConfirmAuthenticator(httptest.NewRecorder(), b.request("POST", "/account/security", "", nil), who, code())
	if err != nil {
		t.Fatal(err)
	}
	signIn := func() *browser {
		t.Helper()
		in := g.browser()
		w := in.ask("POST", "/sign-in/email", `{"email":"robin@example.com","password":"`+secret+`"}`, nil)
		if w.Body.String() != `{"twoFactorMethods":["totp"],"twoFactorRedirect":true}` {
			t.Fatalf("signed in: %d %s", w.Code, w.Body)
		}
		if w := in.ask("GET", "/get-session", "", nil); w.Body.String() != "null" {
			t.Fatalf("half way is in: %s", w.Body)
		}
		return in
	}
	in := signIn()
	g.refused(in.ask("POST", "/two-factor/verify-totp", `{}`, nil), 400, "VALIDATION_ERROR")
	g.refused(in.ask("POST", "/two-factor/verify-totp", `{"code":"no code"}`, nil), 401, "INVALID_CODE")
	g.refused(in.ask("POST", "/two-factor/verify-backup-code", `{"code":"000000"}`, nil), 401, "INVALID_BACKUP_CODE")
	g.refused(g.browser().ask("POST", "/two-factor/verify-totp", `{"code":"`+code()+`"}`, nil), 401, "INVALID_TWO_FACTOR_COOKIE")
	got := into[struct {
		Token string
		User  struct{ Email string }
	}](g, in.ask("POST", "/two-factor/verify-totp", `{"code":"`+code()+`"}`, nil))
	if got.Token != in.cookies[ours] || got.User.Email != "robin@example.com" {
		t.Errorf("second step: %+v", got)
	}
	before := in.cookies[ours]
	if w := in.ask("POST", "/two-factor/verify-totp", `{"code":"`+code()+`"}`, nil); w.Code != http.StatusOK || in.cookies[ours] == before {
		t.Errorf("proven again: %d %s", w.Code, w.Body)
	}
	if w := signIn().ask("POST", "/two-factor/verify-backup-code", `{"code":"`+recovery[0]+`","trustDevice":true}`, nil); w.Code != http.StatusOK {
		t.Errorf("recovery code: %d %s", w.Code, w.Body)
	}
	g.refused(signIn().ask("POST", "/two-factor/verify-backup-code", `{"code":"`+recovery[0]+`"}`, nil), 401, "INVALID_BACKUP_CODE")
	coded := g.browser()
	coded.ask("POST", "/email-otp/send-verification-otp", `{"email":"robin@example.com","type":"sign-in"}`, nil)
	w := coded.ask("POST", "/sign-in/email-otp", `{"email":"robin@example.com","otp":"`+g.code+`"}`, nil)
	if !strings.Contains(w.Body.String(), "twoFactorRedirect") {
		t.Errorf("by a code: %d %s", w.Code, w.Body)
	}
}

// TestBothCookiesStayTogether: a page that gives a session a new token tells the cookie of
// the API too, and a visitor's page leaves it alone.
func TestBothCookiesStayTogether(t *testing.T) {
	g := newRig(t)
	b := g.browser().signInOnWire("robin@example.com", false)
	alone := b.only(wired)
	alone.page(func(w http.ResponseWriter, r *http.Request) error {
		return g.auth.RequestCode(w, r, "sam@example.com", "")
	})
	if w := alone.only(wired).ask("GET", "/get-session", "", nil); !strings.Contains(w.Body.String(), "robin@") {
		t.Errorf("a visit of the sign-in page ended the session of the API: %s", w.Body)
	}
	b.signIn("sam@example.com")
	if w := b.only(wired).ask("GET", "/get-session", "", nil); !strings.Contains(w.Body.String(), "sam@") {
		t.Errorf("after another sign-in the API knows %s", w.Body)
	}
}

// TestPageSignsOutEverywhere: signing out on a page ends the session that the cookie of the
// API names too, be it the same or another.
func TestPageSignsOutEverywhere(t *testing.T) {
	g := newRig(t)
	other := g.browser().signInOnWire("sam@example.com", false)
	for name, cookie := range map[string]string{"the same": "", "another": other.cookies[wired]} {
		b := g.browser().signInOnWire("robin@example.com", false)
		if cookie != "" {
			b.cookies[wired] = cookie
		}
		held := &browser{g: g, cookies: map[string]string{ours: b.cookies[ours], wired: b.cookies[wired]}}
		b.page(g.auth.SignOut)
		if b.cookies[ours] != "" || b.cookies[wired] != "" {
			t.Errorf("%s: cookies stay: %v", name, b.cookies)
		}
		for _, cookie := range []string{ours, wired} {
			if w := held.only(cookie).ask("GET", "/get-session", "", nil); w.Body.String() != "null" {
				t.Errorf("%s: %s still counts: %s", name, cookie, w.Body)
			}
		}
	}
}
