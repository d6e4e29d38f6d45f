package twin

import (
	"fmt"
	"strings"
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

func TestOneTrialEach(t *testing.T) {
	w := newWorld(t)
	o := ok(w.UpdateOrganization(t.Context(), func(o *Organization) { o.PreventTrialAbuse = true }))(t)
	p := w.product(Month, 2000, nil)
	two, days := 14, Day
	ok(w.UpdateProduct(t.Context(), p.ID, ProductInput{TrialInterval: &days, TrialCount: &two}))(t)
	done := w.buy(p, "ada@example.com")
	ok(w.RevokeSubscription(t.Context(), done.Checkout.SubscriptionID, Cancellation{}))(t)
	c := ok(w.CreateCheckout(t.Context(), CheckoutInput{ProductIDs: []string{p.ID}, AllowTrial: true}))(t)
	email := "Ada@example.com"
	if _, err := w.ConfirmCheckout(t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email}, CardSucceeds); !IsRefused(err, "TrialAlreadyRedeemed") {
		t.Errorf("a second trial at %s: %v", o.Name, err)
	}
	ok(w.ConfirmCheckout(t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email, RefuseTrial: true}, CardSucceeds))(t)
}

func TestDeclinedOnce(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product(Month, 2000, []string{w.credits(100, false)}), "ada@example.com")
	must(t, w.DeclineNextCharge(t.Context(), done.Checkout.CustomerID))
	w.pass(w.subscription(done).PeriodEnd)
	w.take()
	w.pass(w.Now().Add(2 * day))
	w.expect("order.updated paid", "order.paid paid", "subscription.updated active", "subscription.active active",
		"benefit_grant.cycled", "customer.state_changed")
}

// TestVoidedOrder: what an order that is given up had used of the customer's balance is owed again.
func TestVoidedOrder(t *testing.T) {
	w := newWorld(t)
	big, small := w.product(Month, 5600, nil), w.product(Month, 2800, nil)
	done := w.buy(big, "ada@example.com")
	id := done.Checkout.CustomerID
	w.pass(w.Now().Add(14 * day))
	ok(w.ChangeProduct(t.Context(), done.Checkout.SubscriptionID, small.ID, Invoice))(t)
	owed := ok(w.Customer(id))(t).Balance
	must(t, w.SetCard(t.Context(), id, CardFailsLate))
	w.pass(w.subscription(done).PeriodEnd)
	if o := w.last(done); owed == 0 || o.AppliedBalance != owed || o.Status != OrderPending {
		t.Errorf("owed %d, order %+v", owed, o)
	}
	w.pass(w.Now().Add(21 * day))
	if o := w.last(done); o.Status != OrderVoid || !o.NextPaymentAt.IsZero() || ok(w.Customer(id))(t).Balance != owed {
		t.Errorf("given up: %+v", o)
	}
}

func TestPendingRefunds(t *testing.T) {
	for card, want := range map[string][]string{
		CardRefundsLate: {"refund.updated", "order.updated refunded", "order.refunded refunded", "benefit_grant.revoked", "customer.state_changed"},
		CardRefundFails: {"refund.updated"},
	} {
		w := newWorld(t)
		p := w.product("", 1200, []string{w.credits(100, true)})
		c := ok(w.CreateCheckout(t.Context(), CheckoutInput{ProductIDs: []string{p.ID}}))(t)
		email := "ada@example.com"
		done := ok(w.ConfirmCheckout(t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email}, card))(t)
		w.take()
		in := RefundInput{OrderID: done.Checkout.OrderID, Reason: "other", Amount: 1200, RevokeBenefits: true}
		r := ok(w.CreateRefund(t.Context(), in))(t)
		w.expect("refund.created")
		if _, err := w.CreateRefund(t.Context(), in); !IsRefused(err, "RefundPendingCreation") || r.Status != "pending" {
			t.Errorf("%s: a second refund: %v", card, err)
		}
		w.pass(w.Now().Add(refundDelay))
		w.expect(want...)
	}
}

// TestMerchantChanges: what a merchant does to the catalogue is told too.
func TestMerchantChanges(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	benefit := w.credits(100, false)
	p := w.product(Month, 2000, []string{benefit})
	w.buy(p, "ada@example.com")
	w.take()
	name := "Renamed"
	ok(w.UpdateProduct(ctx, p.ID, ProductInput{Name: &name}))(t)
	w.expect("product.updated")
	ok(w.UpdateBenefit(ctx, benefit, func(b *Benefit) { b.Units = 300 }))(t)
	w.expect("benefit.updated", "benefit_grant.updated", "customer.state_changed")
	d := ok(w.CreateDiscount(ctx, DiscountInput{Discount{Name: "Offer", Kind: "percentage", BasisPoints: 1000, Duration: "once"}}))(t)
	ok(w.UpdateDiscount(ctx, d.ID, func(d *Discount) { d.Name = "Better offer" }))(t)
	ok(w.UpdateDiscount(ctx, d.ID, func(d *Discount) { d.Deleted = true }))(t)
	w.expect("discount.created", "discount.updated", "discount.deleted")
	ok(w.UpdateOrganization(ctx, func(o *Organization) { o.GraceDays = 14 }))(t)
	w.expect("organization.updated")
	if _, err := w.UpdateOrganization(ctx, func(o *Organization) { o.GraceDays = 3 }); err == nil {
		t.Error("a grace period of three days")
	}
	w.product(Month, 100, nil)
	ok(w.CreateBenefit(ctx, Benefit{Type: BenefitCustom, Description: "Support"}))(t)
	w.expect("product.created", "product.updated", "benefit.created")
}

// TestGracePeriods: benefits of an unpaid subscription go when the organization says, or at the end.
func TestGracePeriods(t *testing.T) {
	for _, days := range []int{0, 2, 7, 14, 21} {
		t.Run(fmt.Sprint(days), func(t *testing.T) {
			w := newWorld(t)
			ok(w.UpdateOrganization(t.Context(), func(o *Organization) { o.GraceDays = days }))(t)
			done := w.buy(w.product(Month, 2000, []string{w.credits(100, false)}), "ada@example.com")
			must(t, w.SetCard(t.Context(), done.Checkout.CustomerID, CardFailsLate))
			failed := w.subscription(done).PeriodEnd
			w.pass(failed.Add(time.Duration(days)*day - time.Minute))
			if g := w.GrantsOf(done.Checkout.CustomerID)[0]; !g.Granted() && days > 0 {
				t.Errorf("revoked at %v, due after %d days", g.RevokedAt, days)
			}
			w.pass(failed.Add(time.Duration(days)*day + time.Minute))
			if g := w.GrantsOf(done.Checkout.CustomerID)[0]; g.Granted() || !g.RevokedAt.Equal(failed.Add(time.Duration(days)*day)) {
				t.Errorf("granted %v, revoked at %v", g.Granted(), g.RevokedAt)
			}
			w.pass(failed.Add(22 * day))
			if sub := w.subscription(done); sub.Status != Canceled || !sub.EndedAt.Equal(failed.Add(21*day)) {
				t.Errorf("ended: %+v", sub)
			}
			if n := strings.Count(strings.Join(w.take(), "\n"), "benefit_grant.revoked"); n != 1 {
				t.Errorf("%d revocations", n)
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

// TestEditsAreTold: a customer edited, an order edited, and an invoice that is ready a moment later.
func TestEditsAreTold(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product("", 1200, nil), "ada@example.com")
	w.take()
	name := "Ada Lovelace"
	ok(w.UpdateCustomer(t.Context(), done.Checkout.CustomerID, CustomerInput{Name: &name}))(t)
	w.expect("customer.updated", "customer.state_changed")
	ok(w.UpdateOrder(t.Context(), done.Checkout.OrderID, &name, &Address{Country: "GB"}))(t)
	w.expect("order.updated paid")
	must(t, w.GenerateInvoice(t.Context(), done.Checkout.OrderID))
	w.expect()
	w.pass(w.Now().Add(invoiceDelay))
	w.expect("order.updated paid")
	if o := ok(w.Order(done.Checkout.OrderID))(t); !o.InvoiceGenerated {
		t.Errorf("order %+v", o)
	}
}
