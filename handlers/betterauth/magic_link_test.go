package betterauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"counterfoil/auth"
)

// TestMagicLink: the link of the mail is asked for alike, and where links are off the
// endpoint is not there.
func TestMagicLink(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	if w := b.ask("POST", "/sign-in/magic-link", `{"email":"robin@example.com","callbackURL":"/plans","metadata":{"a":1}}`, nil); w.Body.String() != `{"status":true}` || g.code == "" {
		t.Fatalf("asked: %d %s", w.Code, w.Body)
	}
	g.refused(b.ask("POST", "/sign-in/magic-link", `{"email":"robin"}`, nil), 400, "VALIDATION_ERROR")
	g.refused(b.ask("POST", "/sign-in/magic-link", `{"email":"robin@example.com","callbackURL":"https://evil.example"}`, nil), 403, "INVALID_CALLBACK_URL")
	g = newRig(t, func(a *auth.Config, _ *Config) { a.Ways = []auth.Way{auth.WayCode} })
	if w := g.browser().ask("POST", "/sign-in/magic-link", `{"email":"robin@example.com"}`, nil); w.Code != 404 || w.Body.Len() > 0 {
		t.Errorf("without links: %d %s", w.Code, w.Body)
	}
}

// opens follows the link of the last mail as somebody does who presses it.
func (b *browser) opens(path string) (status int, to *url.URL) {
	b.g.t.Helper()
	w := b.ask("GET", strings.TrimPrefix(path, root), "", map[string]string{"Accept": "text/html,application/xhtml+xml"})
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		b.g.t.Fatal(err)
	}
	return w.Code, to
}

// TestMagicLinkOpensAButton: whoever opens the link, a scanner of mail or the browser that
// asked, is led to the portal's page and spends nothing; the page knows where a new user
// is led, and the sign-in where everybody else is.
func TestMagicLinkOpensAButton(t *testing.T) {
	g := newRig(t, func(_ *auth.Config, c *Config) { c.TrustedOrigins = []string{"https://app.example.com"} })
	b := g.browser()
	b.ask("POST", "/sign-in/magic-link", `{"email":"robin@example.com","callbackURL":"https://app.example.com/in","newUserCallbackURL":"/account","errorCallbackURL":"https://app.example.com/no?a=b"}`, nil)
	path := MagicLinkPath(g.mail)
	for _, who := range []*browser{g.browser(), b} {
		for range 2 {
			status, to := who.opens(path)
			q := to.Query()
			if status != http.StatusFound || to.Host != "billing.example.com" || to.Path != "/login/link" || q.Get("id") != g.mail.ID || q.Get("code") != g.code || q.Get("new") != "/account" || q.Get("api") == "" {
				t.Fatalf("%d, led to %s", status, to)
			}
		}
	}
	var arrival auth.Arrival
	b.page(func(w http.ResponseWriter, r *http.Request) (err error) {
		arrival, err = g.auth.VerifyCodeLink(w, auth.OnWire(r, false), g.mail.ID, g.code)
		return err
	})
	if arrival.Next != "https://app.example.com/in" || !arrival.New {
		t.Errorf("arrived as %+v", arrival)
	}
	if status, to := g.browser().opens(path); status != http.StatusFound || to.String() != "https://app.example.com/no?a=b&error=INVALID_TOKEN" {
		t.Errorf("a used link: %d, led to %s", status, to)
	}
}

// TestMagicLinkByACall: a program of the browser that asked signs in by the token, once; any
// other is led away with an error, and so is whoever comes too late. Nobody is led to a stranger.
func TestMagicLinkByACall(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	verify := func(b *browser, query string) (int, string, string) {
		w := b.ask("GET", "/magic-link/verify"+query, "", nil)
		return w.Code, w.Header().Get("Location"), w.Body.String()
	}
	b.ask("POST", "/sign-in/magic-link", `{"email":"robin@example.com"}`, nil)
	token := "?token=" + g.mail.ID + "." + g.code
	for _, test := range []struct{ query, code string }{
		{token + "&callbackURL=https://evil.example", "INVALID_CALLBACK_URL"},
		{token + "&errorCallbackURL=//evil.example", "INVALID_ERROR_CALLBACK_URL"},
		{token + "&newUserCallbackURL=javascript:alert(1)", "INVALID_NEW_USER_CALLBACK_URL"},
		{"", "VALIDATION_ERROR"},
	} {
		if status, _, body := verify(b, test.query); status < 400 || !strings.Contains(body, test.code) {
			t.Errorf("%s: %d %s, want %s", test.query, status, body, test.code)
		}
	}
	for _, query := range []string{token, "?token=", "?token=none", "?token=" + g.mail.ID + ".AAAA-AAAA"} {
		if status, to, _ := verify(g.browser(), query); status != http.StatusFound || to != home+"/?error=INVALID_TOKEN" {
			t.Errorf("%s by another: %d, led to %s", query, status, to)
		}
	}
	if status, _, body := verify(b, token); status != http.StatusOK || !strings.Contains(body, `"session":{`) || !strings.Contains(body, `"user":{`) {
		t.Errorf("%d %s", status, body)
	}
	if b.ask("GET", "/get-session", "", nil).Body.String() == "null" {
		t.Error("nobody is signed in")
	}
	if status, to, _ := verify(b, token); status != http.StatusFound || to != home+"/?error=INVALID_TOKEN" {
		t.Errorf("twice: %d, led to %s", status, to)
	}
	late := g.browser()
	late.ask("POST", "/sign-in/magic-link", `{"email":"late@example.com","errorCallbackURL":"/plans"}`, nil)
	g.pass(auth.CodeLife + time.Second)
	if status, to := late.opens(MagicLinkPath(g.mail)); status != http.StatusFound || to.String() != home+"/plans?error=INVALID_TOKEN" {
		t.Errorf("too late: %d, led to %s", status, to)
	}
}
