package db_test

import (
	"errors"
	"testing"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// worded is a subscription that was read from the provider.
func worded(status billing.Status, version int64, raw string) billing.Subscription {
	s := subscription(status, version)
	s.Raw = raw
	return s
}

// TestRawFollowsVersions: an object in the provider's words is the one that the mirror
// holds, whatever the order of arrival, and its stamp moves with it.
func TestRawFollowsVersions(t *testing.T) {
	store := dbtest.Open(t)
	me := person(t, store, "noor@example.com")
	customer := payer("cus_1", me, 1)
	customer.Raw = `{"id":"cus_1"}`
	apply(t, store, billing.Change{Object: customer})
	last := db.CustomerStamp{}
	for _, step := range []struct {
		name    string
		arrives billing.Subscription
		want    string
		moves   bool
	}{
		{"the first", worded(billing.Active, 5, `{"v":5}`), `{"v":5}`, true},
		{"the same again", worded(billing.Active, 5, `{"v":5}`), `{"v":5}`, false},
		{"an older one", worded(billing.Active, 4, `{"v":4}`), `{"v":5}`, false},
		{"a part that has no time of its own", worded(billing.Active, 5, `{"v":5,"meters":1}`), `{"v":5,"meters":1}`, true},
		{"a newer one", worded(billing.Canceled, 6, `{"v":6}`), `{"v":6}`, true},
		{"of one instant, and not taken", worded(billing.Active, 6, `{"v":"6 before"}`), `{"v":6}`, false},
		{"without words", worded(billing.Canceled, 7, ""), `{"v":6}`, false},
	} {
		apply(t, store, billing.Change{Object: step.arrives})
		list, total, err := store.RawSubscriptions(t.Context(), "polar", "cus_1", nil, db.Cut{Number: 1, Size: 10})
		if err != nil || total != 1 || len(list) != 1 || list[0].Body != step.want {
			t.Errorf("%s: %+v of %d (%v), want %s", step.name, list, total, err, step.want)
		}
		stamp, err := store.CustomerStamp(t.Context(), "polar", me)
		if err != nil || (stamp != last) != step.moves {
			t.Errorf("%s: stamp %+v after %+v (%v), moves: want %v", step.name, stamp, last, err, step.moves)
		}
		last = stamp
	}
	apply(t, store, billing.Change{Object: customer, Deleted: true})
	if _, err := store.RawCustomer(t.Context(), "polar", "cus_1"); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("a deleted customer still has words: %v", err)
	}
	if _, err := store.CustomerStamp(t.Context(), "polar", me); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("a deleted customer still has a stamp: %v", err)
	}
}

// TestRawIsRefilled: copies from before their words were kept are not shown as fewer than
// they are, and the next reading of an unchanged object brings its words.
func TestRawIsRefilled(t *testing.T) {
	store := dbtest.Open(t)
	me := person(t, store, "noor@example.com")
	old := order(billing.OrderPaid, 0, 5)
	apply(t, store, billing.Change{Object: payer("cus_1", me, 1)})
	apply(t, store, billing.Change{Object: old})
	cut := db.Cut{Number: 1, Size: 10}
	if list, _, err := store.RawOrders(t.Context(), "polar", "cus_1", nil, cut); !errors.Is(err, billing.ErrProvider) {
		t.Errorf("%+v (%v), want that it is not copied yet", list, err)
	}
	read := old
	read.Raw = `{"id":"ord_1"}`
	for i, want := range []int{1, 0} {
		got, err := store.ApplyReading(t.Context(), db.Reading{Objects: []billing.Object{read}}, nine)
		if err != nil || got.Written != want || got.Changed != 0 {
			t.Errorf("reading %d: %+v (%v), want %d written and nothing changed", i, got, err, want)
		}
	}
	for _, tt := range []struct {
		recurring *bool
		want      int
	}{{nil, 1}, {new(bool), 1}, {yes(), 0}} {
		list, total, err := store.RawOrders(t.Context(), "polar", "cus_1", tt.recurring, cut)
		if err != nil || total != tt.want || len(list) != tt.want || tt.want == 1 && list[0].Body != read.Raw {
			t.Errorf("%+v of %d (%v), want %d", list, total, err, tt.want)
		}
	}
	if err := store.ForgetRawOfCustomer(t.Context(), "polar", "cus_1"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.RawOrders(t.Context(), "polar", "cus_1", nil, cut); !errors.Is(err, billing.ErrProvider) {
		t.Errorf("words that were forgotten are there: %v", err)
	}
}

func yes() *bool { b := true; return &b }

// TestRawByReference: subscriptions are found by whom they are for, whoever pays.
func TestRawByReference(t *testing.T) {
	store := dbtest.Open(t)
	mine := worded(billing.Active, 5, `{"id":"sub_1"}`)
	mine.ReferenceID = "org-1"
	over := worded(billing.Canceled, 5, `{"id":"sub_2"}`)
	over.ProviderID, over.ProviderCustomerID, over.ReferenceID = "sub_2", "cus_2", "org-1"
	nobodys := worded(billing.Active, 5, `{"id":"sub_3"}`)
	nobodys.ProviderID = "sub_3"
	for _, s := range []billing.Subscription{mine, over, nobodys} {
		apply(t, store, billing.Change{Object: s})
	}
	for _, tt := range []struct {
		reference string
		live      *bool
		want      int
	}{{"org-1", nil, 2}, {"org-1", yes(), 1}, {"org-1", new(bool), 1}, {"org-2", nil, 0}, {"", nil, 0}} {
		list, total, err := store.RawSubscriptionsFor(t.Context(), "polar", tt.reference, tt.live, db.Cut{Number: 1, Size: 10})
		if err != nil || total != tt.want || len(list) != tt.want {
			t.Errorf("for %q: %+v of %d (%v), want %d", tt.reference, list, total, err, tt.want)
		}
	}
	if list, total, err := store.RawSubscriptionsFor(t.Context(), "polar", "org-1", nil, db.Cut{Number: 2, Size: 1}); err != nil || total != 2 || len(list) != 1 {
		t.Errorf("the second page: %+v of %d (%v)", list, total, err)
	}
}
