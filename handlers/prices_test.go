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
	for i := range prices {
		prices[i].Currency = "usd"
	}
	s.offers(slug, twin.ProductInput{Interval: every, IntervalCount: count, Prices: prices})
}

// offers is sells for a plan that has more to it than its prices.
func (s *stack) offers(slug string, plan twin.ProductInput) {
	s.t.Helper()
	name := strings.ToUpper(slug[:1]) + slug[1:] + " plan"
	plan.Name, plan.Metadata = &name, twin.Metadata{"slug": slug}
	if _, err := s.twin.Engine.CreateProduct(s.t.Context(), plan); err != nil {
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

// TestATrialIsOnTheCardOfItsPlan: how long a plan is free, and what it costs then. A month
// has no number of days that is always true.
func TestATrialIsOnTheCardOfItsPlan(t *testing.T) {
	s := start(t)
	trial := func(slug string, every twin.Interval, count int, prices ...twin.Price) {
		s.offers(slug, twin.ProductInput{Interval: twin.Month, IntervalCount: 1, TrialInterval: &every, TrialCount: &count, Prices: prices})
	}
	fixed := twin.Price{Kind: twin.Fixed, Amount: 2900, Currency: "usd"}
	trial("fortnight", twin.Week, 2, fixed)
	trial("one-day", twin.Day, 1, fixed)
	trial("first-month", twin.Month, 1, fixed)
	page := s.browser().get("/plans")
	for slug, want := range map[string]string{
		"fortnight": "14 days free, then $29 a month", "one-day": "1 day free, then $29 a month",
		"first-month": "About 30 days free, then $29 a month", "pro": "$24 a month",
	} {
		card := strings.Join(strings.Fields(page.Find(`[data-plan="`+slug+`"] .price`).Text()), " ")
		if !strings.Contains(card, want) || strings.Contains(card, "free") != strings.Contains(want, "free") {
			t.Errorf("%s costs %q, want %q", slug, card, want)
		}
	}
}

// TestACardNamesEveryCurrency: which of a plan's currencies a checkout asks for is decided at
// the provider, by where the buyer is; so the card names them all.
func TestACardNamesEveryCurrency(t *testing.T) {
	s := start(t)
	in := func(code string, amount int64) twin.Price {
		return twin.Price{Kind: twin.Fixed, Amount: amount, Currency: code}
	}
	seat := func(code string, amount int64) twin.Price {
		return twin.Price{Kind: twin.Seats, TierType: "volume", Currency: code, Tiers: []twin.SeatTier{{Min: 1, Price: amount}}}
	}
	s.offers("abroad", twin.ProductInput{Interval: twin.Month, Prices: []twin.Price{in("usd", 2400), in("eur", 2200), in("gbp", 1950)}})
	s.offers("crew", twin.ProductInput{Interval: twin.Month, Prices: []twin.Price{in("usd", 2000), seat("usd", 500), in("eur", 1800), seat("eur", 450)}})
	s.offers("pack", twin.ProductInput{Prices: []twin.Price{in("usd", 1200), in("eur", 1100)}})
	page := s.browser().get("/plans")
	for slug, want := range map[string]string{
		"abroad": "$24 a month or €22, £19.50 where that is your currency",
		"crew":   "$20 a month and $5 for each seat · or €18 and €4.50 for each seat where that is your currency",
	} {
		card := strings.Join(strings.Fields(page.Find(`[data-plan="`+slug+`"] .price`).Text()), " ")
		if card != want {
			t.Errorf("%s costs %q, want %q", slug, card, want)
		}
	}
	if pack := page.Find(`[data-plan=pack]`).Text(); !strings.Contains(pack, "or €11 where that is your currency") {
		t.Errorf("the pack says %q", pack)
	}
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
