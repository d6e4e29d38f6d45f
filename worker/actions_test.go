package worker

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// sam signs the twin's customer of fourteen months in and copies what he has. It returns
// his id and a subscription that lives.
func (s *stage) sam() (me string, sub billing.Subscription) {
	s.t.Helper()
	s.step("reconcile")
	s.step(db.JobReconcileCatalog)
	me = s.signUp("sam@example.com")
	s.step(db.JobCreateCustomer)
	s.step(db.JobReconcileCustomer)
	subs, err := s.Store.Subscriptions(s.t.Context(), me)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, sub := range subs {
		if sub.Live() && !sub.CancelAtPeriodEnd {
			return me, sub
		}
	}
	s.t.Fatal("Sam has no subscription that lives")
	return "", sub
}

// ask keeps a wish of Sam's.
func (s *stage) ask(me string, sub billing.Subscription, kind billing.ActionKind) billing.Action {
	s.t.Helper()
	a, err := s.Store.Ask(s.t.Context(), billing.Action{Kind: kind, Object: sub.Ref(), CustomerID: me, AskedBy: me}, s.now())
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *stage) stateOf(a billing.Action) billing.ActionState {
	s.t.Helper()
	now, err := s.Store.Action(s.t.Context(), a.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return now.State
}

// counts counts what is asked of the provider in each verb.
type asked struct {
	billing.Provider
	cancels, refunds int
	lookups          int
}

func (c *asked) CancelSubscription(ctx context.Context, id string, why billing.Cancellation) (billing.Subscription, error) {
	c.cancels++
	return c.Provider.CancelSubscription(ctx, id, why)
}

func (c *asked) CreateRefund(ctx context.Context, r billing.RefundRequest) (billing.Refund, error) {
	c.refunds++
	return c.Provider.CreateRefund(ctx, r)
}

func (c *asked) Refunds(ctx context.Context, id string) ([]billing.Refund, error) {
	c.lookups++
	return c.Provider.Refunds(ctx, id)
}

// TestActionIsDoneOnceWhateverTheProviderAnswers: what is asked for happens once, through
// outages and lost answers, and is asked for again only when it certainly did not happen.
func TestActionIsDoneOnceWhateverTheProviderAnswers(t *testing.T) {
	const path = "/v1/subscriptions/"
	tests := []struct {
		name    string
		fault   *twin.Fault
		cancels int
	}{
		{"it answers", nil, 1},
		{"the answer is lost", &twin.Fault{Kind: "lost", Method: "PATCH", Path: path, Count: 1}, 1},
		{"half of the answer", &twin.Fault{Kind: "truncated", Method: "PATCH", Path: path, Count: 1}, 1},
		{"cut before it was done", &twin.Fault{Kind: "cut", Method: "PATCH", Path: path, Count: 1}, 2},
		{"failing three times", &twin.Fault{Kind: "status", Status: 503, Method: "PATCH", Path: path, Count: 3}, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, true)
			me, sub := s.sam()
			count := &asked{Provider: s.Provider}
			s.Provider = count
			if tt.fault != nil {
				s.strike(*tt.fault)
			}
			a := s.ask(me, sub, billing.ActionCancel)
			for range 6 {
				s.step(db.JobAction)
				s.later(time.Hour)
			}
			if state := s.stateOf(a); state != billing.ActionDone || count.cancels != tt.cancels {
				t.Errorf("%s after %d requests, want done after %d", state, count.cancels, tt.cancels)
			}
			mirrored, err := s.Store.Subscription(t.Context(), me, sub.ProviderID)
			if err != nil || !mirrored.CancelAtPeriodEnd {
				t.Errorf("the mirror has %+v, %v; want the cancellation", mirrored, err)
			}
		})
	}
}

// TestActionThatDiedIsLookedUp: a process that dies after the provider accepted, before
// it wrote that down, asks nothing again.
func TestActionThatDiedIsLookedUp(t *testing.T) {
	s := newStage(t, true)
	me, sub := s.sam()
	count := &asked{Provider: s.Provider}
	s.Provider = count
	a := s.ask(me, sub, billing.ActionCancel)
	if err := s.Store.BeginAction(t.Context(), a.ID, s.now()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Provider.CancelSubscription(t.Context(), sub.ProviderID, billing.Cancellation{}); err != nil {
		t.Fatal(err)
	}
	s.step(db.JobAction)
	if state := s.stateOf(a); state != billing.ActionDone || count.cancels != 1 {
		t.Errorf("%s after %d requests, want done after 1", state, count.cancels)
	}
}

// TestActionWaitsForTheProvider: asked for while the provider is down, it is kept, can be
// taken back, counts once however often it is asked for, and stands in the way of its
// opposite until then.
func TestActionWaitsForTheProvider(t *testing.T) {
	s := newStage(t, true)
	me, sub := s.sam()
	for range circuitFailures {
		s.circuit.leave(billing.ErrProvider, s.now()) // it is not even asked any more
	}
	first := s.ask(me, sub, billing.ActionCancel)
	s.step(db.JobAction)
	if again := s.ask(me, sub, billing.ActionCancel); again.ID != first.ID || again.Reason == "" {
		t.Errorf("asked again: %+v, want the one that waits, with the reason", again)
	}
	if _, err := s.Store.Ask(t.Context(), billing.Action{Kind: billing.ActionResume, Object: sub.Ref(), CustomerID: me}, s.now()); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("the opposite meanwhile: %v", err)
	}
	if err := s.Store.WithdrawAction(t.Context(), "somebody else", first.ID, s.now()); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("withdrawn by somebody else: %v", err)
	}
	if err := s.Store.WithdrawAction(t.Context(), me, first.ID, s.now()); err != nil {
		t.Fatal(err)
	}
	s.later(time.Hour)
	s.step(db.JobAction)
	mirrored, err := s.Store.Subscription(t.Context(), me, sub.ProviderID)
	if err != nil || mirrored.CancelAtPeriodEnd || s.stateOf(first) != billing.ActionWithdrawn {
		t.Errorf("after it was taken back: %+v, %v", mirrored, err)
	}
	second := s.ask(me, sub, billing.ActionCancel)
	if err := s.Store.BeginAction(t.Context(), second.ID, s.now()); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.WithdrawAction(t.Context(), me, second.ID, s.now()); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("withdrawn after it had begun: %v", err)
	}
}

// TestActionIsRefused: the provider's no ends it, with its words, and the customer is read
// anew because our copy was behind.
func TestActionIsRefused(t *testing.T) {
	s := newStage(t, true)
	me, sub := s.sam()
	if _, err := s.twin.Engine.RevokeSubscription(t.Context(), sub.ProviderID, twin.Cancellation{}); err != nil {
		t.Fatal(err)
	}
	a := s.ask(me, sub, billing.ActionCancel)
	s.step(db.JobAction)
	if state := s.stateOf(a); state != billing.ActionRefused {
		t.Errorf("state %s, want refused", state)
	}
	s.step(db.JobReconcileCustomer)
	if mirrored, err := s.Store.Subscription(t.Context(), me, sub.ProviderID); err != nil || mirrored.Live() {
		t.Errorf("the mirror has %+v, %v; want the end", mirrored, err)
	}
}

// TestRefundIsGivenOnce: of refunds whose answers are all lost, each gives its money back
// once. The provider has no idempotency key; ours travels in the refund's metadata.
func TestRefundIsGivenOnce(t *testing.T) {
	const refunds = 40
	s := newStage(t, true)
	me, _ := s.sam()
	orders, _, err := s.Store.Orders(t.Context(), me, db.Page{Size: 100})
	if err != nil {
		t.Fatal(err)
	}
	var order billing.Order
	for _, o := range orders {
		if o.Status == billing.OrderPaid && o.Subtotal-o.Discount >= refunds {
			order = o
		}
	}
	if order.ProviderID == "" {
		t.Fatal("Sam has no order to give back")
	}
	count := &asked{Provider: s.Provider}
	s.Provider = count
	for i := range refunds {
		kind := []string{"lost", "truncated", "cut"}[i%3]
		s.strike(twin.Fault{Kind: kind, Method: "POST", Path: "/v1/refunds/", Count: 1})
		a, err := s.Store.Ask(t.Context(), billing.Action{
			Kind: billing.ActionRefund, Object: order.Ref(), CustomerID: me, AskedBy: "operator",
			Refund: billing.RefundRequest{ProviderOrderID: order.ProviderID, Amount: 1, Reason: "customer_request"},
		}, s.now())
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			s.step(db.JobAction)
			s.later(time.Hour)
		}
		if state := s.stateOf(a); state != billing.ActionDone {
			now, _ := s.Store.Action(t.Context(), a.ID)
			t.Fatalf("refund %d after a %s answer: %s %s", i, kind, state, now.Reason)
		}
	}
	given, err := s.Provider.Refunds(t.Context(), order.ProviderID)
	if err != nil || len(given) != refunds {
		t.Fatalf("%d refunds (%v), want %d", len(given), err, refunds)
	}
	keys := map[string]bool{}
	for _, r := range given {
		keys[r.Metadata[billing.RefundKey]] = true
	}
	if len(keys) != refunds {
		t.Errorf("%d keys on %d refunds", len(keys), refunds)
	}
	mirrored, err := s.Store.Order(t.Context(), me, order.ProviderID)
	if err != nil || mirrored.Refunded < refunds {
		t.Errorf("the mirror has %d given back (%v), want %d or more", mirrored.Refunded, err, refunds)
	}
	if most := refunds + refunds/3 + 1; count.refunds > most { // only what was cut is asked for again
		t.Errorf("%d requests for %d refunds", count.refunds, refunds)
	}
}

// slowRefund is a provider whose answer to the first refund is lost, and which is still at
// it: the refund is there when land is called.
type slowRefund struct {
	billing.Provider
	asked int
	land  func()
}

func (p *slowRefund) CreateRefund(ctx context.Context, r billing.RefundRequest) (billing.Refund, error) {
	p.asked++
	if p.asked > 1 {
		return p.Provider.CreateRefund(ctx, r)
	}
	p.land = func() { _, _ = p.Provider.CreateRefund(context.WithoutCancel(ctx), r) }
	return billing.Refund{}, errors.Join(billing.ErrProvider, billing.ErrUnknown)
}

// TestRefundUnderWayIsNotAskedForAgain: a refund whose answer was lost and that is not there
// at the first look is still to come; asking again then would give the money back twice.
func TestRefundUnderWayIsNotAskedForAgain(t *testing.T) {
	for _, lands := range []bool{true, false} {
		s := newStage(t, true)
		me, _ := s.sam()
		orders, _, err := s.Store.Orders(t.Context(), me, db.Page{Size: 100})
		at := slices.IndexFunc(orders, func(o billing.Order) bool { return o.Status == billing.OrderPaid && o.Subtotal-o.Discount > 9 })
		if err != nil || at < 0 {
			t.Fatalf("Sam has no order to give back (%v)", err)
		}
		slow := &slowRefund{Provider: s.Provider}
		s.Provider = slow
		a, err := s.Store.Ask(t.Context(), billing.Action{
			Kind: billing.ActionRefund, Object: orders[at].Ref(), CustomerID: me, AskedBy: "operator",
			Refund: billing.RefundRequest{ProviderOrderID: orders[at].ProviderID, Amount: 1, Reason: "customer_request"},
		}, s.now())
		if err != nil {
			t.Fatal(err)
		}
		s.step(db.JobAction)
		s.later(10 * time.Second)
		s.step(db.JobAction) // looks, and finds nothing
		if lands {
			slow.land()
		}
		for range 3 {
			s.later(2 * time.Minute)
			s.step(db.JobAction)
		}
		given, err := slow.Refunds(t.Context(), orders[at].ProviderID)
		mine := 0
		for _, r := range given {
			if r.Metadata[billing.RefundKey] == a.ID {
				mine++
			}
		}
		if err != nil || mine != 1 || s.stateOf(a) != billing.ActionDone {
			t.Errorf("lands %t: %d refunds (%v), the action is %s; want one, done", lands, mine, err, s.stateOf(a))
		}
	}
}
