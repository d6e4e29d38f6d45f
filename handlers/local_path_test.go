package handlers

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestLocalPath(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"/", "/"},
		{"/portal", "/portal"},
		{"/portal/subscriptions/0198", "/portal/subscriptions/0198"},
		{"/usage?range=30d&meter=api", "/usage?meter=api&range=30d"},
		{"/usage?next=https://evil.example", "/usage?next=https%3A%2F%2Fevil.example"},
		{"/usage#top", "/usage"},
		{"/usage/my%20meter", "/usage/my%20meter"},
		{"/usage/caf\u00e9", "/usage/caf%C3%A9"},
		{"/user@evil.example", "/user@evil.example"},
		{"/https:/evil.example", "/https:/evil.example"},
	}
	for _, raw := range []string{
		"", "portal", "?x=1", "#x", ".", "..", "/..", "/.", "/a/../b", "/a/./b", "/a/..", "/a/%2e%2e/b", "/%2e/evil",
		"//evil.example", "///evil.example", "/a//b", "/a/", "//", `/\evil.example`, `\\evil.example`, `/\/evil.example`,
		`/./\evil.example`, `/a/../\evil.example`, "/%5cevil.example", "/%2fevil.example", "/%2f%2fevil.example", "/a%2fb",
		"https://evil.example", "https:evil.example", "https:///evil.example", "javascript:alert(1)", "data:text/html,x",
		"/\tevil", "/\nevil", "/a\r\nSet-Cookie: x=y", "/a%0d%0aSet-Cookie:%20x=y", "/a\x00", " /portal", "/a\xff", "/%",
		"/a?x=%zz", "/a?x;y", "/" + strings.Repeat("a", maxPath),
	} {
		tests = append(tests, struct{ raw, want string }{raw, "/fallback"})
	}
	for _, test := range tests {
		if got := localPath(test.raw, "/fallback"); got != test.want {
			t.Errorf("localPath(%.60q) = %q, want %q", test.raw, got, test.want)
		}
	}
}

// However hostile, what comes out resolves to our own origin, is stable, and can
// stand in a header.
func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/portal?a=b", `/\evil`, "//evil", "/a/../b", "/%2f", "https:evil", "/a%0d%0a", "/;a=b", "/*"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://billing.example.com/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := localPath(raw, "")
		if got == "" {
			return
		}
		if got[0] != '/' || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t\x00 ") {
			t.Fatalf("localPath(%q) = %q", raw, got)
		}
		target, err := base.Parse(got)
		if err != nil || target.Host != base.Host || target.Scheme != base.Scheme {
			t.Fatalf("localPath(%q) = %q leads to %v, %v", raw, got, target, err)
		}
		if again := localPath(got, ""); again != got && len(got) <= maxPath {
			t.Fatalf("localPath(%q) = %q, and again %q", raw, got, again)
		}
	})
}

func TestRedirectLeavesThePathAsItIs(t *testing.T) {
	w := httptest.NewRecorder()
	redirect(w, "/usage?a=%2F%2Fb")
	if w.Code != 303 || w.Header().Get("Location") != "/usage?a=%2F%2Fb" {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
}
