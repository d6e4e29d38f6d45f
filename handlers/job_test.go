package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Test cards of the twin's checkout.
const (
	cardWorks    = "4242424242424242"
	cardDeclined = "4000000000000002"
)

// pay fills in the twin's hosted checkout as a person would.
func (b *browser) pay(checkout *sheet, card string) *sheet {
	b.t.Helper()
	return b.submit(checkout, "form.checkout", map[string]string{"country": "DE", "name": "Noor Haddad", "card": card, "do": "pay"})
}

// settled opens the success page until it says that the order is there.
func (b *browser) settled(page *sheet) *sheet {
	b.t.Helper()
	if !strings.HasPrefix(page.url.Path, "/checkout/success") {
		b.t.Fatalf("the checkout led to %s: %.800s", page.url, page.Text())
	}
	b.stack.until("the order is in the mirror", func() bool {
		page = b.get(page.url.String())
		return page.Find("[data-state=paid]").Length() > 0
	})
	return page
}

// TestWholeJobWithoutJavaScript: sign up by code, choose a plan, pay, come back,
// manage, send an event, see usage and credits move, cancel, resume, sign out.
func TestWholeJobWithoutJavaScript(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.wants(b.get("/"), http.StatusOK, "Pro")
	b.wants(b.get("/plans"), http.StatusOK, "$24", "1,000 AI credits")
	b.wants(b.signIn("noor@example.com"), http.StatusOK)

	plans := b.wants(b.get("/plans"), http.StatusOK)
	checkout := b.wants(b.submit(plans, "[data-plan=pro] form", nil), http.StatusOK)
	if !strings.HasPrefix(checkout.url.String(), s.twin.BaseURL+"/checkout/") {
		t.Fatalf("the checkout opened at %s", checkout.url)
	}
	b.wants(b.pay(checkout, cardDeclined), http.StatusPaymentRequired, "declined")
	success := b.settled(b.pay(b.get(checkout.url.String()), cardWorks))
	if strings.Contains(success.url.RawQuery, "token") {
		t.Errorf("the success page's address keeps a token: %s", success.url)
	}
	b.wants(success, http.StatusOK, "$24.00")

	b.wants(b.get("/portal"), http.StatusOK, "Pro", "$24.00", "Active")
	s.until("the benefits are granted", func() bool {
		return strings.Contains(b.get("/portal/benefits").Text(), "Priority support")
	})
	b.wants(b.get("/plans"), http.StatusOK, "Your plan")
	order := b.get("/portal/orders").Find(`a[href^="/portal/orders/"]`).AttrOr("href", "")
	b.wants(b.get(order), http.StatusOK, "$24.00", "Pro")

	s.until("the credits are in the wallet", func() bool {
		return strings.Contains(b.get("/credits").Text(), "2,000")
	})
	usage := b.wants(b.get("/usage"), http.StatusOK, "AI credits")
	meter := usage.Find(`article[data-meter] h3 a:contains("AI credits")`).AttrOr("href", "")
	page := b.wants(b.get(meter), http.StatusOK)
	b.wants(b.submit(page, `form[action="/usage/events"]`, map[string]string{"event": "ai_usage", "key": "credits", "value": "120"}), http.StatusOK, "120")
	b.wants(b.get("/credits?meter="+strings.TrimPrefix(meter, "/usage/")), http.StatusOK, "1,880")
	s.until("the event reached the provider", func() bool { return strings.Contains(b.get(meter).Text(), "Sent") })

	sub := b.get("/portal/subscriptions").Find(`a[href^="/portal/subscriptions/"]`).AttrOr("href", "")
	cancel := b.wants(b.get(sub+"/cancel"), http.StatusOK, "Priority support")
	b.wants(b.submit(cancel, `form[action$="/cancel"]`, map[string]string{"reason": "too_expensive"}), http.StatusOK, "Ends")
	ending := b.wants(b.get(sub), http.StatusOK)
	b.wants(b.submit(ending, `form[action$="/resume"]`, nil), http.StatusOK, "Active")

	b.wants(b.post("/logout", url.Values{}), http.StatusOK)
	if page := b.get("/portal"); page.url.Path != "/login" {
		t.Errorf("after signing out /portal answered at %s", page.url)
	}
}

// TestPersonasSeeTheirOwn: the seeded customers are linked by their verified address
// when they first sign in, and find fourteen months of history.
func TestPersonasSeeTheirOwn(t *testing.T) {
	s := start(t)
	sam := s.browser()
	sam.signIn("sam@example.com")
	s.until("Sam's history is copied", func() bool {
		page := sam.get("/portal/orders")
		return page.Find(`a[href^="/portal/orders/"]`).Length() >= 15
	})
	sam.wants(sam.get("/portal"), http.StatusOK, "Pro", "Active")
	s.until("Sam's credits add up", func() bool {
		page := sam.get("/credits")
		return page.status == http.StatusOK && page.Find("dl.sum").Length() > 0 && page.Find("[data-mismatch]").Length() == 0
	})
	sam.wants(sam.get("/usage"), http.StatusOK, "AI credits", "File uploads")

	pat := s.browser()
	pat.signIn("pat@example.com")
	s.until("Pat is told about the failed payment", func() bool {
		return strings.Contains(pat.get("/portal").Text(), "Your last payment failed")
	})
	order := sam.get("/portal/orders").Find(`a[href^="/portal/orders/"]`).AttrOr("href", "")
	foreign, missing := pat.get(order), pat.get("/portal/orders/00000000-0000-0000-0000-000000000000")
	pat.wants(foreign, http.StatusNotFound)
	if strip(foreign) != strip(missing) {
		t.Error("somebody else's order is answered differently from a missing one")
	}
}

// strip is a page's text without its request id.
func strip(page *sheet) string {
	page.Find("main code").Remove()
	return strings.Join(strings.Fields(page.Text()), " ")
}
