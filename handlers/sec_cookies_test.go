package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"counterfoil/db/dbtest"
)

// crawl is what every route of the table answers to nobody, to another customer and to
// the owner, over https as in production.
func crawl(t *testing.T, look func(pattern, who string, page *sheet)) {
	t.Helper()
	e := estateOn(t, (&stack{t: t, database: dbtest.URL(t), tls: true}).open(true))
	for _, pattern := range routes(t) {
		if pattern == signingOut {
			continue // the last of all, below
		}
		for who, b := range map[string]*browser{"nobody": e.nobody, "another": e.another, "owner": e.owner} {
			look(pattern, who, e.ask(b, pattern, e.names, nil))
			look(pattern, who, e.ask(b, pattern, ofNobody, nil))
		}
	}
	look(signingOut, "owner", e.ask(e.owner, signingOut, e.names, nil))
}

// sameSites are what a cookie may say of requests from other sites.
var sameSites = map[http.SameSite]bool{http.SameSiteLaxMode: true, http.SameSiteStrictMode: true}

// TestEveryCookieIsBound (SEC-01): whatever a route answers, its cookies are for this
// host alone, over https alone, out of reach of scripts and of other sites.
func TestEveryCookieIsBound(t *testing.T) {
	seen := map[string]bool{}
	crawl(t, func(pattern, who string, page *sheet) {
		for _, line := range page.header.Values("Set-Cookie") {
			cookie, err := http.ParseSetCookie(line)
			if err != nil {
				t.Errorf("%s for %s: %q: %v", pattern, who, line, err)
				continue
			}
			seen[cookie.Name] = true
			// Better Auth's clients share theirs with servers that read it by this name.
			host := strings.HasPrefix(cookie.Name, "__Host-") || strings.HasPrefix(cookie.Name, "__Secure-better-auth.")
			if !host || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || !sameSites[cookie.SameSite] {
				t.Errorf("%s for %s sets a cookie that is not bound: %s", pattern, who, line)
			}
			if len(cookie.Name)+len(cookie.Value) > 4096 {
				t.Errorf("%s for %s sets a cookie of %d bytes", pattern, who, len(cookie.Name)+len(cookie.Value))
			}
		}
	})
	if !seen["__Host-counterfoil"] {
		t.Errorf("no route set the session's cookie, only %v: nothing was tested", seen)
	}
}

// TestTwoSessionCookiesAreRefused (SEC-01): one of two was planted by somebody.
func TestTwoSessionCookiesAreRefused(t *testing.T) {
	s := start(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/portal", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", "counterfoil=a; counterfoil=b")
	if page := s.browser().do(r); page.status != http.StatusBadRequest {
		t.Errorf("answered %d, want 400", page.status)
	}
}

// TestEveryAnswerCarriesTheHeaders (SEC-02): pages, errors, redirects, files and APIs of
// every route forbid sniffing, framing and scripts of others, insist on https, and what
// is made for somebody is kept nowhere.
func TestEveryAnswerCarriesTheHeaders(t *testing.T) {
	statuses := map[int]bool{}
	crawl(t, func(pattern, who string, page *sheet) {
		statuses[page.status] = true
		policy := page.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s for %s: the policy lacks %q: %s", pattern, who, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s for %s: the policy is loose: %s", pattern, who, policy)
		}
		if hsts := page.header.Get("Strict-Transport-Security"); hsts != "max-age=31536000; includeSubDomains" {
			t.Errorf("%s for %s: Strict-Transport-Security is %q", pattern, who, hsts)
		}
		if page.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s for %s may be sniffed", pattern, who)
		}
		kind := page.header.Get("Content-Type")
		if strings.HasPrefix(kind, "text/") && !strings.Contains(kind, "charset=utf-8") && kind != "text/event-stream" {
			t.Errorf("%s for %s is of type %q, without a charset", pattern, who, kind)
		}
		if strings.HasPrefix(kind, "text/html") && !strings.Contains(policy, "object-src 'none'; base-uri 'none'") {
			t.Errorf("%s for %s: a page whose policy is %s", pattern, who, policy)
		}
		if who != "nobody" && strings.HasPrefix(kind, "text/html") && !strings.Contains(page.header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s for %s may be kept: %q", pattern, who, page.header.Get("Cache-Control"))
		}
		if page.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s for %s may be read by pages of %q", pattern, who, page.header.Get("Access-Control-Allow-Origin"))
		}
	})
	for _, status := range []int{200, 303, 400, 403, 404} {
		if !statuses[status] {
			t.Errorf("no route answered %d: that was not tested", status)
		}
	}
}
