package twin

import (
	"testing"
	"time"
)

// day is a day of the tests' clock; none of them crosses a change of summer time, since it runs in UTC.
const day = 24 * time.Hour

// last is the customer's newest order.
func (w *world) last(done Confirmed) Order {
	w.t.Helper()
	orders := w.OrdersOf(done.Checkout.CustomerID)
	return orders[len(orders)-1]
}

// renewed are the facts of a renewal that is paid and cycles one benefit.
var renewed = []string{"subscription.cycled active", "subscription.updated active", "order.created pending",
	"order.updated paid", "order.paid paid", "benefit_grant.cycled", "customer.state_changed"}

func TestPauseAndResume(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product(Month, 2000, []string{w.credits(100, false)}), "ada@example.com")
	id := done.Checkout.SubscriptionID
	end := w.subscription(done).PeriodEnd
	w.take()
	if _, err := w.PauseSubscription(t.Context(), id, end); err == nil {
		t.Error("a resume before the pause was accepted")
	}
	sub := ok(w.PauseSubscription(t.Context(), id, end.Add(10*day)))(t)
	w.expect("subscription.updated active", "customer.state_changed")
	if !sub.PauseAtPeriodEnd || !sub.ResumesAt.Equal(end.Add(10*day)) {
		t.Errorf("scheduled: %+v", sub)
	}
	if _, err := w.PauseSubscription(t.Context(), id, noTime); !IsRefused(err, "CannotPauseSubscription") {
		t.Errorf("a second pause: %v", err)
	}
	if sub = ok(w.KeepSubscription(t.Context(), id))(t); sub.PauseAtPeriodEnd || !sub.ResumesAt.IsZero() {
		t.Errorf("kept: %+v", sub)
	}
	ok(w.PauseSubscription(t.Context(), id, end.Add(10*day)))(t)
	w.take()

	w.pass(end)
	w.expect("subscription.updated paused", "subscription.paused paused", "benefit_grant.revoked", "customer.state_changed")
	if sub = w.subscription(done); !sub.PausedAt.Equal(end) || len(w.OrdersOf(sub.CustomerID)) != 1 {
		t.Errorf("paused: %+v", sub)
	}
	if _, err := w.ChangeProduct(t.Context(), id, sub.ProductID, Invoice); !IsRefused(err, "InactiveSubscription") {
		t.Errorf("a change while paused: %v", err)
	}
	w.pass(end.Add(10 * day))
	w.expect("subscription.updated active", "subscription.resumed active", "order.created pending",
		"order.updated paid", "order.paid paid", "benefit_grant.created", "customer.state_changed")
	sub = w.subscription(done)
	if o := w.last(done); o.Total != 2000 || o.Reason != "subscription_cycle" || !sub.PeriodStart.Equal(end.Add(10*day)) {
		t.Errorf("resumed with %+v, order %+v", sub, o)
	}

	ok(w.PauseSubscription(t.Context(), id, noTime))(t)
	w.pass(sub.PeriodEnd.Add(200 * day))
	if sub = w.subscription(done); sub.Status != Paused {
		t.Errorf("without a date it resumed: %+v", sub)
	}
	w.take()
	ok(w.ResumeSubscription(t.Context(), id))(t)
	w.expect("subscription.updated active", "subscription.resumed active", "order.created pending",
		"order.updated paid", "order.paid paid", "benefit_grant.created", "customer.state_changed")
	if _, err := w.ResumeSubscription(t.Context(), id); !IsRefused(err, "NotPausedSubscription") {
		t.Errorf("a second resume: %v", err)
	}
	if _, err := w.KeepSubscription(t.Context(), id); !IsRefused(err, "NoScheduledPause") {
		t.Errorf("nothing to take back: %v", err)
	}
}

func TestChangeAtNextPeriod(t *testing.T) {
	w := newWorld(t)
	small := w.product(Month, 2000, []string{w.credits(100, false)})
	big := w.product(Month, 5000, []string{w.credits(500, false)})
	yearly := w.product(Year, 20000, nil)
	done := w.buy(small, "ada@example.com")
	id, end := done.Checkout.SubscriptionID, w.subscription(done).PeriodEnd
	w.take()
	sub := ok(w.ChangeProduct(t.Context(), id, yearly.ID, NextPeriod))(t)
	sub = ok(w.ChangeProduct(t.Context(), id, big.ID, NextPeriod))(t)
	w.expect("subscription.updated active", "customer.state_changed", "subscription.updated active", "customer.state_changed")
	if sub.ProductID != small.ID || sub.Update == nil || sub.Update.ProductID != big.ID || !sub.Update.AppliesAt.Equal(end) {
		t.Errorf("waiting: %+v", sub.Update)
	}
	w.pass(end)
	w.expect("subscription.cycled active", "subscription.updated active", "order.created pending", "order.updated paid",
		"order.paid paid", "benefit_grant.revoked", "benefit_grant.created", "customer.state_changed")
	sub = w.subscription(done)
	if o := w.last(done); o.Total != 5000 || o.ProductID != big.ID || sub.ProductID != big.ID || sub.Update != nil {
		t.Errorf("after the period: %+v, order %+v", sub, o)
	}

	ok(w.ChangeProduct(t.Context(), id, small.ID, NextPeriod))(t)
	if sub = ok(w.ClearPendingUpdate(t.Context(), id))(t); sub.Update != nil {
		t.Errorf("cleared: %+v", sub.Update)
	}
	w.take()
	ok(w.ClearPendingUpdate(t.Context(), id))(t)
	w.expect()
	w.pass(sub.PeriodEnd)
	w.expect(renewed...)

	ok(w.ChangeProduct(t.Context(), id, yearly.ID, NextPeriod))(t)
	end = w.subscription(done).PeriodEnd
	w.pass(end)
	if sub = w.subscription(done); !sub.PeriodEnd.Equal(end.AddDate(1, 0, 0)) || w.last(done).Total != 20000 {
		t.Errorf("a year from the change: %+v", sub)
	}
}

func TestResetChange(t *testing.T) {
	w := newWorld(t)
	small, big := w.product(Month, 2000, nil), w.product(Month, 5000, nil)
	done := w.buy(small, "ada@example.com")
	w.pass(w.Now().Add(10 * day))
	w.take()
	sub := ok(w.ChangeProduct(t.Context(), done.Checkout.SubscriptionID, big.ID, Reset))(t)
	w.expect("order.created paid", "order.updated paid", "order.paid paid", "subscription.updated active", "customer.state_changed")
	if o := w.last(done); amounts(o) != "[5000]" || o.Due != 5000 || !sub.PeriodStart.Equal(w.Now()) {
		t.Errorf("items %s, period from %v", amounts(o), sub.PeriodStart)
	}
}

func TestTrialEnds(t *testing.T) {
	tests := []struct {
		name  string
		then  func(w *world, done Confirmed, end time.Time)
		facts []string
		total int64
	}{
		{"by itself, and is charged", func(w *world, _ Confirmed, end time.Time) { w.pass(end) }, renewed, 2000},
		{"by hand, and is charged", func(w *world, done Confirmed, _ time.Time) {
			ok(w.EndTrial(w.t.Context(), done.Checkout.SubscriptionID))(w.t)
		}, renewed, 2000},
		{"and the card fails", func(w *world, done Confirmed, end time.Time) {
			must(w.t, w.SetCard(w.t.Context(), done.Checkout.CustomerID, CardFailsLate))
			w.pass(end)
		}, []string{"subscription.cycled active", "subscription.updated active", "order.created pending",
			"subscription.updated past_due", "subscription.past_due past_due", "customer.state_changed"}, 2000},
		{"canceled, and is never charged", func(w *world, done Confirmed, end time.Time) {
			ok(w.CancelSubscription(w.t.Context(), done.Checkout.SubscriptionID, Cancellation{}))(w.t)
			w.pass(end)
		}, []string{"subscription.updated trialing", "subscription.canceled trialing", "customer.state_changed",
			"subscription.updated canceled", "subscription.revoked canceled", "benefit_grant.revoked", "customer.state_changed"}, 0},
		{"later than planned", func(w *world, done Confirmed, end time.Time) {
			ok(w.SetTrialEnd(w.t.Context(), done.Checkout.SubscriptionID, end.Add(day)))(w.t)
			w.expect("subscription.updated trialing", "customer.state_changed")
			w.pass(end)
			w.expect()
			w.pass(end.Add(day))
		}, renewed, 2000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			p := w.product(Month, 2000, []string{w.credits(100, false)})
			two, days := 14, Day
			ok(w.UpdateProduct(t.Context(), p.ID, ProductInput{TrialInterval: &days, TrialCount: &two}))(t)
			w.take()
			done := w.buy(p, "ada@example.com")
			w.expect("checkout.created open", "customer.created", "customer.state_changed", "member.created",
				"checkout.updated confirmed", "subscription.created trialing", "subscription.active trialing",
				"subscription.updated trialing", "order.created paid", "order.updated paid", "order.paid paid",
				"checkout.updated succeeded", "benefit_grant.created", "customer.state_changed")
			sub := w.subscription(done)
			if o := w.last(done); o.Total != 0 || o.Reason != "subscription_create" || !sub.TrialEnd.Equal(sub.PeriodEnd) {
				t.Errorf("trial %+v, order %+v", sub, o)
			}
			test.then(w, done, sub.TrialEnd)
			w.expect(test.facts...)
			if o := w.last(done); o.Total != test.total {
				t.Errorf("last order %+v, want %d", o, test.total)
			}
		})
	}
}

// TestChosenSum: a buyer pays what they want within the limits, and a subscription keeps the sum.
func TestChosenSum(t *testing.T) {
	w := newWorld(t)
	most, preset := int64(5000), int64(1500)
	name := "Support us"
	p := ok(w.CreateProduct(t.Context(), ProductInput{Name: &name, Interval: Month, Prices: []Price{
		{Kind: Custom, MinimumAmount: 500, MaximumAmount: &most, PresetAmount: &preset},
	}}))(t)
	email := "ada@example.com"
	c := ok(w.CreateCheckout(t.Context(), CheckoutInput{ProductIDs: []string{p.ID}}))(t)
	if c.Total != preset {
		t.Errorf("preset %d", c.Total)
	}
	for _, sum := range []int64{499, 5001} {
		if _, err := w.UpdateCheckout(t.Context(), c.ID, CheckoutEdit{CustomSum: &sum}); err == nil {
			t.Errorf("paid %d", sum)
		}
	}
	sum := int64(2345)
	done := ok(w.ConfirmCheckout(t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email, CustomSum: &sum}, CardSucceeds))(t)
	w.pass(w.subscription(done).PeriodEnd)
	for _, o := range w.OrdersOf(done.Checkout.CustomerID) {
		if o.Total != sum {
			t.Errorf("%s: %d", o.Reason, o.Total)
		}
	}
}

// TestSeatChanges: seats now, prorated, later, or with a new period.
func TestSeatChanges(t *testing.T) {
	tests := []struct {
		proration string
		seats     int64  // at once
		items     string // of the newest order
		renewal   string // items of the next one
	}{
		{Invoice, 4, "[-1000 2000]", "[4000]"},
		{Prorate, 4, "[2000]", "[4000 -1000 2000]"},
		{NextPeriod, 2, "[2000]", "[4000]"},
		{Reset, 4, "[4000]", "[4000]"},
	}
	for _, test := range tests {
		t.Run(test.proration, func(t *testing.T) {
			w := newWorld(t)
			w.pass(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
			name := "Team"
			p := ok(w.CreateProduct(t.Context(), ProductInput{Name: &name, Interval: Month, Prices: []Price{
				{Kind: Seats, TierType: "volume", Tiers: []SeatTier{{Min: 2, Price: 1000}}},
			}}))(t)
			done := w.buy(p, "ada@example.com")
			w.pass(w.Now().Add(14 * day))
			sub := ok(w.ChangeSeats(t.Context(), done.Checkout.SubscriptionID, 4, test.proration))(t)
			if got := amounts(w.last(done)); got != test.items || sub.SeatCount != test.seats {
				t.Errorf("%d seats, items %s", sub.SeatCount, got)
			}
			w.pass(sub.PeriodEnd)
			if got := amounts(w.last(done)); got != test.renewal || w.subscription(done).SeatCount != 4 {
				t.Errorf("renewal %s", got)
			}
		})
	}
}
