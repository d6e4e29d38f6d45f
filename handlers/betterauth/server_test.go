package betterauth_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"counterfoil/handlers/betterauth"
)

// TestOrigins: an unsafe request with a cookie must come from a page of ours, and what
// does not exist is 404 with nothing in it.
func TestOrigins(t *testing.T) {
	s, err := betterauth.New(betterauth.Config{BaseURL: "https://billing.example.com", Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, method, path, origin, cookie string
		status                             int
		body                               string
	}{
		{"a read", "GET", "/api/auth/ok", "", "", 200, `{"ok":true}`},
		{"a read from anywhere", "GET", "/api/auth/ok", "https://evil.example", "a=b", 200, `{"ok":true}`},
		{"unknown path", "GET", "/api/auth/none", "", "", 404, ""},
		{"unknown method", "POST", "/api/auth/ok", "", "", 404, ""},
		{"no origin, no cookie", "POST", "/api/auth/none", "", "", 404, ""},
		{"no origin, a cookie", "POST", "/api/auth/sign-out", "", "a=b", 403, "MISSING_OR_NULL_ORIGIN"},
		{"null origin, a cookie", "POST", "/api/auth/sign-out", "null", "a=b", 403, "MISSING_OR_NULL_ORIGIN"},
		{"foreign origin, a cookie", "POST", "/api/auth/sign-out", "https://evil.example", "a=b", 403, "INVALID_ORIGIN"},
		{"http origin of the same host", "POST", "/api/auth/sign-out", "http://billing.example.com", "a=b", 403, "INVALID_ORIGIN"},
		{"our origin", "POST", "/api/auth/none", "https://billing.example.com", "a=b", 404, ""},
		{"foreign origin, unknown path", "POST", "/api/auth/none", "https://evil.example", "a=b", 404, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, test.path, nil)
			for name, value := range map[string]string{"Origin": test.origin, "Cookie": test.cookie} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if body := w.Body.String(); w.Code != test.status || !strings.Contains(body, test.body) || test.body == "" && body != "" {
				t.Errorf("%d %q, want %d %q", w.Code, body, test.status, test.body)
			}
			if w.Code == http.StatusForbidden && w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("a refusal of type %q", w.Header().Get("Content-Type"))
			}
		})
	}
}
