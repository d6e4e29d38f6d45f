package db_test

import (
	"errors"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// paidCheckouts are checkouts of a customer cus_1, and whether he may end, at times after
// nine; each expires an hour after it.
var paidCheckouts = []struct {
	name     string
	checkout billing.Checkout
	with     []billing.Object
	hinders  map[time.Duration]db.HindranceKind // "" for nothing
}{
	{"open", checkout(billing.CheckoutOpen, 2), nil, map[time.Duration]db.HindranceKind{
		time.Minute: db.HinderedByCheckout, 90 * time.Minute: db.HinderedByCheckout, 3 * time.Hour: "",
	}},
	{"its payment is under way", checkout(billing.CheckoutConfirmed, 2), nil, map[time.Duration]db.HindranceKind{
		time.Minute: db.HinderedByCheckout, 3 * time.Hour: db.HinderedByCheckout, 26 * time.Hour: "",
	}},
	{"expired", checkout(billing.CheckoutExpired, 2), nil, map[time.Duration]db.HindranceKind{time.Minute: ""}},
	{"paid, and nothing has come of it yet", checkout(billing.CheckoutSucceeded, 2), nil, map[time.Duration]db.HindranceKind{
		time.Minute: db.HinderedByPurchase, 3 * time.Hour: db.HinderedByPurchase, 26 * time.Hour: "",
	}},
	{"paid, and its order came before its subscription", checkout(billing.CheckoutSucceeded, 2), []billing.Object{boughtBy("sub_1")},
		map[time.Duration]db.HindranceKind{time.Minute: db.HinderedByPurchase, 26 * time.Hour: ""}},
	{"a subscription that has ended since", checkout(billing.CheckoutSucceeded, 2), []billing.Object{endedOf("co_1")},
		map[time.Duration]db.HindranceKind{time.Minute: ""}},
	{"a subscription whose first payment is under way, or never came", checkout(billing.CheckoutSucceeded, 2), []billing.Object{unpaidOf("co_1")},
		map[time.Duration]db.HindranceKind{time.Minute: db.HinderedByOrder, 3 * time.Hour: db.HinderedByOrder, 26 * time.Hour: ""}},
	{"a one-time purchase that is here", checkout(billing.CheckoutSucceeded, 2), []billing.Object{boughtBy("")},
		map[time.Duration]db.HindranceKind{time.Minute: ""}},
	{"an upgrade of a subscription that was there", checkout(billing.CheckoutSucceeded, 2), []billing.Object{boughtBy("sub_1"), endedOf("")},
		map[time.Duration]db.HindranceKind{time.Minute: ""}},
}

func boughtBy(subscriptionID string) billing.Order {
	paid := order(billing.OrderPaid, 0, 2)
	paid.ProviderCheckoutID, paid.ProviderSubscriptionID = "co_1", subscriptionID
	return paid
}

func endedOf(checkoutID string) billing.Subscription {
	ended := subscription(billing.Canceled, 2)
	ended.ProviderCheckoutID, ended.EndedAt = checkoutID, nine
	return ended
}

func unpaidOf(checkoutID string) billing.Subscription {
	unpaid := subscription(billing.Incomplete, 2)
	unpaid.ProviderCheckoutID, unpaid.CreatedAt = checkoutID, nine
	return unpaid
}

// TestNobodyEndsBetweenPaymentAndPurchase: while a checkout can be paid, or was and what it
// bought is not here yet, neither its organisation is deleted nor its buyer erased; the reason
// is told, and it ends by itself.
func TestNobodyEndsBetweenPaymentAndPurchase(t *testing.T) {
	for _, test := range paidCheckouts {
		for after, want := range test.hinders {
			t.Run(test.name+" after "+after.String(), func(t *testing.T) {
				store, now := dbtest.Open(t), nine.Add(after)
				id, people := founded(t, store)
				apply(t, store, billing.Change{Object: payer("cus_1", id, 1)})
				if err := store.SaveCheckout(t.Context(), id, test.checkout, nine); err != nil {
					t.Fatal(err)
				}
				for _, object := range test.with {
					apply(t, store, billing.Change{Object: object})
				}
				reasons, err := store.Running(t.Context(), id, now)
				if err != nil || (len(reasons) > 0) != (want != "") || want != "" && (reasons[0].Kind != want || !reasons[0].Until.After(now) && want != db.HinderedByOrder) {
					t.Errorf("what must end first: %+v (%v), want %q", reasons, err, want)
				}
				plan, err := store.PlanErasure(t.Context(), people[0], now)
				if err != nil || (len(plan.Hindrances) > 0) != (want != "") {
					t.Errorf("its owner is kept by %+v (%v), want %q", plan.Hindrances, err, want)
				}
				err = store.DeleteOrganization(t.Context(), id, people[0], now)
				if want == "" && err != nil || want != "" && !errors.Is(err, billing.ErrConflict) {
					t.Errorf("deleting it: %v, want %q", err, want)
				}
			})
		}
	}
}

// TestADeletedOrganizationOpensNoCheckout: one that was asked for while its organisation
// was deleted is never shown to anybody, so it cannot be paid.
func TestADeletedOrganizationOpensNoCheckout(t *testing.T) {
	store := dbtest.Open(t)
	id, people := founded(t, store)
	if err := store.DeleteOrganization(t.Context(), id, people[0], foundedAt); err != nil {
		t.Fatal(err)
	}
	if err := store.SaveCheckout(t.Context(), id, checkout(billing.CheckoutOpen, 2), nine); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("a checkout of a deleted organisation: %v, want a conflict", err)
	}
}
