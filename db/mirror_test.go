package db_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// nine is a fixed moment: the clock is an argument everywhere.
var nine = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// person signs somebody in and returns his customer id (ours).
func person(t testing.TB, store *db.Store, email string) string {
	t.Helper()
	entry, err := store.SignInWithIdentity(t.Context(),
		db.Identity{Provider: "https://id.example", Subject: email, Email: email, EmailVerified: true, Name: "Noor"},
		db.SignIn{Session: db.Session{ID: db.NewID(), TokenHash: email, Data: "{}", CreatedAt: nine, SeenAt: nine, ExpiresAt: nine.Add(time.Hour)}, Now: nine})
	if err != nil {
		t.Fatalf("sign %s in: %v", email, err)
	}
	return entry.User.ID
}

func src(id string, version int64) billing.Source {
	return billing.Source{Provider: "polar", ProviderID: id, Version: version, CreatedAt: nine.Add(-time.Hour)}
}

func payer(id, externalID string, version int64) billing.Customer {
	return billing.Customer{Source: src(id, version), ExternalID: externalID, Email: id + "@example.com", EmailVerified: true, Name: "Noor"}
}

func subscription(status billing.Status, version int64) billing.Subscription {
	return billing.Subscription{
		Source: src("sub_1", version), ProviderCustomerID: "cus_1", ProviderProductID: "prod_1", Status: status,
		Amount: 1900, Currency: "usd", Interval: billing.IntervalMonth, IntervalCount: 1,
		PeriodStart: nine, PeriodEnd: nine.AddDate(0, 1, 0), StartedAt: nine,
	}
}

func order(status billing.OrderStatus, refunded, version int64) billing.Order {
	return billing.Order{
		Source: src("ord_1", version), ProviderCustomerID: "cus_1", Status: status, Reason: "purchase", Number: "A-1",
		Subtotal: 1900, Total: 1900, Refunded: refunded, Currency: "usd",
		Items: []billing.OrderItem{{Label: "Pro", Amount: 1900}},
	}
}

func checkout(status billing.CheckoutStatus, version int64) billing.Checkout {
	return billing.Checkout{Source: src("co_1", version), Status: status, URL: "https://polar.example/co_1", Currency: "usd", ExpiresAt: nine.Add(time.Hour)}
}

func apply(t testing.TB, store *db.Store, changes ...billing.Change) (last db.Applied) {
	t.Helper()
	for i, change := range changes {
		var err error
		if last, err = store.Apply(t.Context(), change, nine.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatalf("apply %d: %v", i, err)
		}
	}
	return last
}

func TestTheNewestStateWins(t *testing.T) {
	is := func(o billing.Object) billing.Change { return billing.Change{Object: o} }
	gone := func(o billing.Object) billing.Change { return billing.Change{Object: o, Deleted: true} }
	tests := []struct {
		name    string
		arrive  []billing.Change
		want    string // status at the end; "gone" for a tombstone
		changed bool   // by the last arrival
		stale   bool   // the last arrival was refused
	}{
		{"in order", []billing.Change{is(subscription(billing.Active, 1)), is(subscription(billing.PastDue, 2))}, "past_due", true, false},
		{"older arrives last", []billing.Change{is(subscription(billing.PastDue, 2)), is(subscription(billing.Active, 1))}, "past_due", false, true},
		{"delivered twice", []billing.Change{is(subscription(billing.PastDue, 2)), is(subscription(billing.PastDue, 2))}, "past_due", false, false},
		{"a subscription does not come back to life in one tick", []billing.Change{is(subscription(billing.Canceled, 2)), is(subscription(billing.Active, 2))}, "canceled", false, true},
		{"but does by a newer word", []billing.Change{is(subscription(billing.Canceled, 2)), is(subscription(billing.Active, 3))}, "active", true, false},
		{"update after deletion", []billing.Change{gone(subscription(billing.Active, 1)), is(subscription(billing.Active, 9))}, "gone", false, true},
		{"deletion without having seen it", []billing.Change{gone(subscription(billing.Active, 1))}, "gone", true, false},
		{"deletion twice", []billing.Change{gone(subscription(billing.Active, 1)), gone(subscription(billing.Active, 1))}, "gone", false, true},
		{"deletion with an old copy", []billing.Change{is(subscription(billing.Active, 5)), gone(subscription(billing.Active, 1))}, "gone", true, false},
		{"an order is not unpaid in one tick", []billing.Change{is(order(billing.OrderPaid, 0, 2)), is(order(billing.OrderPending, 0, 2))}, "paid", false, true},
		{"an order is paid in one tick", []billing.Change{is(order(billing.OrderPending, 0, 2)), is(order(billing.OrderPaid, 0, 2))}, "paid", true, false},
		{"a refund is not taken back in one tick", []billing.Change{is(order(billing.OrderPartiallyRefunded, 500, 2)), is(order(billing.OrderPaid, 0, 2))}, "partially_refunded", false, true},
		{"a larger refund of the same status counts", []billing.Change{is(order(billing.OrderPartiallyRefunded, 500, 2)), is(order(billing.OrderPartiallyRefunded, 900, 3))}, "partially_refunded", true, false},
		{"a checkout does not reopen in one tick", []billing.Change{is(checkout(billing.CheckoutSucceeded, 2)), is(checkout(billing.CheckoutOpen, 2))}, "succeeded", false, true},
		{"a declined card reopens a checkout", []billing.Change{is(checkout(billing.CheckoutConfirmed, 2)), is(checkout(billing.CheckoutOpen, 3))}, "open", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := dbtest.Open(t)
			me := person(t, store, "noor@example.com")
			apply(t, store, is(payer("cus_1", me, 1)))
			last := apply(t, store, tt.arrive...)
			if last.Changed != tt.changed || last.Stale != tt.stale {
				t.Errorf("last arrival: changed %v, stale %v, want %v, %v", last.Changed, last.Stale, tt.changed, tt.stale)
			}
			if got := status(t, store, me, tt.arrive[0].Object); got != tt.want {
				t.Errorf("status %q, want %q", got, tt.want)
			}
		})
	}
}

// status reads what the mirror shows of an object, "gone" for nothing.
func status(t *testing.T, store *db.Store, me string, object billing.Object) string {
	t.Helper()
	var status string
	var err error
	switch o := object.(type) {
	case billing.Subscription:
		var s billing.Subscription
		s, err = store.Subscription(t.Context(), me, o.ProviderID)
		status = string(s.Status)
	case billing.Order:
		var s billing.Order
		s, err = store.Order(t.Context(), me, o.ProviderID)
		status = string(s.Status)
	case billing.Checkout:
		if err := store.SaveCheckout(t.Context(), me, checkout(billing.CheckoutOpen, 0), nine); err != nil {
			t.Fatal(err)
		}
		var s billing.Checkout
		s, err = store.Checkout(t.Context(), me, o.ProviderID)
		status = string(s.Status)
	}
	if errors.Is(err, billing.ErrNotFound) {
		return "gone"
	}
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// TestAnyOrderEndsEqual shuffles and repeats the states of one object.
func TestAnyOrderEndsEqual(t *testing.T) {
	store := dbtest.Open(t)
	me := person(t, store, "noor@example.com")
	apply(t, store, billing.Change{Object: payer("cus_1", me, 1)})
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		id := fmt.Sprintf("sub_%d", seed)
		var states []billing.Subscription
		for version := range int64(8) {
			s := subscription([]billing.Status{billing.Active, billing.PastDue, billing.Paused}[random.IntN(3)], version)
			s.ProviderID, s.Amount = id, version*100
			states = append(states, s)
		}
		arrivals := append(append([]billing.Subscription{}, states...), states[random.IntN(8)], states[random.IntN(8)])
		random.Shuffle(len(arrivals), func(i, j int) { arrivals[i], arrivals[j] = arrivals[j], arrivals[i] })
		for _, s := range arrivals {
			apply(t, store, billing.Change{Object: s})
		}
		got, err := store.Subscription(t.Context(), me, id)
		if err != nil || !reflect.DeepEqual(got, states[7]) {
			t.Fatalf("seed %d: ended as %+v (%v), want %+v", seed, got, err, states[7])
		}
	}
}

func TestWhatGoesInComesOut(t *testing.T) {
	store := dbtest.Open(t)
	me := person(t, store, "noor@example.com")
	product := billing.Product{
		Source: src("prod_1", 7), Slug: "pro", Name: "Pro", Interval: billing.IntervalMonth, IntervalCount: 1, Public: true,
		Prices:   []billing.Price{{ProviderID: "pr_1", Kind: billing.PriceFixed, Currency: "usd", Amount: 1900}},
		Benefits: []billing.Benefit{{ProviderID: "ben_1", Kind: billing.BenefitCredits, MeterID: "met_1", Units: 5 * billing.CreditScale}},
		Metadata: map[string]string{"slug": "pro"},
	}
	meter := billing.Meter{
		Source: src("met_1", 7), Name: "Calls", Aggregation: billing.AggregateSum, Property: "n",
		Filter: billing.Filter{Clauses: []billing.Clause{{Property: "n", Operator: "gt", Value: int64(1)}}},
	}
	bought := order(billing.OrderPaid, 0, 7)
	bought.ProviderCheckoutID, bought.NextAttemptAt = "co_1", nine
	subscribed := subscription(billing.Active, 7)
	subscribed.ProviderCheckoutID, subscribed.CancelAtPeriodEnd, subscribed.EndsAt = "co_1", true, nine
	grant := billing.Grant{
		Source: src("gr_1", 7), ProviderCustomerID: "cus_1", ProviderBenefitID: "ben_1", Kind: billing.BenefitCredits,
		GrantedAt: nine, Properties: map[string]string{"a": "b"},
	}
	balance := billing.Balance{Source: src("cm_1", 7), ProviderCustomerID: "cus_1", ProviderMeterID: "met_1", Consumed: 3, Credited: 5, Balance: 2}
	customer := payer("cus_1", me, 7)
	for range 2 { // twice, since a repeat must change nothing
		if _, err := store.ApplyAll(t.Context(), []billing.Object{customer, product, meter, bought, subscribed, grant, balance}, nine); err != nil {
			t.Fatal(err)
		}
		opened := checkout(billing.CheckoutSucceeded, 7)
		if err := store.SaveCheckout(t.Context(), me, opened, nine); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	same := func(name string, got any, err error, want any) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v (%v)\nwant %+v", name, got, err, want)
		}
	}
	products, err := store.Products(ctx)
	same("products", products, err, []billing.Product{product})
	bySlug, err := store.ProductBySlug(ctx, "pro")
	same("product by slug", bySlug, err, product)
	meters, err := store.Meters(ctx)
	same("meters", meters, err, []billing.Meter{meter})
	known, err := store.ProviderCustomer(ctx, "polar", me)
	same("customer", known, err, customer)
	orders, next, err := store.Orders(ctx, me, db.Page{Size: 10})
	same("orders", orders, err, []billing.Order{bought})
	if next != "" {
		t.Errorf("one order has a next page %q", next)
	}
	subscriptions, err := store.Subscriptions(ctx, me)
	same("subscriptions", subscriptions, err, []billing.Subscription{subscribed})
	grants, err := store.Grants(ctx, me)
	same("grants", grants, err, []billing.Grant{grant})
	balances, err := store.Balances(ctx, me)
	same("balances", balances, err, []billing.Balance{balance})
	opened := checkout(billing.CheckoutSucceeded, 7)
	opened.ExternalCustomerID = me
	outcome, err := store.CheckoutOutcome(ctx, me, "co_1")
	same("outcome", outcome, err, db.Outcome{Checkout: opened, Orders: []billing.Order{bought}, Subscriptions: []billing.Subscription{subscribed}})
}
