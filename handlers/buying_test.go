package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"counterfoil/twin"
)

// TestBuyingWithoutWebhooks: not one webhook arrives, and the buyer still sees the
// receipt within seconds, and the portal what was bought.
func TestBuyingWithoutWebhooks(t *testing.T) {
	s := startWith(t, false)
	b := s.browser()
	b.signIn("noor@example.com")
	checkout := b.submit(b.get("/plans"), "[data-plan=pro] form", nil)
	b.wants(b.settled(b.pay(checkout, cardWorks)), http.StatusOK, "$24.00")
	b.wants(b.get("/portal"), http.StatusOK, "Pro", "Active")
	s.until("the credits are in the wallet", func() bool { return strings.Contains(b.get("/credits").Text(), "2,000") })
}

// TestFreePlanIsUpgradedNotDoubled: a subscriber of the free plan who buys Pro has one
// subscription afterwards, and the free plan's credits are not added to Pro's twice.
func TestFreePlanIsUpgradedNotDoubled(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("noor@example.com")
	free := b.submit(b.get("/plans"), "[data-plan=free] form", nil)
	success := b.submit(free, "form.checkout", map[string]string{"country": "DE", "name": "Noor", "do": "pay"})
	s.until("the free plan is there", func() bool {
		b.get(success.url.String())
		return strings.Contains(b.get("/portal").Text(), "Active")
	})
	b.wants(b.post("/checkout", url.Values{"plan": {"free"}}), http.StatusConflict, "You have this plan already")

	pro := b.submit(b.get("/plans"), "[data-plan=pro] form", nil)
	b.wants(b.settled(b.pay(pro, cardWorks)), http.StatusOK)
	s.until("Pro has taken the place of Free", func() bool {
		page := b.get("/portal/subscriptions")
		return page.Find("article.own").Length() == 1 && strings.Contains(page.Find("article.own").Text(), "Pro")
	})
	b.wants(b.post("/checkout", url.Values{"plan": {"pro-yearly"}}), http.StatusConflict, "nothing was charged")

	s.until("the wallets agree with the provider", func() bool { return s.settledWallets("noor@example.com") == 2 })
}

// TestTwoTabsOpenOneCheckout: pressing twice, or in two tabs, leads to one checkout.
func TestTwoTabsOpenOneCheckout(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("noor@example.com")
	first := b.submit(b.get("/plans"), "[data-plan=pro] form", nil)
	second := b.submit(b.get("/plans"), "[data-plan=pro] form", nil)
	if first.url.Path != second.url.Path {
		t.Errorf("two checkouts were opened: %s and %s", first.url.Path, second.url.Path)
	}
	id := s.checkoutOf(first)
	other := s.browser()
	other.signIn("sam@example.com")
	other.wants(other.get("/checkout/success?checkout_id="+id), http.StatusNotFound)
	other.wants(other.get("/checkout/stream?checkout_id="+id), http.StatusNotFound)
}

// checkoutOf finds the id of a checkout by its hosted page.
func (s *stack) checkoutOf(page *sheet) string {
	s.t.Helper()
	user, err := s.store.UserByEmail(s.t.Context(), "noor@example.com")
	if err != nil {
		s.t.Fatal(err)
	}
	products, err := s.store.Products(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range products {
		checkout, err := s.store.OpenCheckout(s.t.Context(), user.ID, p.ProviderID, s.now())
		if err == nil && strings.HasSuffix(checkout.URL, page.url.Path) {
			return checkout.ProviderID
		}
	}
	s.t.Fatal("the checkout is not in the mirror")
	return ""
}

// TestTheProviderRefusesWhatWeHaveNotHeardOf: a plan was archived and a customer deleted at the
// provider, and no webhook told. Each refusal says what to do, in words of its own.
func TestTheProviderRefusesWhatWeHaveNotHeardOf(t *testing.T) {
	s := startWith(t, false)
	b := s.browser()
	b.signIn("noor@example.com")
	known := s.known("noor@example.com")
	s.rest() // no reading tells either
	pro, err := s.store.ProductBySlug(t.Context(), "pro")
	if err != nil {
		t.Fatal(err)
	}
	page, archived := b.get("/plans"), true
	if _, err := s.twin.Engine.UpdateProduct(t.Context(), pro.ProviderID, twin.ProductInput{Archived: &archived}); err != nil {
		t.Fatal(err)
	}
	b.wants(b.submit(page, "[data-plan=pro] form", nil), http.StatusConflict, "no longer sells this plan", "Nothing was charged")
	if err := s.twin.Engine.DeleteCustomer(t.Context(), known.ProviderID, false); err != nil {
		t.Fatal(err)
	}
	b.wants(b.post("/portal/provider", nil), http.StatusConflict, "does not open its portal for this account", "Nothing was changed")
}
