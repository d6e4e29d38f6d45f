package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"counterfoil/db/dbtest"
)

// TestTheFirstLookSaysThatItMayBeIncomplete: before a customer's history was copied once, the
// pages that show it say so; afterwards they say how old the copy is.
func TestTheFirstLookSaysThatItMayBeIncomplete(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("sam@example.com")
	const copying = "still being copied"
	s.until("the history is copied", func() bool { return !strings.Contains(b.get("/portal").Text(), copying) })
	b.wants(b.get("/portal"), http.StatusOK, "as of")
	s.rest() // nothing copies it again
	if err := dbtest.Exec(t.Context(), s.database, "DELETE FROM reconciliations"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/portal", "/portal/orders", "/portal/subscriptions", "/usage", "/credits"} {
		b.wants(b.get(path), http.StatusOK, copying)
	}
}

// TestTheProvidersPortalNeedsAFreshProof (SEC-06): in the provider's own portal plans are
// canceled and cards changed, so the way there takes the proof that doing so here takes.
func TestTheProvidersPortalNeedsAFreshProof(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("sam@example.com")
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.known("sam@example.com")
	if to := b.post("/portal/provider", nil).header.Get("Location"); !strings.HasPrefix(to, s.twin.BaseURL+"/") {
		t.Fatalf("a fresh proof leads to %q", to)
	}
	s.age()
	if to := b.post("/portal/provider", nil).header.Get("Location"); !strings.HasPrefix(to, "/account/confirm?") {
		t.Errorf("an old proof leads to %q", to)
	}
}
