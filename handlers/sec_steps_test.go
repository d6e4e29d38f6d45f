package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestSEC12StepsCannotBeSkipped: the success page grants nothing. Opened before anything was
// paid, after a declined card, with an id of somebody else's purchase or of none, and as
// often as one likes, it brings no plan and no credits; and what a form names besides the
// plan changes neither price nor payer.
func TestSEC12StepsCannotBeSkipped(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("noor@example.com")
	const greedy = "0"
	checkout := b.wants(b.post("/checkout", url.Values{
		"plan": {"pro"}, "amount": {greedy}, "price": {greedy}, "price_id": {"free"}, "discount_id": {"all"}, "discount_code": {"FREE100"},
		"trial_interval": {"year"}, "trial_interval_count": {"9"}, "allow_trial": {"true"}, "seats": {"99"}, "customer_id": {"another"},
		"external_customer_id": {"another"}, "is_business_customer": {"true"}, "metadata[credits]": {"1000000"}, "success_url": {"https://evil.example"},
	}), http.StatusOK, "$24.00")
	id := s.checkoutOf(checkout)

	before := s.holdings(b)
	success := "/checkout/success?checkout_id="
	for _, other := range []string{id, id + "&paid=true", id + "&status=succeeded", "", "none", "{CHECKOUT_ID}", "00000000-0000-0000-0000-000000000000"} {
		page := b.get(success + other)
		if page.status >= 500 || page.Find("[data-state=paid]").Length() > 0 {
			t.Errorf("%q is answered %d: %.200s", other, page.status, page.Text())
		}
	}
	declined := b.submit(checkout, "form.checkout", map[string]string{"country": "DE", "name": "Noor", "card": cardDeclined, "do": "pay"})
	if strings.HasPrefix(declined.url.Path, "/checkout/success") {
		t.Fatalf("a declined card led to %s", declined.url)
	}
	b.wants(b.get(success+id), http.StatusOK)
	s.worker.Poke()
	if after := s.holdings(b); after != before {
		t.Errorf("without paying: %s, want %s", after, before)
	}

	page := b.settled(b.pay(b.get(checkout.url.String()), cardWorks))
	s.until("what was paid is there", func() bool {
		return strings.Contains(b.get("/credits").Text(), "2,000") && s.settledWallets("noor@example.com") == 2
	})
	s.quiet()
	paid := s.holdings(b)
	if paid == before {
		t.Fatalf("paying brought nothing to see: %s", paid)
	}
	for range 5 {
		b.wants(b.get(page.url.String()), http.StatusOK, "$24.00")
	}
	s.worker.Poke()
	if after := s.holdings(b); after != paid {
		t.Errorf("the success page was opened again: %s, want %s", after, paid)
	}
}

// holdings is what somebody has: subscriptions, orders and the sum of his credits.
func (s *stack) holdings(b *browser) string {
	s.t.Helper()
	const subscription, order = `a[href^="/portal/subscriptions/"]`, `a[href^="/portal/orders/"]`
	return strings.Join([]string{
		b.get("/portal/subscriptions").Find(subscription).Text(), b.get("/portal/orders").Find(order).Text(),
		strings.Join(strings.Fields(b.get("/credits").Find("dl.sum").Text()), " "),
	}, " | ")
}
