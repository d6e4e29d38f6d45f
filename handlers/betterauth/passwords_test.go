package betterauth

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"counterfoil/auth"
	"counterfoil/db"
)

const secret = "correct horse battery"

// signUp makes a user with a password in a browser of his own.
func (g *rig) signUp(email string) *browser {
	g.t.Helper()
	b := g.browser()
	if w := b.ask("POST", "/sign-up/email", `{"name":"Robin","email":"`+email+`","password":"`+secret+`"}`, nil); w.Code != http.StatusOK {
		g.t.Fatalf("sign up: %d %s", w.Code, w.Body)
	}
	return b
}

// TestSignUpAndIn: shapes and refusals of both, with what the checks come to in their order.
func TestSignUpAndIn(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	w := b.ask("POST", "/sign-up/email", `{"name":"Robin","email":"Robin@Example.com","password":"`+secret+`","emailVerified":true,"role":"admin","id":"x"}`, nil)
	shape := regexp.MustCompile(`^\{"token":"[A-Za-z0-9_-]{43}","user":\{"id":"[^"]+","name":"Robin","email":"robin@example\.com","emailVerified":false,"image":null,"createdAt":"2026-08-03T09:00:00\.000Z","updatedAt":"2026-08-03T09:00:00\.000Z"\}\}$`)
	if !shape.MatchString(w.Body.String()) || b.sent(wired) == nil || b.sent(ours) == nil {
		t.Fatalf("signed up: %d %s", w.Code, w.Body)
	}
	for _, test := range []struct {
		name, path, body string
		status           int
		code, message    string
	}{
		{"taken", "/sign-up/email", `{"name":"R","email":"robin@example.com","password":"` + secret + `"}`, 422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", "User already exists. Use another email."},
		{"no name", "/sign-up/email", `{"email":"x"}`, 400, "VALIDATION_ERROR", "[body.name] Invalid input: expected string, received undefined; [body.email] Invalid email address; [body.password] Invalid input: expected string, received undefined"},
		{"no address", "/sign-up/email", `{"name":"R","email":"x"}`, 400, "VALIDATION_ERROR", "[body.email] Invalid email address; [body.password] Invalid input: expected string, received undefined"},
		{"no password", "/sign-up/email", `{"name":"R","email":"x@example.com","password":""}`, 400, "VALIDATION_ERROR", "[body.password] Too small: expected string to have >=1 characters"},
		{"short", "/sign-up/email", `{"name":"R","email":"x@example.com","password":"1234567"}`, 400, "PASSWORD_TOO_SHORT", "Password too short"},
		{"long", "/sign-up/email", `{"name":"R","email":"x@example.com","password":"` + strings.Repeat("a1", 65) + `"}`, 400, "PASSWORD_TOO_LONG", "Password too long"},
		{"common", "/sign-up/email", `{"name":"R","email":"x@example.com","password":"password123"}`, 400, "PASSWORD_COMPROMISED", "The password you entered has been compromised. Please choose a different password."},
		{"foreign target", "/sign-up/email", `{"name":"R","email":"x@example.com","password":"` + secret + `","callbackURL":"https://evil.example"}`, 403, "INVALID_CALLBACK_URL", "Invalid callbackURL"},
		{"wrong password", "/sign-in/email", `{"email":"robin@example.com","password":"wrong horse battery"}`, 401, "INVALID_EMAIL_OR_PASSWORD", "Invalid email or password"},
		{"unknown address", "/sign-in/email", `{"email":"nobody@example.com","password":"wrong horse battery"}`, 401, "INVALID_EMAIL_OR_PASSWORD", "Invalid email or password"},
		{"no address", "/sign-in/email", `{"email":"robin","password":"x"}`, 400, "INVALID_EMAIL", "Invalid email"},
		{"no password at all", "/sign-in/email", `{"email":"robin@example.com"}`, 400, "VALIDATION_ERROR", "[body.password] Invalid input: expected string, received undefined"},
		{"a text for a boolean", "/sign-in/email", `{"email":"robin@example.com","password":"x","rememberMe":"no"}`, 400, "VALIDATION_ERROR", "[body.rememberMe] Invalid input: expected boolean, received string"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := g.browser().ask("POST", test.path, test.body, nil)
			if want := `{"message":"` + test.message + `","code":"` + test.code + `"}`; strings.ReplaceAll(w.Body.String(), `\u003e`, ">") != want || w.Code != test.status {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, test.status, want)
			}
		})
	}
	in := g.browser()
	w = in.ask("POST", "/sign-in/email", `{"email":"ROBIN@example.com","password":"`+secret+`","callbackURL":"/portal"}`, nil)
	got := into[struct {
		Redirect   bool
		Token, URL string
	}](g, w)
	if !got.Redirect || got.URL != "/portal" || w.Header().Get("Location") != "/portal" || got.Token != in.cookies[ours] {
		t.Errorf("signed in: %+v %v", got, w.Header())
	}
	form := g.browser()
	w = form.ask("POST", "/sign-in/email", url.Values{"email": {"robin@example.com"}, "password": {secret}}.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	if got := into[struct {
		Redirect *bool
		URL      *string
	}](g, w); got.Redirect == nil || *got.Redirect || got.URL != nil || form.sent(wired) == nil {
		t.Errorf("by a form: %s", w.Body)
	}
	brief := g.browser()
	brief.ask("POST", "/sign-in/email", `{"email":"robin@example.com","password":"`+secret+`","rememberMe":false}`, nil)
	if c := brief.sent(wired); c == nil || c.MaxAge != 0 {
		t.Errorf("without rememberMe the cookie is %+v", c)
	}
}

// TestProveFirst: where addresses are proven first, a sign-up tells nobody whether an
// address is taken, and nobody gets in before.
func TestProveFirst(t *testing.T) {
	g := newRig(t, func(_ *auth.Config, c *Config) { c.ProveFirst = true })
	g.browser().signIn("taken@example.com")
	shape := regexp.MustCompile(`^\{"token":null,"user":\{"id":"[^"]+","name":"R","email":"(taken|fresh)@example\.com","emailVerified":false,"image":null,"createdAt":"2026-08-03T09:00:00\.000Z","updatedAt":"2026-08-03T09:00:00\.000Z"\}\}$`)
	for _, email := range []string{"taken", "fresh"} {
		b := g.browser()
		w := b.ask("POST", "/sign-up/email", `{"name":"R","email":"`+email+`@example.com","password":"`+secret+`"}`, nil)
		if !shape.MatchString(w.Body.String()) {
			t.Errorf("%s: %d %s", email, w.Code, w.Body)
		}
		if w := b.ask("GET", "/get-session", "", nil); w.Body.String() != "null" {
			t.Errorf("%s is signed in: %s", email, w.Body)
		}
	}
	b := g.browser()
	b.ask("POST", "/sign-up/email", `{"name":"R","email":"new@example.com","password":"`+secret+`","callbackURL":"/portal"}`, nil)
	if g.link.Kind != auth.MailVerify || g.link.Callback != "/portal" {
		t.Fatalf("mailed %+v", g.link)
	}
	token := g.link.Token
	stranger := g.browser()
	if w := stranger.ask("GET", "/verify-email?token="+token+"&callbackURL=/portal", "", nil); w.Header().Get("Location") != home+"/login/verify?token="+token || stranger.sent(ours) != nil {
		t.Errorf("another browser was led to %q", w.Header().Get("Location"))
	}
	if w := b.ask("GET", "/verify-email?token="+token+"&callbackURL=https://evil.example", "", nil); w.Code != 403 {
		t.Errorf("a foreign target: %d %s", w.Code, w.Body)
	}
	w := b.ask("GET", "/verify-email?token="+token+"&callbackURL=/portal", "", nil)
	if w.Code != http.StatusFound || w.Header().Get("Location") != home+"/portal" || !strings.Contains(b.ask("GET", "/get-session", "", nil).Body.String(), `"emailVerified":true`) {
		t.Errorf("verified: %d %v", w.Code, w.Header())
	}
	if w := b.ask("GET", "/verify-email?token="+token+"&callbackURL=/portal?a=b", "", nil); w.Header().Get("Location") != home+"/portal?a=b&error=INVALID_TOKEN" {
		t.Errorf("spent: %d %v", w.Code, w.Header())
	}
	g.refused(b.ask("GET", "/verify-email?token="+token, "", nil), 401, "INVALID_TOKEN")
}

// TestResetPassword: by mail, in any browser; the link counts once, and every session ends.
func TestResetPassword(t *testing.T) {
	g := newRig(t)
	b := g.signUp("robin@example.com")
	other := g.browser()
	ask := func(email string) {
		t.Helper()
		w := other.ask("POST", "/request-password-reset", `{"email":"`+email+`","redirectTo":"/reset"}`, nil)
		if w.Body.String() != `{"message":"If this email exists in our system, check your email for the reset link","status":true}` {
			t.Errorf("%s: %d %s", email, w.Code, w.Body)
		}
	}
	ask("nobody@example.com")
	ask("robin@example.com")
	if g.link.Kind != auth.MailReset || g.link.Callback != "/reset" {
		t.Fatalf("mailed %+v", g.link)
	}
	token := g.link.Token
	for path, to := range map[string]string{
		"/reset-password/" + token + "?callbackURL=/reset":                 home + "/reset?token=" + token,
		"/reset-password/none?callbackURL=/reset?a=1%23f":                  home + "/reset?a=1&error=INVALID_TOKEN#f",
		"/reset-password/" + token:                                         home + "/api/auth/error?error=INVALID_TOKEN",
		"/reset-password/" + token + "?callbackURL=//evil.example":         "",
		"/reset-password/" + token + "?callbackURL=https://evil.example/x": "",
	} {
		if w := other.ask("GET", path, "", nil); w.Header().Get("Location") != to || (w.Code == http.StatusFound) != (to != "") {
			t.Errorf("%s: %d to %q, want %q", path, w.Code, w.Header().Get("Location"), to)
		}
	}
	g.refused(other.ask("POST", "/reset-password", `{"newPassword":"a new horse battery"}`, nil), 400, "INVALID_TOKEN")
	g.refused(other.ask("POST", "/reset-password", `{"newPassword":"short","token":"`+token+`"}`, nil), 400, "PASSWORD_TOO_SHORT")
	g.refused(other.ask("POST", "/reset-password", `{"newPassword":"a new horse battery","token":"none"}`, nil), 400, "INVALID_TOKEN")
	if w := other.ask("POST", "/reset-password?token="+token, `{"newPassword":"a new horse battery"}`, nil); w.Body.String() != `{"status":true}` {
		t.Fatalf("reset: %d %s", w.Code, w.Body)
	}
	g.refused(other.ask("POST", "/reset-password", `{"newPassword":"a new horse battery","token":"`+token+`"}`, nil), 400, "INVALID_TOKEN")
	if w := b.ask("GET", "/get-session", "", nil); w.Body.String() != "null" {
		t.Errorf("a session outlives the password: %s", w.Body)
	}
	g.refused(other.ask("POST", "/sign-in/email", `{"email":"robin@example.com","password":"`+secret+`"}`, nil), 401, "INVALID_EMAIL_OR_PASSWORD")
	if w := other.ask("POST", "/sign-in/email", `{"email":"robin@example.com","password":"a new horse battery"}`, nil); w.Code != 200 {
		t.Errorf("the new password: %d %s", w.Code, w.Body)
	}
}

// TestChangePassword: the old one is needed, other sessions end, and without a password
// there is none to change.
func TestChangePassword(t *testing.T) {
	g := newRig(t)
	b := g.signUp("robin@example.com")
	phone := g.browser()
	phone.ask("POST", "/sign-in/email", `{"email":"robin@example.com","password":"`+secret+`"}`, nil)
	g.refused(b.ask("POST", "/change-password", `{"newPassword":"a new horse battery","currentPassword":"wrong"}`, nil), 400, "INVALID_PASSWORD")
	g.refused(b.ask("POST", "/change-password", `{"newPassword":"short","currentPassword":"`+secret+`"}`, nil), 400, "PASSWORD_TOO_SHORT")
	g.refused(b.ask("POST", "/verify-password", `{"password":"wrong"}`, nil), 400, "INVALID_PASSWORD")
	if w := b.ask("POST", "/verify-password", `{"password":"`+secret+`"}`, nil); w.Body.String() != `{"status":true}` {
		t.Errorf("verify: %d %s", w.Code, w.Body)
	}
	w := b.ask("POST", "/change-password", `{"newPassword":"a new horse battery","currentPassword":"`+secret+`","revokeOtherSessions":true}`, nil)
	got := into[struct {
		Token *string
		User  struct{ Email string }
	}](g, w)
	if got.Token == nil || *got.Token != b.cookies[ours] || got.User.Email != "robin@example.com" {
		t.Errorf("changed: %s", w.Body)
	}
	if w := phone.ask("GET", "/get-session", "", nil); w.Body.String() != "null" {
		t.Error("another session outlives the password")
	}
	if w := b.ask("POST", "/change-password", `{"newPassword":"another horse battery","currentPassword":"a new horse battery"}`, nil); !strings.HasPrefix(w.Body.String(), `{"token":null,`) {
		t.Errorf("changed: %d %s", w.Code, w.Body)
	}
	coded := g.browser()
	coded.signIn("sam@example.com")
	g.refused(coded.ask("POST", "/change-password", `{"newPassword":"a new horse battery","currentPassword":"x"}`, nil), 400, "CREDENTIAL_ACCOUNT_NOT_FOUND")
	for _, path := range []string{"/change-password", "/verify-password"} {
		g.refused(g.browser().ask("POST", path, `{"newPassword":"a new horse battery","currentPassword":"x","password":"x"}`, nil), 401, "UNAUTHORIZED")
	}
}

// TestSendVerification: to the caller's own address, once it is not proven.
func TestSendVerification(t *testing.T) {
	g := newRig(t)
	b := g.signUp("robin@example.com")
	g.link = auth.LinkMail{}
	if w := b.ask("POST", "/send-verification-email", `{"email":"robin@example.com","callbackURL":"/portal"}`, nil); w.Body.String() != `{"status":true}` || g.link.Token == "" {
		t.Fatalf("asked: %d %s, mailed %+v", w.Code, w.Body, g.link)
	}
	g.refused(b.ask("POST", "/send-verification-email", `{"email":"other@example.com"}`, nil), 400, "EMAIL_MISMATCH")
	if w := g.browser().ask("POST", "/send-verification-email", `{"email":"nobody@example.com"}`, nil); w.Body.String() != `{"status":true}` {
		t.Errorf("of nobody: %d %s", w.Code, w.Body)
	}
	g.pass(time.Minute)
	if w := b.ask("GET", "/verify-email?token="+g.link.Token, "", nil); w.Body.String() == "" {
		t.Errorf("%d", w.Code)
	}
	coded := g.browser()
	coded.signIn("sam@example.com")
	g.refused(coded.ask("POST", "/send-verification-email", `{"email":"sam@example.com"}`, nil), 400, "EMAIL_ALREADY_VERIFIED")
}

// TestPasswordsOff: an installation without passwords says so as an original does.
func TestPasswordsOff(t *testing.T) {
	g := newRig(t, func(a *auth.Config, _ *Config) { a.Ways = []auth.Way{auth.WayCode} })
	b := g.browser()
	g.refused(b.ask("POST", "/sign-up/email", `{"name":"R","email":"x@example.com","password":"`+secret+`"}`, nil), 400, "EMAIL_PASSWORD_SIGN_UP_DISABLED")
	g.refused(b.ask("POST", "/sign-in/email", `{"email":"x@example.com","password":"`+secret+`"}`, nil), 400, "EMAIL_PASSWORD_DISABLED")
	g.refused(b.ask("POST", "/request-password-reset", `{"email":"x@example.com"}`, nil), 400, "RESET_PASSWORD_DISABLED")
	g.refused(b.ask("POST", "/send-verification-email", `{"email":"x@example.com"}`, nil), 400, "VERIFICATION_EMAIL_NOT_ENABLED")
	g.refused(g.browser().ask("POST", "/reset-password", `{"newPassword":"a new horse battery","token":"x"}`, nil), 404, "NOT_FOUND")
}

// TestChangeEmail: both addresses are mailed, nobody is told whose an address is, and a
// proof of yesterday is not enough.
func TestChangeEmail(t *testing.T) {
	mails := 0
	g := newRig(t, func(a *auth.Config, _ *Config) {
		a.ChangeMail = func(auth.ChangeMail) (db.Mail, error) {
			mails++
			return db.Mail{Subject: "Change", Text: "of address"}, nil
		}
	})
	g.browser().signIn("taken@example.com")
	b := g.browser()
	b.signIn("robin@example.com")
	g.refused(b.ask("POST", "/change-email", `{"newEmail":"none"}`, nil), 400, "VALIDATION_ERROR")
	if w := b.ask("POST", "/change-email", `{"newEmail":"Robin@Example.com"}`, nil); w.Code != 400 || w.Body.String() != `{"message":"Email is the same"}` {
		t.Errorf("the same: %d %s", w.Code, w.Body)
	}
	for _, email := range []string{"fresh@example.com", "taken@example.com"} {
		mails = 0
		if w := b.ask("POST", "/change-email", `{"newEmail":"`+email+`","callbackURL":"/x"}`, nil); w.Body.String() != `{"status":true}` || mails < 2 {
			t.Errorf("%s: %d %s, %d mails", email, w.Code, w.Body, mails)
		}
	}
	if w := b.ask("GET", "/get-session", "", nil); !strings.Contains(w.Body.String(), "robin@example.com") {
		t.Errorf("changed without a proof: %s", w.Body)
	}
	g.pass(16 * time.Minute)
	g.refused(b.ask("POST", "/change-email", `{"newEmail":"late@example.com"}`, nil), 403, "SESSION_NOT_FRESH")
}
