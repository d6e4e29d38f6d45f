package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/twin"
)

// orders are all orders of n things.
func orders(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var list [][]int
	for _, shorter := range orders(n - 1) {
		for at := range n {
			order := append(append(append([]int{}, shorter[:at]...), n-1), shorter[at:]...)
			list = append(list, order)
		}
	}
	return list
}

// polarData is an object as Polar's webhooks show it, with changes.
func polarData(t testing.TB, kind string, changes map[string]any) map[string]any {
	t.Helper()
	raw, err := os.ReadFile("../billing/polar/testdata/" + kind + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var data map[string]any
	if err := json.Unmarshal(raw, &data); err != nil {
		t.Fatal(err)
	}
	for name, value := range changes {
		data[name] = value
	}
	return data
}

// TestW13NothingComesBackByAWebhook: in whatever order deliveries about a deletion or a
// revocation and what came before it arrive, and some of them twice, what is gone stays
// gone: while the provider answers, and while only the payloads count. A deletion is for
// ever, whatever version a later update claims; a revoked subscription is not revived by an
// older copy, its own or one inside an order.
func TestW13NothingComesBackByAWebhook(t *testing.T) {
	for name, down := range map[string]bool{"the provider answers": false, "the provider is down": true} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, false)
			told := s.listen(s.now().Add(-time.Hour))
			me := s.signUp("noor@example.com")
			buyer := s.has("noor@example.com", me)
			s.deliver("buyer", "customer.created", s.customerRef(buyer), customerData(buyer, "Noor", buyer.CreatedAt))
			s.step("inbox")
			began := s.now().Add(-time.Hour).Truncate(time.Second)
			for i := range orders(4) {
				s.has(fmt.Sprintf("gone%d@example.com", i), "")
			}
			gone := s.twin.Engine.Customers()
			if down {
				s.Provider = silent{s.Provider}
			}
			for i, order := range orders(4) {
				s.deliverDeletion(gone[len(gone)-1-i], order, i)
				s.deliverRevocation(buyer, order, i, began)
			}
			s.step("inbox")
			s.step("hook go")
			if n := s.alive(billing.KindCustomer); n != 1 {
				t.Errorf("%d customers live, want the buyer alone", n)
			}
			subs, err := s.Store.Subscriptions(t.Context(), me)
			if err != nil || len(subs) != len(orders(4)) {
				t.Fatalf("%d subscriptions (%v), want %d", len(subs), err, len(orders(4)))
			}
			for _, sub := range subs {
				if sub.Status != billing.Canceled || sub.Live() {
					t.Errorf("subscription %s is %s, want it revoked", sub.ProviderID, sub.Status)
				}
			}
			for factType, want := range map[string]int{"customer.deleted": 24, "subscription.revoked": 24} {
				if n := told.told(factType); n != want {
					t.Errorf("%d calls for %s, want %d", n, factType, want)
				}
			}
			if parked, waiting := s.backlog("parked"), s.backlog("waiting"); parked+waiting > 0 {
				t.Errorf("%d deliveries are parked and %d wait", parked, waiting)
			}
		})
	}
}

// silent is the real provider when no object can be read from it.
type silent struct{ billing.Provider }

func (silent) Fetch(context.Context, billing.Ref) (billing.Object, error) {
	return nil, fmt.Errorf("connection refused: %w", billing.ErrProvider)
}

// deliverDeletion tells the life of a customer in some order: made, changed, deleted, and
// changed again by an update that claims to be newer than the deletion.
func (s *stage) deliverDeletion(c twin.Customer, order []int, number int) {
	s.t.Helper()
	life := []struct {
		kind string
		data map[string]any
	}{
		{"customer.created", customerData(c, "Made", c.CreatedAt)},
		{"customer.updated", customerData(c, "Changed", c.CreatedAt.Add(time.Minute))},
		{"customer.deleted", customerData(c, "Gone", c.CreatedAt.Add(2*time.Minute))},
		{"customer.updated", customerData(c, "Late", c.CreatedAt.Add(time.Hour))},
	}
	for at, step := range order {
		s.deliver(fmt.Sprintf("customer %d.%d", number, at), life[step].kind, s.customerRef(c), life[step].data)
	}
}

// deliverRevocation tells the life of a subscription in some order: begun, changed,
// revoked; and the order that paid for it, with the copy of when it was active inside.
// The change comes once more in the end, from another endpoint.
func (s *stage) deliverRevocation(buyer twin.Customer, order []int, number int, began time.Time) {
	s.t.Helper()
	id := fmt.Sprintf("subscription-%d", number)
	at := func(minutes int) string {
		return began.Add(time.Duration(minutes) * time.Minute).UTC().Format(time.RFC3339Nano)
	}
	sub := func(modified int, changes map[string]any) map[string]any {
		data := polarData(s.t, "subscription", map[string]any{
			"id": id, "customer_id": buyer.ID, "created_at": at(0), "started_at": at(0), "modified_at": at(modified), "status": "active",
			"cancel_at_period_end": false, "canceled_at": nil, "ends_at": nil, "ended_at": nil, "customer_cancellation_reason": nil,
		})
		for name, value := range changes {
			data[name] = value
		}
		return data
	}
	subRef := billing.Ref{Provider: "polar", Kind: billing.KindSubscription, ProviderID: id}
	orderRef := billing.Ref{Provider: "polar", Kind: billing.KindOrder, ProviderID: "order-of-" + id}
	active := sub(2, nil)
	revoked := sub(3, map[string]any{"status": "canceled", "canceled_at": at(3), "ends_at": at(3), "ended_at": at(3)})
	life := []struct {
		kind string
		ref  billing.Ref
		data map[string]any
	}{
		{"subscription.created", subRef, sub(1, nil)},
		{"subscription.updated", subRef, active},
		{"subscription.revoked", subRef, revoked},
		{"order.paid", orderRef, polarData(s.t, "order", map[string]any{
			"id": orderRef.ProviderID, "customer_id": buyer.ID, "subscription_id": id, "modified_at": at(9), "subscription": active,
		})},
	}
	for at, step := range order {
		s.deliver(fmt.Sprintf("subscription %d.%d", number, at), life[step].kind, life[step].ref, life[step].data)
	}
	s.deliver(fmt.Sprintf("subscription %d again", number), "subscription.updated", subRef, active)
}
