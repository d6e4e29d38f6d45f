package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// sells has the provider sell one more plan, and waits until it is on the page of plans.
func (s *stack) sells(slug string, every twin.Interval, count int, prices ...twin.Price) {
	s.t.Helper()
	name := strings.ToUpper(slug[:1]) + slug[1:] + " plan"
	for i := range prices {
		prices[i].Currency = "usd"
	}
	_, err := s.twin.Engine.CreateProduct(s.t.Context(), twin.ProductInput{
		Name: &name, Interval: every, IntervalCount: count, Metadata: twin.Metadata{"slug": slug}, Prices: prices,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	reader := s.browser()
	s.until(slug+" is for sale", func() bool { return reader.get("/plans").Find(`[data-plan="`+slug+`"]`).Length() > 0 })
}

// TestAPriceSaysAllThatIsCharged: how often a plan is paid, by the seat beside a fixed part, and
// by use, is on its card; what can cost anything is not called free.
func TestAPriceSaysAllThatIsCharged(t *testing.T) {
	s := start(t)
	meters, err := s.store.Meters(t.Context())
	if err != nil || len(meters) == 0 {
		t.Fatal(meters, err)
	}
	usage := twin.Price{Kind: twin.Metered, UnitAmount: "0.5", MeterID: meters[0].ProviderID}
	s.sells("quarterly", twin.Month, 3, twin.Price{Kind: twin.Fixed, Amount: 3000})
	s.sells("weekly", twin.Week, 1, twin.Price{Kind: twin.Fixed, Amount: 700})
	s.sells("mixed", twin.Month, 1, twin.Price{Kind: twin.Fixed, Amount: 2000},
		twin.Price{Kind: twin.Seats, TierType: "volume", Tiers: []twin.SeatTier{{Min: 1, Price: 500}}})
	s.sells("pay-as-you-go", twin.Month, 1, usage)
	s.sells("base", twin.Month, 1, twin.Price{Kind: twin.Fixed, Amount: 0}, usage)
	b := s.browser()
	for slug, want := range map[string]string{
		"quarterly": "$30 every 3 months", "weekly": "$7 a week", "mixed": "$20 a month and $5 for each seat",
		"pay-as-you-go": "$0 a month and what you use", "base": "$0 a month and what you use", "free": "Free", "pro": "$24 a month",
	} {
		card := strings.Join(strings.Fields(b.get("/plans").Find(`[data-plan="`+slug+`"] .price`).Text()), " ")
		if !strings.Contains(card, want) {
			t.Errorf("%s costs %q, want %q", slug, card, want)
		}
	}

	b.signIn("noor@example.com")
	paid := b.settled(b.pay(b.submit(b.get("/plans"), "[data-plan=quarterly] form", nil), cardWorks))
	b.wants(paid, http.StatusOK, "$30.00")
	b.wants(b.get("/portal"), http.StatusOK, "$30.00 every 3 months")
}

// TestAPausedPlanIsNotPaidTwice: a plan that is paused comes back, so another one is not sold
// beside it, and the portal still shows it.
func TestAPausedPlanIsNotPaidTwice(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("sam@example.com")
	user, err := s.store.UserByEmail(t.Context(), "sam@example.com")
	if err != nil {
		t.Fatal(err)
	}
	live := ""
	s.until("Sam's plan is copied", func() bool {
		subs, err := s.store.Subscriptions(t.Context(), user.ID)
		for _, sub := range subs {
			if err == nil && sub.Live() && sub.Amount > 0 {
				live = sub.ProviderID
			}
		}
		return live != ""
	})
	if _, err := s.twin.Engine.PauseSubscription(t.Context(), live, s.now().AddDate(0, 3, 0)); err != nil {
		t.Fatal(err)
	}
	s.later(35 * 24 * time.Hour) // it begins with the next period
	s.until("the plan is paused", func() bool {
		sub, err := s.store.Subscription(t.Context(), user.ID, live)
		return err == nil && sub.Status == billing.Paused
	})
	b.signIn("sam@example.com")
	b.wants(b.get("/portal"), http.StatusOK, "Paused")
	b.wants(b.post("/checkout", url.Values{"plan": {"pro-yearly"}}), http.StatusConflict, "nothing was charged")
}

// TestWhatCouldNotBeCollectedIsTheWholeSum: when a renewal fails the portal names the sum that the
// card was asked for, its tax included.
func TestWhatCouldNotBeCollectedIsTheWholeSum(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("noor@example.com")
	b.wants(b.settled(b.pay(b.submit(b.get("/plans"), "[data-plan=pro] form", nil), cardWorks)), http.StatusOK)
	user, err := s.store.UserByEmail(t.Context(), "noor@example.com")
	if err != nil {
		t.Fatal(err)
	}
	known, err := s.store.ProviderCustomer(t.Context(), "polar", user.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.twin.Engine.DeclineNextCharge(t.Context(), known.ProviderID); err != nil {
		t.Fatal(err)
	}
	s.later(31 * 24 * time.Hour)
	var due billing.Order
	s.until("the renewal has failed", func() bool {
		orders, _, err := s.store.Orders(t.Context(), user.ID, db.Page{Size: 1})
		if err != nil || len(orders) == 0 {
			return false
		}
		due = orders[0]
		subs, err := s.store.Subscriptions(t.Context(), user.ID)
		return err == nil && due.Status == billing.OrderPending && len(subs) == 1 && subs[0].Status == billing.PastDue
	})
	due.Version, due.Tax, due.Total = due.Version+1_000_000, 456, 2856 // the provider has worked out the tax
	if _, err := s.store.Apply(t.Context(), billing.Change{Object: due}, s.now()); err != nil {
		t.Fatal(err)
	}
	b.signIn("noor@example.com")
	b.wants(b.get("/portal"), http.StatusOK, "$28.56 for Pro could not be collected")
}
