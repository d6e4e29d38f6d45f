package handlers_test

import (
	"net/http"
	"testing"

	"counterfoil/billing"
)

// noMeter asks for events of every meter.
var noMeter billing.Ref

// settledWallets counts the wallets of a user that agree with the provider's figure.
func (s *stack) settledWallets(email string) int {
	s.t.Helper()
	user, err := s.store.UserByEmail(s.t.Context(), email)
	if err != nil {
		return 0
	}
	wallets, err := s.store.Wallets(s.t.Context(), user.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	settled := 0
	for _, w := range wallets {
		if drift, known := w.Drift(); known && drift == 0 {
			settled++
		}
	}
	return settled
}

// TestProviderDownLosesNothing: the twin is stopped in the middle. Pages go on
// serving, an event is kept and counted, and what needs the provider says so.
func TestProviderDownLosesNothing(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("sam@example.com")
	b.wants(b.get("/portal"), http.StatusOK)
	s.until("Sam's history is copied to its end", func() bool { return s.settledWallets("sam@example.com") == 2 })
	sub := b.get("/portal/subscriptions").Find(`a[href^="/portal/subscriptions/"]`).AttrOr("href", "")
	s.stand() // what fails is tried once: no wish is taken back while it is tried
	if err := s.twin.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/plans", "/portal", "/portal/orders", "/portal/benefits", "/portal/subscriptions", sub, sub + "/cancel", "/usage", "/credits", "/account"} {
		b.wants(b.get(path), http.StatusOK)
	}
	page := b.get("/usage")
	page = b.get(page.Find(`article[data-meter] h3 a:contains("AI credits")`).AttrOr("href", ""))
	b.wants(b.submit(page, `form[action="/usage/events"]`, map[string]string{"event": "ai_usage", "key": "credits", "value": "7"}), http.StatusOK, "Queued")

	b.wants(b.submit(b.get("/plans"), "[data-plan=credits-1000] form", nil), http.StatusServiceUnavailable, "Nothing was charged")
	b.wants(b.submit(b.get(sub+"/cancel"), `form[action$="/cancel"]`, nil), http.StatusOK, "Your wish is kept", "waits until Polar answers", "Active")
	b.wants(b.submit(b.get(sub), `form[action$="/resume"]`, nil), http.StatusOK, "taken back", "Active")
	b.wants(b.post("/portal/provider", nil), http.StatusServiceUnavailable, "cannot be reached")

	other := s.browser() // signing up does not need the provider, only the mail server
	other.wants(other.get("/login"), http.StatusOK)
}
