package betterauth

import (
	"strings"
	"testing"
	"time"
)

// TestCodes: what a code does, and what a wrong, old or foreign one is told.
func TestCodes(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	ask := func() {
		t.Helper()
		if w := b.ask("POST", "/email-otp/send-verification-otp", `{"email":"robin@example.com","type":"sign-in"}`, nil); w.Body.String() != `{"success":true}` {
			t.Fatalf("ask: %d %s", w.Code, w.Body)
		}
	}
	with := func(otp string) string {
		return `{"email":"robin@example.com","type":"sign-in","otp":"` + otp + `","name":"Robin"}`
	}
	ask()
	g.refused(b.ask("POST", "/sign-in/email-otp", with("no code"), nil), 400, "INVALID_OTP")
	g.refused(g.browser().ask("POST", "/sign-in/email-otp", with(g.code), nil), 400, "INVALID_OTP")
	g.refused(b.ask("POST", "/email-otp/check-verification-otp", with("0000-0000"), nil), 400, "INVALID_OTP")
	if w := b.ask("POST", "/email-otp/check-verification-otp", with(g.code), nil); w.Body.String() != `{"success":true}` {
		t.Errorf("check: %d %s", w.Code, w.Body)
	}
	g.pass(11 * time.Minute)
	g.refused(b.ask("POST", "/sign-in/email-otp", with(g.code), nil), 400, "OTP_EXPIRED")
	ask()
	got := into[struct {
		Token string
		User  struct{ Name, Email string }
	}](g, b.ask("POST", "/sign-in/email-otp", with(g.code), nil))
	if got.Token != b.cookies[ours] || got.User.Name != "Robin" || got.User.Email != "robin@example.com" {
		t.Errorf("signed in: %+v", got)
	}
	g.refused(b.ask("POST", "/sign-in/email-otp", with(g.code), nil), 400, "INVALID_OTP")
	for _, path := range []string{"/email-otp/request-email-change", "/email-otp/change-email"} {
		if w := b.ask("POST", path, `{"newEmail":"x@example.com"}`, nil); w.Body.String() != `{"message":"Change email with OTP is disabled"}` || w.Code != 400 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestResetByCode: a code gives a password to who proves his address; a bad password
// costs no code.
func TestResetByCode(t *testing.T) {
	g := newRig(t)
	old := g.signUp("robin@example.com")
	b := g.browser()
	for _, path := range []string{"/forget-password/email-otp", "/email-otp/request-password-reset"} {
		if w := b.ask("POST", path, `{"email":"robin@example.com"}`, nil); w.Body.String() != `{"success":true}` {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	with := func(password string) string {
		return `{"email":"robin@example.com","otp":"` + g.code + `","password":"` + password + `"}`
	}
	g.refused(b.ask("POST", "/email-otp/reset-password", with("short"), nil), 400, "PASSWORD_TOO_SHORT")
	if w := b.ask("POST", "/email-otp/reset-password", with("a new horse battery"), nil); w.Body.String() != `{"success":true}` {
		t.Fatalf("reset: %d %s", w.Code, w.Body)
	}
	if w := old.ask("GET", "/get-session", "", nil); w.Body.String() != "null" {
		t.Errorf("a session outlives the password: %s", w.Body)
	}
	w := g.browser().ask("POST", "/sign-in/email", `{"email":"robin@example.com","password":"a new horse battery"}`, nil)
	if !strings.Contains(w.Body.String(), `"emailVerified":true`) {
		t.Errorf("sign in: %d %s", w.Code, w.Body)
	}
}
