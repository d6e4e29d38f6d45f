package db_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

func TestForeignIdsAnswerLikeMissingOnes(t *testing.T) {
	store := dbtest.Open(t)
	mine, other := person(t, store, "noor@example.com"), person(t, store, "eve@example.com")
	apply(t, store, billing.Change{Object: payer("cus_1", mine, 1)}, billing.Change{Object: payer("cus_2", other, 1)},
		billing.Change{Object: subscription(billing.Active, 1)}, billing.Change{Object: order(billing.OrderPaid, 0, 1)},
		billing.Change{Object: billing.Grant{Source: src("gr_1", 1), ProviderCustomerID: "cus_1", Kind: billing.BenefitCustom}},
		billing.Change{Object: billing.Balance{Source: src("cm_1", 1), ProviderCustomerID: "cus_1"}})
	if err := store.SaveCheckout(t.Context(), mine, checkout(billing.CheckoutOpen, 1), nine); err != nil {
		t.Fatal(err)
	}
	reads := map[string]func(customerID, id string) error{
		"subscription": func(c, id string) error { _, err := store.Subscription(t.Context(), c, id); return err },
		"order":        func(c, id string) error { _, err := store.Order(t.Context(), c, id); return err },
		"checkout":     func(c, id string) error { _, err := store.Checkout(t.Context(), c, id); return err },
		"outcome":      func(c, id string) error { _, err := store.CheckoutOutcome(t.Context(), c, id); return err },
	}
	ids := map[string]string{"subscription": "sub_1", "order": "ord_1", "checkout": "co_1", "outcome": "co_1"}
	for name, read := range reads {
		if err := read(mine, ids[name]); err != nil {
			t.Errorf("%s of the owner: %v", name, err)
		}
		foreign, missing, nobody := read(other, ids[name]), read(other, "none"), read("", ids[name])
		if !errors.Is(foreign, billing.ErrNotFound) || !errors.Is(missing, billing.ErrNotFound) || !errors.Is(nobody, billing.ErrNotFound) {
			t.Errorf("%s: foreign %v, missing %v, nobody %v, want not found for all", name, foreign, missing, nobody)
		}
	}
	subscriptions, err1 := store.Subscriptions(t.Context(), other)
	orders, _, err2 := store.Orders(t.Context(), other, db.Page{Size: 9})
	grants, err3 := store.Grants(t.Context(), other)
	balances, err4 := store.Balances(t.Context(), other)
	if err := errors.Join(err1, err2, err3, err4); err != nil || len(subscriptions)+len(orders)+len(grants)+len(balances) > 0 {
		t.Errorf("lists of another customer: %v %v %v %v (%v), want empty", subscriptions, orders, grants, balances, err)
	}
}

func TestOrdersPageByPage(t *testing.T) {
	store := dbtest.Open(t)
	me := person(t, store, "noor@example.com")
	objects := []billing.Object{payer("cus_1", me, 1)}
	for i := range 7 {
		o := order(billing.OrderPaid, 0, 1)
		o.ProviderID = fmt.Sprintf("ord_%d", i)
		o.CreatedAt = nine.Add(time.Duration(i/3) * time.Minute) // three share a moment
		objects = append(objects, o)
	}
	if _, err := store.ApplyAll(t.Context(), objects, nine); err != nil {
		t.Fatal(err)
	}
	var got []string
	for cursor, pages := "", 0; ; pages++ {
		orders, next, err := store.Orders(t.Context(), me, db.Page{Before: cursor, Size: 2})
		if err != nil || pages > 9 {
			t.Fatalf("page %d: %v", pages, err)
		}
		for _, o := range orders {
			got = append(got, o.ProviderID)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if want := "[ord_6 ord_5 ord_4 ord_3 ord_2 ord_1 ord_0]"; fmt.Sprint(got) != want {
		t.Errorf("orders %v, want %s", got, want)
	}
	for _, page := range []db.Page{{Size: 0}, {Size: -1}, {Size: 2, Before: "x"}, {Size: 2, Before: "!.ord"}} {
		if _, _, err := store.Orders(t.Context(), me, page); !errors.Is(err, billing.ErrInvalid) {
			t.Errorf("page %+v: %v, want invalid", page, err)
		}
	}
}

func TestACustomerIsLinkedOnceAndNeverMoved(t *testing.T) {
	store := dbtest.Open(t)
	noor, eve := person(t, store, "noor@example.com"), person(t, store, "eve@example.com")
	linked := func(customerID string) string {
		t.Helper()
		c, err := store.ProviderCustomer(t.Context(), "polar", customerID)
		if errors.Is(err, billing.ErrNotFound) {
			return ""
		}
		if err != nil {
			t.Fatal(err)
		}
		return c.ProviderID
	}
	steps := []struct {
		name        string
		change      billing.Change
		noor, eve   string
		reconciling bool // the step asks for a reading of noor
	}{
		{"nobody's", billing.Change{Object: payer("cus_1", "", 1)}, "", "", false},
		{"an external id that is nobody here", billing.Change{Object: payer("cus_1", "stranger", 2)}, "", "", false},
		{"now noor's", billing.Change{Object: payer("cus_1", noor, 3)}, "cus_1", "", true},
		{"again", billing.Change{Object: payer("cus_1", noor, 4)}, "cus_1", "", false},
		{"said to be eve's", billing.Change{Object: payer("cus_1", eve, 5)}, "cus_1", "", false},
		{"a second one claims noor", billing.Change{Object: payer("cus_2", noor, 1)}, "cus_1", "", false},
		{"the first is deleted", billing.Change{Object: payer("cus_1", noor, 6), Deleted: true}, "", "", false},
		{"the second claims again", billing.Change{Object: payer("cus_2", noor, 1)}, "cus_2", "", true},
	}
	for _, step := range steps {
		drain(t, store)
		apply(t, store, step.change)
		if gotNoor, gotEve := linked(noor), linked(eve); gotNoor != step.noor || gotEve != step.eve {
			t.Errorf("%s: noor is %q and eve %q, want %q and %q", step.name, gotNoor, gotEve, step.noor, step.eve)
		}
		if jobs := drain(t, store); (len(jobs) > 0) != step.reconciling {
			t.Errorf("%s: jobs %v, want a reading: %v", step.name, jobs, step.reconciling)
		}
	}
}

// drain does the waiting readings and answers their keys.
func drain(t *testing.T, store *db.Store) (keys []string) {
	t.Helper()
	for _, kind := range []string{db.JobReconcileCustomer, db.JobSyncCredits} {
		for {
			job, err := store.ClaimJob(t.Context(), kind, nine.Add(time.Hour), nine.Add(time.Minute))
			if errors.Is(err, billing.ErrNotFound) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := store.CompleteJob(t.Context(), job, nine); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, job.Kind+" "+job.Key)
		}
	}
	return keys
}

func TestCreditsThatMovedAreRead(t *testing.T) {
	store := dbtest.Open(t)
	me := person(t, store, "noor@example.com")
	grant := billing.Change{Object: billing.Grant{Source: src("gr_1", 1), ProviderCustomerID: "cus_1", Kind: billing.BenefitCredits}, CreditsMoved: true}
	apply(t, store, grant)
	if jobs := drain(t, store); len(jobs) > 0 {
		t.Errorf("jobs %v for a customer who is nobody here, want none", jobs)
	}
	apply(t, store, billing.Change{Object: payer("cus_1", me, 1)})
	drain(t, store)
	apply(t, store, grant)
	if jobs := drain(t, store); fmt.Sprint(jobs) != "[sync_credits polar/cus_1]" {
		t.Errorf("jobs %v, want the credits of polar/cus_1", jobs)
	}
}

func TestACheckoutKeepsWhoOpenedIt(t *testing.T) {
	store := dbtest.Open(t)
	me := person(t, store, "noor@example.com")
	// The webhook overtakes the answer of the provider and already knows more.
	apply(t, store, billing.Change{Object: checkout(billing.CheckoutConfirmed, 5)})
	if err := store.SaveCheckout(t.Context(), me, checkout(billing.CheckoutOpen, 1), nine); err != nil {
		t.Fatal(err)
	}
	apply(t, store, billing.Change{Object: checkout(billing.CheckoutSucceeded, 6)})
	if err := store.SaveCheckout(t.Context(), "somebody else", checkout(billing.CheckoutOpen, 1), nine); err != nil {
		t.Fatal(err)
	}
	got, err := store.Checkout(t.Context(), me, "co_1")
	if err != nil || got.Status != billing.CheckoutSucceeded {
		t.Errorf("checkout %+v (%v), want it mine and succeeded", got, err)
	}
}
