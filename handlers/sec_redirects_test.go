package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// traps are targets that lead away from here in some browser, proxy or parser, or that
// run something.
func traps(own string) []string {
	const evil = "evil.example"
	list := []string{
		"https://" + evil, "http://" + evil, "//" + evil, "///" + evil, "////" + evil, "https:" + evil, "https:/" + evil, "https:///" + evil,
		`/\` + evil, `\/` + evil, `\\` + evil, `/\/` + evil, `/./\` + evil, `/a/../\` + evil, "/.//" + evil, "/..//" + evil, "/a/..//" + evil,
		"/%2f" + evil, "/%2F%2F" + evil, "/%5c" + evil, "/%5C" + evil, "/%09/" + evil, "/\t/" + evil, "/\n/" + evil, "/\r\n/" + evil, "\t//" + evil, " //" + evil,
		"/%0d%0aLocation:%20https://" + evil, "/\r\nSet-Cookie: a=b", "/\u2028/" + evil, "/\u0000/" + evil,
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "file:///etc/passwd", "blob:x",
		own + "@" + evil, own + "." + evil, own + ":80@" + evil, "https://" + evil + "#" + own, "https://" + evil + "?" + own, "https://user:pass@" + evil,
		"/@" + evil + "/..//" + evil, "/;@" + evil, "?next=https://" + evil, "#//" + evil, "", " ", "..", "../..", "/../../" + evil, ".", "/.", "/..",
		"/login?next=//" + evil, "/login/oidc/callback?next=https://" + evil, "https：//" + evil, "／／" + evil, "/／" + evil, "/。" + evil, "〱" + evil,
		"/" + strings.Repeat("a", 5000), strings.Repeat("/", 3000) + evil, "/%", "/%zz", "/%c0%af" + evil, "/\xff\xfe",
	}
	for _, prefix := range []string{"/portal", "/a", "", "."} {
		for _, middle := range []string{"/..//", `/..\`, "//", `/\`, `\`, "/%2e%2e//", "/;/", `/%5c/`, "@"} {
			list = append(list, prefix+middle+evil, prefix+middle+evil+"/%2f..", strings.ToUpper(prefix+middle)+evil)
		}
	}
	return list
}

// home tells whether a Location stays on our own origin, as browsers read it: slashes
// may lean either way, and tabs and line ends do not count (WHATWG URL, basic parser).
func home(location, own string) bool {
	read := strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(strings.TrimSpace(location))
	read = strings.ReplaceAll(read, `\`, "/")
	if strings.HasPrefix(read, own+"/") || read == own {
		return true
	}
	return strings.HasPrefix(read, "/") && !strings.HasPrefix(read, "//") && !strings.Contains(strings.ToLower(location), "%5c")
}

// TestNoRedirectLeadsAway (SEC-04): whatever target a request names, in whichever way, the
// reader stays here, and on the way only an identity provider that is configured.
func TestNoRedirectLeadsAway(t *testing.T) {
	s := start(t)
	in, out := s.browser(), s.browser()
	in.signIn("noor@example.com")
	for _, b := range []*browser{in, out} {
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	names := []string{"next", "return", "return_to", "redirect", "redirect_uri", "url", "to", "callbackURL", "continue"}
	tried, led := 0, 0
	check := func(what string, page *sheet) {
		t.Helper()
		tried++
		location := page.header.Get("Location")
		if location == "" {
			return
		}
		led++
		if !home(location, s.url) && !strings.HasPrefix(location, s.twin.Issuer+"/") {
			t.Errorf("%s leads to %q", what, location)
		}
		if len(page.header.Values("Location")) > 1 || page.header.Get("Set-Cookie") == "a=b" {
			t.Errorf("%s splits the header", what)
		}
	}
	for i, trap := range traps(s.url) {
		if i%30 == 0 {
			s.later(time.Minute) // nothing is refused for haste
		}
		every := url.Values{}
		for _, name := range names {
			every.Set(name, trap)
		}
		for _, path := range []string{"/login", "/plans", "/portal", "/checkout/success", "/login/oidc/callback", "/"} {
			check(fmt.Sprintf("GET %s with %.60q", path, trap), out.get(path+"?"+every.Encode()))
			check(fmt.Sprintf("GET %s with %.60q, signed in", path, trap), in.get(path+"?"+every.Encode()))
		}
		every.Set("theme", "dark")
		every.Set("email", "noor@example.com")
		for _, path := range []string{"/theme", "/login/oidc", "/logout", "/login/code"} {
			check(fmt.Sprintf("POST %s with %.60q", path, trap), out.post(path, every))
		}
		every.Set("event", "ai_usage")
		every.Set("event_id", unknownID)
		for _, path := range []string{"/theme", "/usage/events", "/account"} {
			page := in.post(path, every)
			check(fmt.Sprintf("POST %s with %.60q, signed in", path, trap), page)
			if page.status == http.StatusTooManyRequests {
				t.Fatalf("POST %s with %.60q was refused for haste", path, trap)
			}
		}
	}
	if tried < 200 || led < 200 {
		t.Errorf("only %d requests were tried, and %d led anywhere", tried, led)
	}
}

// TestHomeIsToldFromAway makes sure that the check can fail.
func TestHomeIsToldFromAway(t *testing.T) {
	for location, want := range map[string]bool{
		"/portal": true, "/login?next=%2F": true, "http://here:1/x": true, "//evil.example": false, `/\evil.example`: false, "\t//evil.example": false,
		"https://evil.example": false, "http://here:1.evil.example": false, "javascript:alert(1)": false, "/\t/evil.example": false, "/%5cevil.example": false,
	} {
		if home(location, "http://here:1") != want {
			t.Errorf("%q stays here: want %t", location, want)
		}
	}
}
