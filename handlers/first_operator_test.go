package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"counterfoil/db/dbtest"
)

// TestSetupPage: whoever signs in and enters the token that the start told is the
// operator; a wrong one is refused in clear words; then the page is gone, for everybody.
func TestSetupPage(t *testing.T) {
	s := (&stack{t: t, database: dbtest.URL(t), nobody: true}).open(true)
	sam, olive := s.browser(), s.browser()
	if asked := sam.get("/setup"); !strings.Contains(asked.url.Path, "/login") {
		t.Errorf("nobody in particular is shown %s", asked.url)
	}
	sam.signIn("sam@example.com")
	olive.signIn("olive@example.com")
	sam.wants(sam.get("/setup"), http.StatusOK, "sam@example.com", "Start-up token")
	sam.wants(sam.get("/admin"), http.StatusNotFound)
	sam.wants(sam.post("/setup", url.Values{"token": {"guess"}}), http.StatusForbidden, "not a start-up token that counts")
	token, _, err := s.auth.NewSetupToken(t.Context())
	if err != nil || token == "" {
		t.Fatalf("token %q, %v", token, err)
	}
	if there := sam.post("/setup", url.Values{"token": {token}}); !strings.HasSuffix(there.url.Path, "/admin") {
		t.Errorf("the operator is led to %s", there.url)
	}
	sam.wants(sam.get("/admin"), http.StatusOK)
	for _, b := range []*browser{sam, olive} {
		b.wants(b.get("/setup"), http.StatusNotFound)
		b.wants(b.post("/setup", url.Values{"token": {token}}), http.StatusNotFound)
	}
	olive.wants(olive.get("/admin"), http.StatusNotFound)
}
