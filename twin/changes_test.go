package twin

import (
	"fmt"
	"testing"
	"time"
)

func TestChangeOfProduct(t *testing.T) {
	tests := []struct {
		name       string
		from, to   int64
		every      Interval // of the new product
		proration  string
		after      time.Duration
		facts      []string
		items      string // of the newest order
		due        int64
		balance    int64 // owed to the customer afterwards
		nextOrder  int64 // total of the next renewal
		samePeriod bool
	}{
		{"upgrade, invoiced at half time", 2800, 5600, Month, "invoice", 14 * 24 * time.Hour,
			[]string{"order.created paid", "order.updated paid", "order.paid paid", "subscription.updated active",
				"benefit_grant.revoked", "benefit_grant.created", "customer.state_changed"},
			"[-1400 2800]", 1400, 0, 5600, true},
		{"upgrade, prorated at half time", 2800, 5600, Month, "prorate", 14 * 24 * time.Hour,
			[]string{"subscription.updated active", "benefit_grant.revoked", "benefit_grant.created", "customer.state_changed"},
			"[2800]", 2800, 0, 5600 + 1400, true},
		{"downgrade, invoiced: the rest becomes balance and is used", 5600, 2800, Month, "invoice", 14 * 24 * time.Hour,
			[]string{"order.created paid", "order.updated paid", "order.paid paid", "subscription.updated active",
				"benefit_grant.revoked", "benefit_grant.created", "customer.state_changed"},
			"[-2800 1400]", 0, 1400, 2800, true},
		{"to a yearly product: a new period, invoiced whatever was asked", 2800, 28000, Year, "prorate", 14 * 24 * time.Hour,
			[]string{"order.created paid", "order.updated paid", "order.paid paid", "subscription.updated active",
				"benefit_grant.revoked", "benefit_grant.created", "customer.state_changed"},
			"[-1400 28000]", 26600, 0, 28000, false},
		{"a third of a cent is rounded", 1000, 2000, Month, "invoice", 28 * 24 * time.Hour / 3,
			[]string{"order.created paid", "order.updated paid", "order.paid paid", "subscription.updated active",
				"benefit_grant.revoked", "benefit_grant.created", "customer.state_changed"},
			"[-667 1333]", 666, 0, 2000, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			old, next := w.product(Month, test.from, []string{w.credits(100, false)}), w.product(test.every, test.to, []string{w.credits(300, false)})
			w.pass(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)) // February has 28 days
			done := w.buy(old, "ada@example.com")
			start := w.subscription(done).PeriodStart
			w.pass(start.Add(test.after))
			w.take()
			ok(w.ChangeProduct(t.Context(), done.Checkout.SubscriptionID, next.ID, test.proration))(t)
			w.expect(test.facts...)
			orders := w.OrdersOf(done.Checkout.CustomerID)
			last := orders[len(orders)-1]
			if got := amounts(last); got != test.items || last.Due != test.due {
				t.Errorf("items %s due %d, want %s %d", got, last.Due, test.items, test.due)
			}
			customer := ok(w.Customer(done.Checkout.CustomerID))(t)
			if customer.Balance != test.balance {
				t.Errorf("balance %d, want %d", customer.Balance, test.balance)
			}
			sub := w.subscription(done)
			if same := sub.PeriodStart.Equal(start); same != test.samePeriod {
				t.Errorf("same period: %v", same)
			}
			w.pass(sub.PeriodEnd)
			orders = w.OrdersOf(done.Checkout.CustomerID)
			renewal := orders[len(orders)-1]
			if renewal.Total != test.nextOrder || renewal.AppliedBalance != test.balance || renewal.Due != renewal.Total-test.balance {
				t.Errorf("next renewal: total %d, balance used %d, due %d", renewal.Total, renewal.AppliedBalance, renewal.Due)
			}
			if m := w.standing(done.Checkout.CustomerID); m.Credited != 300 {
				t.Errorf("credited %d after the change, want the new product's 300", m.Credited)
			}
		})
	}
}

// amounts lists the item amounts of an order.
func amounts(o Order) string {
	var list []int64
	for _, it := range o.Items {
		list = append(list, it.Amount)
	}
	return fmt.Sprint(list)
}

func TestRefusedChanges(t *testing.T) {
	w := newWorld(t)
	month, free := w.product(Month, 1000, nil), w.product(Month, 0, nil)
	pack, big := w.product("", 500, nil), w.product(Month, 9000, nil)
	done := w.buy(month, "ada@example.com")
	id := done.Checkout.SubscriptionID
	if _, err := w.ChangeProduct(t.Context(), id, pack.ID, ""); err == nil {
		t.Error("changed to a one-time product")
	}
	if _, err := w.ChangeProduct(t.Context(), id, newID(), ""); err == nil {
		t.Error("changed to an unknown product")
	}
	must(t, w.SetCard(t.Context(), done.Checkout.CustomerID, CardFailsLate))
	w.take()
	if _, err := w.ChangeProduct(t.Context(), id, big.ID, "invoice"); !IsRefused(err, "PaymentFailed") {
		t.Errorf("a declined upgrade: %v", err)
	}
	if got := w.take(); len(got) > 1 || w.subscription(done).ProductID != month.ID || len(w.OrdersOf(done.Checkout.CustomerID)) != 1 {
		t.Errorf("a declined upgrade left traces: %v", got)
	}
	ok(w.ChangeProduct(t.Context(), id, free.ID, "prorate"))(t)
	ok(w.CancelSubscription(t.Context(), id, Cancellation{}))(t)
	if _, err := w.ChangeProduct(t.Context(), id, month.ID, ""); !IsRefused(err, "AlreadyCanceledSubscription") {
		t.Errorf("a change after cancellation: %v", err)
	}
}

func TestPeriodsKeepTheirDay(t *testing.T) {
	w := newWorld(t) // begins on 31 January
	done := w.buy(w.product(Month, 1000, nil), "ada@example.com")
	for _, want := range []string{"2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"} {
		end := w.subscription(done).PeriodEnd
		if got := end.Format(time.DateOnly); got != want {
			t.Errorf("period ends on %s, want %s", got, want)
		}
		w.pass(end)
	}
}

func TestTrialAndDiscounts(t *testing.T) {
	tests := []struct {
		name     string
		discount *Discount
		trial    int
		totals   []int64 // of the first order and the renewals
	}{
		{"once", &Discount{Kind: "percentage", BasisPoints: 2500, Duration: "once"}, 0, []int64{750, 1000, 1000}},
		{"forever", &Discount{Kind: "fixed", Amount: 300, Duration: "forever"}, 0, []int64{700, 700, 700}},
		{"two months", &Discount{Kind: "fixed", Amount: 300, Duration: "repeating", Months: 2}, 0, []int64{700, 700, 1000}},
		{"more than the price", &Discount{Kind: "fixed", Amount: 3000, Duration: "once"}, 0, []int64{0, 1000, 1000}},
		{"trial", nil, 14, []int64{0, 1000, 1000}},
		{"once, after a trial", &Discount{Kind: "percentage", BasisPoints: 2500, Duration: "once"}, 14, []int64{0, 750, 1000}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			p := w.product(Month, 1000, nil)
			in := CheckoutInput{ProductIDs: []string{p.ID}, AllowTrial: true, AllowDiscountCodes: true}
			if test.trial > 0 {
				in.TrialInterval, in.TrialCount = Day, test.trial
			}
			email, code := "ada@example.com", ""
			if test.discount != nil {
				test.discount.Name, test.discount.Code, test.discount.Currency = "Offer", "OFFER", "usd"
				ok(w.CreateDiscount(t.Context(), DiscountInput{*test.discount}))(t)
				code = "offer"
			}
			c := ok(w.CreateCheckout(t.Context(), in))(t)
			done := ok(w.ConfirmCheckout(t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email, DiscountCode: &code}, CardSucceeds))(t)
			for range test.totals[1:] {
				w.pass(w.subscription(done).PeriodEnd)
			}
			var totals []int64
			for _, o := range w.OrdersOf(done.Checkout.CustomerID) {
				totals = append(totals, o.Total)
			}
			if fmt.Sprint(totals) != fmt.Sprint(test.totals) {
				t.Errorf("totals %v, want %v", totals, test.totals)
			}
		})
	}
}

func TestSeatPrices(t *testing.T) {
	five := int64(5)
	tiers := []SeatTier{{Min: 1, Max: &five, Price: 1000}, {Min: 6, Price: 800}}
	for _, test := range []struct {
		kind   string
		seats  int64
		amount int64
	}{{"volume", 5, 5000}, {"volume", 6, 4800}, {"graduated", 5, 5000}, {"graduated", 6, 5800}, {"graduated", 8, 7400}} {
		if got := seatAmount(Price{Kind: Seats, TierType: test.kind, Tiers: tiers}, test.seats); got != test.amount {
			t.Errorf("%s, %d seats: %d, want %d", test.kind, test.seats, got, test.amount)
		}
	}
}
