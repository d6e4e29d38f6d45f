package betterauth

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"counterfoil/auth"
)

const (
	ours  = "__Host-counterfoil"
	wired = "__Secure-better-auth.session_token"
)

// only leaves a browser with one cookie alone.
func (b *browser) only(name string) *browser {
	return &browser{g: b.g, cookies: map[string]string{name: b.cookies[name]}}
}

// TestGetSession: its shape, to the letter, its headers, and null for whoever is not
// signed in.
func TestGetSession(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	w := b.ask("GET", "/get-session", "", nil)
	if w.Code != 200 || w.Body.String() != "null" || w.Header().Get("Pragma") != "no-cache" {
		t.Fatalf("nobody: %d %q %v", w.Code, w.Body, w.Header())
	}
	b.signIn("robin@example.com")
	w = b.ask("GET", "/get-session", "", nil)
	want := regexp.MustCompile(`^\{"session":\{"id":"[^"]+","token":"[A-Za-z0-9_-]{43}","userId":"([^"]+)",` +
		`"expiresAt":"2026-08-17T09:00:00\.000Z","createdAt":"2026-08-03T09:00:00\.000Z","updatedAt":"2026-08-03T09:00:00\.000Z",` +
		`"ipAddress":"192\.0\.2\.1","userAgent":"a browser"\},` +
		`"user":\{"id":"([^"]+)","name":"","email":"robin@example\.com","emailVerified":true,"image":null,` +
		`"createdAt":"2026-08-03T09:00:00\.000Z","updatedAt":"2026-08-03T09:00:00\.000Z"\}\}$`)
	if parts := want.FindStringSubmatch(w.Body.String()); parts == nil || parts[1] != parts[2] {
		t.Errorf("answered %s", w.Body)
	}
	if token := into[struct{ Session struct{ Token string } }](g, w).Session.Token; token != b.cookies[ours] {
		t.Errorf("the token is %q, and the cookie %q", token, b.cookies[ours])
	}
	g.refused(b.ask("POST", "/get-session", "", nil), 405, "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED")
}

// TestWireCookie: a sign-in on the wire sets both cookies, each lets in alone, and what
// we have not signed, or what has ended, lets nobody in.
func TestWireCookie(t *testing.T) {
	g := newRig(t)
	b := g.browser().signInOnWire("robin@example.com", false)
	c := b.sent(wired)
	if c == nil || c.MaxAge != 604800 || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Fatalf("set %+v", c)
	}
	value, err := url.QueryUnescape(c.Value)
	if err != nil || !regexp.MustCompile(`^[A-Za-z0-9_-]{43}\.[A-Za-z0-9+/]{43}=$`).MatchString(value) || strings.ContainsAny(c.Value, "+/=") {
		t.Errorf("the signed form is %q", c.Value)
	}
	for _, name := range []string{ours, wired} {
		if w := b.only(name).ask("GET", "/get-session", "", nil); !strings.Contains(w.Body.String(), "robin@example.com") {
			t.Errorf("%s alone: %s", name, w.Body)
		}
	}
	token, sum, _ := strings.Cut(value, ".")
	forged := []string{token, token + ".", value[1:], strings.Repeat("A", 43) + "." + sum, token + "." + strings.Repeat("A", 43) + "=", "%zz", "."}
	for _, value := range forged {
		x := &browser{g: g, cookies: map[string]string{wired: url.QueryEscape(value)}}
		if w := x.ask("GET", "/get-session", "", nil); w.Body.String() != "null" || len(x.set) > 0 {
			t.Errorf("forged %q: %s %v", value, w.Body, x.set)
		}
	}
	dead := b.only(wired)
	b.ask("POST", "/sign-out", "{}", nil)
	if w := dead.ask("GET", "/get-session", "", nil); w.Body.String() != "null" || len(dead.set) != 3 || dead.set[0].MaxAge >= 0 {
		t.Errorf("a dead session: %s, set %v", w.Body, dead.set)
	}
}

// TestPagesReadTheirOwnCookie: the cookie of the API lets nobody into a page.
func TestPagesReadTheirOwnCookie(t *testing.T) {
	g := newRig(t)
	b := g.browser().signInOnWire("robin@example.com", false).only(wired)
	who, err := g.auth.Who(b.request("GET", "/portal", "", nil))
	if err != nil || who.SignedIn() {
		t.Errorf("a page knows %+v %v", who, err)
	}
}

// TestSecretsOverlap: a cookie that the secret before signed counts while that is in the
// list, and no longer.
func TestSecretsOverlap(t *testing.T) {
	old, fresh := []byte(strings.Repeat("o", 32)), []byte(strings.Repeat("n", 32))
	g := newRig(t, func(a *auth.Config, _ *Config) { a.Secrets = [][]byte{old} })
	b := g.browser().signInOnWire("robin@example.com", false).only(wired)
	for _, test := range []struct {
		secrets [][]byte
		counts  bool
	}{{[][]byte{fresh, old}, true}, {[][]byte{fresh}, false}} {
		a := g.auth.Config
		a.Secrets = test.secrets
		authority, err := auth.New(a)
		if err != nil {
			t.Fatal(err)
		}
		g.server.Auth = authority
		if w := b.ask("GET", "/get-session", "", nil); strings.Contains(w.Body.String(), "robin") != test.counts {
			t.Errorf("with %q: %s", test.secrets, w.Body)
		}
	}
}

// TestSlidingSession: used at least every two weeks a session lives on, its cookie is
// set again once a day, and sixty days after the sign-in it ends.
func TestSlidingSession(t *testing.T) {
	g := newRig(t)
	b := g.browser().signInOnWire("robin@example.com", false)
	g.pass(23 * time.Hour)
	b.ask("GET", "/get-session", "", nil)
	if b.sent(wired) != nil {
		t.Error("the cookie was set again within a day")
	}
	g.pass(2 * time.Hour)
	b.ask("GET", "/get-session?disableRefresh=true", "", nil)
	if b.sent(wired) != nil {
		t.Error("the cookie was set again though the caller wanted no refresh")
	}
	w := b.ask("GET", "/get-session", "", nil)
	if c := b.sent(wired); c == nil || c.MaxAge != 604800 {
		t.Fatalf("after a day: %+v", c)
	}
	got := into[struct {
		Session struct{ ExpiresAt, UpdatedAt time.Time }
	}](g, w).Session
	if !got.ExpiresAt.Equal(g.clock().Add(14*24*time.Hour)) || !got.UpdatedAt.Equal(g.clock()) {
		t.Errorf("renewed: %+v", got)
	}
	if err := g.auth.FlushSeen(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.ask("GET", "/get-session", "", nil)
	if b.sent(wired) != nil {
		t.Error("the cookie was set again at once")
	}
	for range 8 {
		g.pass(7 * 24 * time.Hour)
		b.ask("GET", "/get-session", "", nil)
		if err := g.auth.FlushSeen(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	g.pass(3 * 24 * time.Hour)
	if w := b.ask("GET", "/get-session", "", nil); w.Body.String() != "null" {
		t.Errorf("after sixty days: %s", w.Body)
	}
}

// TestSessionsOfOthers: lists hold no secret but the caller's own, handles and tokens
// end a session alike, and nobody else's.
func TestSessionsOfOthers(t *testing.T) {
	g := newRig(t)
	first, second, other := g.browser(), g.browser(), g.browser()
	first.signIn("robin@example.com")
	g.pass(time.Second)
	second.signIn("robin@example.com")
	other.signIn("sam@example.com")
	list := into[[]struct{ ID, Token string }](g, first.ask("GET", "/list-sessions", "", nil))
	if len(list) != 2 || list[0].Token != list[0].ID || list[1].Token != first.cookies[ours] {
		t.Fatalf("listed %+v", list)
	}
	revoke := func(b *browser, token string) {
		t.Helper()
		if got := b.ask("POST", "/revoke-session", `{"token":"`+token+`"}`, nil); got.Body.String() != `{"status":true}` {
			t.Errorf("revoke %s: %d %s", token, got.Code, got.Body)
		}
	}
	alive := func(b *browser) bool { return b.ask("GET", "/get-session", "", nil).Body.String() != "null" }
	revoke(other, list[0].ID)
	revoke(other, second.cookies[ours])
	revoke(first, "none")
	if !alive(second) {
		t.Fatal("somebody else ended a session")
	}
	third := g.browser()
	third.signIn("robin@example.com")
	revoke(first, third.cookies[ours])
	revoke(first, list[0].Token)
	if alive(second) || alive(third) || !alive(first) {
		t.Errorf("alive: second %v, third %v, first %v", alive(second), alive(third), alive(first))
	}
	second.signIn("robin@example.com")
	if got := first.ask("POST", "/revoke-other-sessions", "{}", nil); got.Body.String() != `{"status":true}` || alive(second) || !alive(first) {
		t.Errorf("revoke others: %s", got.Body)
	}
	second.signIn("robin@example.com")
	if got := first.ask("POST", "/revoke-sessions", "", nil); got.Body.String() != `{"status":true}` || alive(second) || alive(first) || !alive(other) {
		t.Errorf("revoke all: %s", got.Body)
	}
	first.signIn("robin@example.com")
	revoke(first, first.cookies[ours])
	if first.cookies[ours] != "" {
		t.Error("the cookie of a session that was revoked stays")
	}
	for _, path := range []string{"/revoke-session", "/revoke-sessions", "/revoke-other-sessions"} {
		g.refused(first.ask("POST", path, `{"token":"x"}`, nil), 401, "UNAUTHORIZED")
	}
	g.refused(first.ask("GET", "/list-sessions", "", nil), 401, "UNAUTHORIZED")
	g.pass(25 * time.Hour)
	g.refused(other.ask("GET", "/list-sessions", "", nil), 403, "SESSION_NOT_FRESH")
}

// TestACopyOfTheCookieEndsWithTheOtherSessions: after all others were ended, or the password
// was changed, the caller goes on under a new token in both cookies, and whoever has a copy
// of the old ones is out.
func TestACopyOfTheCookieEndsWithTheOtherSessions(t *testing.T) {
	g := newRig(t)
	b := g.signUp("robin@example.com")
	alive := func(b *browser) bool { return b.ask("GET", "/get-session", "", nil).Body.String() != "null" }
	for path, body := range map[string]string{
		"/revoke-other-sessions": "{}",
		"/change-password":       `{"newPassword":"a new horse battery","currentPassword":"` + secret + `"}`,
	} {
		thief := g.browser()
		maps.Copy(thief.cookies, b.cookies)
		if w := b.ask("POST", path, body, nil); w.Code != 200 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		if b.cookies[ours] == thief.cookies[ours] || b.cookies[wired] == thief.cookies[wired] {
			t.Errorf("%s left a cookie as it was", path)
		}
		if !alive(b) || alive(thief) {
			t.Errorf("%s: the caller is signed in: %v, a copy of his cookies: %v", path, alive(b), alive(thief))
		}
	}
}

// TestBriefSession: without rememberMe both cookies end with the browser, and the row
// after a day, used or not.
func TestBriefSession(t *testing.T) {
	g := newRig(t)
	b := g.browser().signInOnWire("robin@example.com", true)
	for _, name := range []string{ours, wired} {
		if c := b.sent(name); c == nil || c.MaxAge != 0 {
			t.Errorf("%s is %+v", name, c)
		}
	}
	g.pass(23 * time.Hour)
	if w := b.ask("GET", "/get-session", "", nil); w.Body.String() == "null" {
		t.Error("ended within a day")
	}
	if err := g.auth.FlushSeen(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.pass(2 * time.Hour)
	if w := b.ask("GET", "/get-session", "", nil); w.Body.String() != "null" {
		t.Errorf("lives after a day: %s", w.Body)
	}
}

// TestTwoSessionCookies (SEC-01): of two, one was planted.
func TestTwoSessionCookies(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	b.signIn("robin@example.com")
	g.refused(b.ask("GET", "/get-session", "", map[string]string{"Cookie": ours + "=a; " + ours + "=" + b.cookies[ours]}), 400, "BAD_REQUEST")
}

// BenchmarkGetSession is the work of one request, from the routes of the API on.
func BenchmarkGetSession(b *testing.B) {
	g := newRig(b)
	robin := g.browser().signInOnWire("robin@example.com", false)
	r := robin.request("GET", root+"/get-session", "", nil)
	b.ReportAllocs()
	before := processor(b)
	for b.Loop() {
		w := &sink{header: http.Header{}}
		g.handler.ServeHTTP(w, r.Clone(b.Context()))
		if w.status != http.StatusOK || w.bytes < 300 {
			b.Fatalf("answered %d with %d bytes", w.status, w.bytes)
		}
	}
	b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
}

// processor is how much processor time this process has used.
func processor(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// sink takes an answer and keeps nothing of it.
type sink struct {
	header        http.Header
	status, bytes int
}

func (s *sink) Header() http.Header { return s.header }

func (s *sink) WriteHeader(status int) { s.status = status }

func (s *sink) Write(p []byte) (int, error) {
	s.bytes += len(p)
	return len(p), nil
}
