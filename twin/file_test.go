package twin

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"
)

// TestReopen: everything is found again, the clock included, and work that fell due is done.
func TestReopen(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product(Month, 2000, []string{w.credits(100, true)}), "ada@example.com")
	w.use(done.Checkout.CustomerID, "30")
	w.pass(began.Add(24 * time.Hour))
	before, clock := w.data, w.Now()
	must(t, w.Close())
	w.open()
	if !w.Now().Equal(clock) {
		t.Errorf("clock %v, want %v", w.Now(), clock)
	}
	same(t, before.customers, w.data.customers)
	same(t, before.products, w.data.products)
	same(t, before.checkouts, w.data.checkouts)
	same(t, before.orders, w.data.orders)
	same(t, before.subscriptions, w.data.subscriptions)
	same(t, before.grants, w.data.grants)
	same(t, before.events, w.data.events)
	same(t, before.customerMeters, w.data.customerMeters)
	same(t, before.webhookEvents, w.data.webhookEvents)
	w.pass(w.subscription(done).PeriodEnd)
	if m := w.standing(done.Checkout.CustomerID); m.Credited != 170 {
		t.Errorf("credited %d after the renewal, want 170", m.Credited)
	}
}

// same compares two tables as they are written.
func same[T any](t *testing.T, a, b *table[T]) {
	t.Helper()
	before, after := ok(json.Marshal(a.all()))(t), ok(json.Marshal(b.all()))(t)
	if !bytes.Equal(before, after) {
		t.Errorf("%s differs after reopening:\n%s\n%s", a.kind, before, after)
	}
}

// TestFailedOperationLeavesNothing: an operation is all or nothing, in memory and in the file.
func TestFailedOperationLeavesNothing(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product(Month, 2000, []string{w.credits(100, true)}), "ada@example.com")
	broken := errors.New("broken in the middle")
	counts := w.Summary()
	err := w.write(t.Context(), func(x *tx) error {
		sub := *x.subscriptions.rows[done.Checkout.SubscriptionID]
		if err := x.endSubscription(sub, Cancellation{}, true); err != nil {
			return err
		}
		if _, err := x.createCustomer(CustomerInput{Email: nonEmpty("bob@example.com")}); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		if got := w.Summary(); !reflect.DeepEqual(got, counts) {
			t.Errorf("%s: %+v, want %+v", when, got, counts)
		}
		if sub := w.subscription(done); sub.Status != Active {
			t.Errorf("%s: subscription is %s", when, sub.Status)
		}
		if m := w.standing(done.Checkout.CustomerID); m.Credited != 100 {
			t.Errorf("%s: credited %d", when, m.Credited)
		}
	}
	check("in memory")
	must(t, w.Close())
	w.open()
	check("in the file")
	email := "bob@example.com"
	ok(w.CreateCustomer(t.Context(), CustomerInput{Email: &email}))(t)
}
