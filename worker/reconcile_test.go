package worker

import (
	"slices"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// TestWebhooksOff (R1): nothing is ever delivered, and the mirror is right all the same.
func TestWebhooksOff(t *testing.T) {
	s := newStage(t, true)
	s.stand()
	ctx := t.Context()
	s.step("reconcile")
	products, err := s.Store.Products(ctx)
	if err != nil || len(products) != len(s.twin.Engine.Products()) {
		t.Fatalf("%d products (%v), want the provider's %d", len(products), err, len(s.twin.Engine.Products()))
	}

	me := s.signUp("sam@example.com") // a customer of fourteen months, never linked
	s.step(db.JobCreateCustomer)
	s.step(db.JobReconcileCustomer)
	known, err := s.Store.ProviderCustomer(ctx, "polar", me)
	if err != nil {
		t.Fatalf("Sam is not linked: %v (%+v)", err, s.trouble())
	}
	s.wantMirror(me, known.ProviderID)

	// Something changes at the provider and nobody tells us.
	theirs := s.twin.Engine.SubscriptionsOf(known.ProviderID)
	if _, err := s.twin.Engine.CancelSubscription(ctx, theirs[0].ID, twin.Cancellation{}); err != nil {
		t.Fatal(err)
	}
	if n := s.step("reconcile"); n != 0 {
		t.Errorf("%d passes before the copy is old, want none", n)
	}
	s.later(DefaultReconcileEvery + time.Second)
	if n := s.step("reconcile"); n != 1 {
		t.Errorf("%d passes when the copy is old, want 1", n)
	}
	s.wantMirror(me, known.ProviderID)
	states, err := s.Store.SyncStates(ctx, me)
	if err != nil || len(states) != 1 || s.now().Sub(states[0].SyncedAt) > time.Minute || states[0].Error != "" {
		t.Errorf("sync states %+v (%v), want one just now", states, err)
	}
}

// wantMirror compares what the mirror has of a customer with the provider.
func (s *stage) wantMirror(me, providerCustomerID string) {
	s.t.Helper()
	ctx := s.t.Context()
	subscriptions, err := s.Store.Subscriptions(ctx, me)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, theirs := range s.twin.Engine.SubscriptionsOf(providerCustomerID) {
		i := slices.IndexFunc(subscriptions, func(ours billing.Subscription) bool { return ours.ProviderID == theirs.ID })
		if i < 0 || subscriptions[i].CancelAtPeriodEnd != theirs.CancelAtPeriodEnd {
			s.t.Errorf("subscription %s is not as the provider has it: %+v", theirs.ID, subscriptions)
		}
	}
	orders, _, err := s.Store.Orders(ctx, me, db.Page{Size: 100})
	if want := s.twin.Engine.OrdersOf(providerCustomerID); err != nil || len(orders) != len(want) || len(want) == 0 {
		s.t.Errorf("%d orders (%v), want %d", len(orders), err, len(want))
	}
	grants, err := s.Store.Grants(ctx, me)
	if want := s.twin.Engine.GrantsOf(providerCustomerID); err != nil || len(grants) != len(want) || len(want) == 0 {
		s.t.Errorf("%d grants (%v), want %d", len(grants), err, len(want))
	}
	balances, err := s.Store.Balances(ctx, me)
	if want := s.twin.Engine.MetersOf(providerCustomerID); err != nil || len(balances) != len(want) {
		s.t.Errorf("%d balances (%v), want %d", len(balances), err, len(want))
	}
}

// TestAFailedReadingSaysSo: the last good time stays, the reason is shown, nothing is
// deleted, and the next reading heals.
func TestAFailedReadingSaysSo(t *testing.T) {
	t.Parallel()
	s := newStage(t, true)
	ctx := t.Context()
	me := s.signUp("sam@example.com")
	s.step(db.JobCreateCustomer)
	s.step(db.JobReconcileCustomer)
	known, err := s.Store.ProviderCustomer(ctx, "polar", me)
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.Store.SyncStates(ctx, me)
	if err != nil || len(before) != 1 {
		t.Fatalf("sync states %+v (%v)", before, err)
	}
	for _, fault := range []twin.Fault{{Kind: "status", Status: 503, RetryAfter: 60}, {Kind: "html"}, {Kind: "cut"}} {
		s.strike(fault)
		if err := s.Store.Enqueue(ctx, db.Job{Kind: db.JobReconcileCustomer, Key: me, CustomerID: me}, time.Time{}, s.now()); err != nil {
			t.Fatal(err)
		}
		s.step(db.JobReconcileCustomer)
		after, err := s.Store.SyncStates(ctx, me)
		if err != nil || !after[0].SyncedAt.Equal(before[0].SyncedAt) || after[0].Error == "" {
			t.Errorf("%s: sync states %+v (%v), want the old time and a reason", fault.Kind, after, err)
		}
		s.wantMirror(me, known.ProviderID)
		s.twin.Engine.ClearFaults()
		s.later(time.Hour)
	}
	s.step(db.JobReconcileCustomer)
	after, err := s.Store.SyncStates(ctx, me)
	if err != nil || !after[0].SyncedAt.After(before[0].SyncedAt) || after[0].Error != "" {
		t.Errorf("healed: sync states %+v (%v), want a new time and no reason", after, err)
	}
}

// TestACheckoutSettlesAlone: the page is closed and the webhook lost.
func TestACheckoutSettlesAlone(t *testing.T) {
	s := newStage(t, true)
	ctx := t.Context()
	me := s.signUp("noor@example.com")
	s.step(db.JobCreateCustomer)
	s.step(db.JobReconcileCustomer)
	known, err := s.Store.ProviderCustomer(ctx, "polar", me)
	if err != nil {
		t.Fatal(err)
	}
	free := s.product("free")
	opened, err := s.Provider.CreateCheckout(ctx, billing.CheckoutRequest{
		ProviderProductID: free, CustomerID: me, ProviderCustomerID: known.ProviderID, SuccessURL: "http://localhost/checkout/success",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.SaveCheckout(ctx, me, opened, s.now()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.twin.Engine.ConfirmCheckout(ctx, opened.ProviderID, twin.CheckoutEdit{}, ""); err != nil {
		t.Fatal(err)
	}
	s.step("unsettled")
	if got, err := s.Store.Checkout(ctx, me, opened.ProviderID); err != nil || got.Status != billing.CheckoutOpen {
		t.Errorf("a young checkout was asked about: %+v (%v)", got, err)
	}
	s.later(unsettledAge + time.Second)
	s.step("unsettled")
	s.step(db.JobReconcileCustomer)
	outcome, err := s.Store.CheckoutOutcome(ctx, me, opened.ProviderID)
	if err != nil || outcome.Checkout.Status != billing.CheckoutSucceeded || len(outcome.Orders)+len(outcome.Subscriptions) == 0 {
		t.Errorf("outcome %+v (%v), want it succeeded with what was bought", outcome, err)
	}
}

// product is the provider's id of the product with a slug.
func (s *stage) product(slug string) string {
	s.t.Helper()
	catalog, err := s.Provider.Catalog(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, object := range catalog {
		if p, ok := object.(billing.Product); ok && p.Slug == slug {
			return p.ProviderID
		}
	}
	s.t.Fatalf("no product %s", slug)
	return ""
}
