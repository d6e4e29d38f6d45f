package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/twin"
)

// deliver puts a webhook into the inbox.
func (s *stage) deliver(id, kind string, ref billing.Ref, data any) {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"type": kind, "timestamp": s.now().UTC().Format(time.RFC3339Nano), "data": data})
	if err != nil {
		s.t.Fatal(err)
	}
	d := billing.Delivery{Provider: s.Provider.Name(), ID: id, Type: kind, SentAt: s.now(), Body: body, Object: ref}
	if _, err := s.Store.Receive(s.t.Context(), d, "/webhooks/polar", s.now()); err != nil {
		s.t.Fatal(err)
	}
}

// customerData is a customer as Polar's webhooks show it.
func customerData(c twin.Customer, name string, modified time.Time) map[string]any {
	return map[string]any{
		"id": c.ID, "created_at": c.CreatedAt.Format(time.RFC3339Nano), "modified_at": modified.Format(time.RFC3339Nano),
		"email": c.Email, "email_verified": true, "external_id": c.ExternalID, "name": name, "type": "individual",
		"metadata": map[string]any{}, "deleted_at": nil, "organization_id": "org", "avatar_url": "",
	}
}

func (s *stage) customerRef(c twin.Customer) billing.Ref {
	return billing.Ref{Provider: s.Provider.Name(), Kind: billing.KindCustomer, ProviderID: c.ID}
}

// nameOf is the customer's name in the mirror; empty if he is not there.
func (s *stage) nameOf(customerID string) string {
	s.t.Helper()
	c, err := s.Store.ProviderCustomer(s.t.Context(), s.Provider.Name(), customerID)
	if err != nil && !errors.Is(err, billing.ErrNotFound) {
		s.t.Fatal(err)
	}
	return c.Name
}

func TestInbox(t *testing.T) {
	tests := []struct {
		name    string
		arrive  func(s *stage, c twin.Customer)
		want    string // the name in the mirror
		waiting int    // deliveries that are not done
	}{
		{"the object is read anew: an old payload does no harm", func(s *stage, c twin.Customer) {
			s.deliver("d1", "customer.updated", s.customerRef(c), customerData(c, "Old", c.CreatedAt.Add(-time.Hour)))
		}, "Now", 0},
		{"the provider is down: the payload counts", func(s *stage, c twin.Customer) {
			s.strike(twin.Fault{Kind: "status", Status: 503, RetryAfter: 60})
			s.deliver("d1", "customer.updated", s.customerRef(c), customerData(c, "Payload", time.Now()))
		}, "Payload", 0},
		{"the provider hangs behind: the newer payload counts", func(s *stage, c twin.Customer) {
			s.deliver("d1", "customer.updated", s.customerRef(c), customerData(c, "Newer", time.Now().Add(time.Hour)))
		}, "Newer", 0},
		{"gone there, not deleted here: the payload counts", func(s *stage, c twin.Customer) {
			if err := s.twin.Engine.DeleteCustomer(s.t.Context(), c.ID, false); err != nil {
				s.t.Fatal(err)
			}
			s.deliver("d1", "customer.updated", s.customerRef(c), customerData(c, "Payload", time.Now()))
		}, "Payload", 0},
		{"deletion, then an update that came late", func(s *stage, c twin.Customer) {
			s.deliver("d1", "customer.deleted", s.customerRef(c), customerData(c, "Deleted", time.Now()))
			s.deliver("d2", "customer.updated", s.customerRef(c), customerData(c, "Late", time.Now().Add(time.Hour)))
		}, "", 0},
		{"an unknown type is kept and done", func(s *stage, c twin.Customer) {
			s.deliver("d1", "parcel.teleported", billing.Ref{}, map[string]any{"id": "x"})
		}, "", 0},
		{"a poisonous one does not hold up the others", func(s *stage, c twin.Customer) {
			s.deliver("d1", "customer.updated", s.customerRef(c), map[string]any{"id": c.ID, "created_at": []int{1}})
			s.deliver("d2", "customer.updated", s.customerRef(c), customerData(c, "Good", time.Now()))
		}, "Good", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, false)
			me := s.signUp("noor@example.com")
			c := s.has("noor@example.com", me)
			name := "Now"
			c, err := s.twin.Engine.UpdateCustomer(t.Context(), c.ID, twin.CustomerInput{Name: &name})
			if err != nil {
				t.Fatal(err)
			}
			tt.arrive(s, c)
			s.step("inbox")
			if got := s.nameOf(me); got != tt.want {
				t.Errorf("the mirror has %q, want %q", got, tt.want)
			}
			if got := s.backlog("waiting"); got != tt.waiting {
				t.Errorf("%d deliveries wait, want %d", got, tt.waiting)
			}
		})
	}
}

// backlog counts deliveries in a state.
func (s *stage) backlog(state string) int {
	s.t.Helper()
	list, err := s.Store.InboxBacklog(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, b := range list {
		if b.State == state {
			return b.Count
		}
	}
	return 0
}

// TestW10PoisonIsParked: eight tries, then set aside and visible; an operator's
// retry gives it all its tries again.
func TestW10PoisonIsParked(t *testing.T) {
	s := newStage(t, false)
	c := s.has("noor@example.com", "")
	s.deliver("d1", "customer.updated", s.customerRef(c), map[string]any{"id": c.ID, "created_at": []int{1}})
	for try := 1; try <= inboxTries; try++ {
		if parked := s.backlog("parked"); parked != 0 {
			t.Fatalf("parked before try %d", try)
		}
		s.step("inbox")
		s.later(15 * time.Minute)
	}
	if parked := s.backlog("parked"); parked != 1 {
		t.Errorf("%d parked after %d tries, want 1", parked, inboxTries)
	}
	if done := s.step("inbox"); done != 0 {
		t.Errorf("%d parked deliveries were tried again", done)
	}
}

// TestOnePurchaseIsReadOnce: many deliveries about one object cost one request.
func TestOnePurchaseIsReadOnce(t *testing.T) {
	s := newStage(t, false)
	me := s.signUp("noor@example.com")
	c := s.has("noor@example.com", me)
	counted := &counting{Provider: s.Provider}
	s.Provider = counted
	for i := range 6 {
		s.deliver(fmt.Sprint("d", i), "customer.updated", s.customerRef(c), customerData(c, "Payload", c.CreatedAt))
	}
	s.step("inbox")
	if counted.fetches != 1 || s.backlog("done") != 6 {
		t.Errorf("%d requests for %d deliveries, want 1 for 6", counted.fetches, s.backlog("done"))
	}
}

// counting is the real provider, counting its readings.
type counting struct {
	billing.Provider
	fetches int
	seen    map[billing.Ref]bool
}

func (c *counting) Fetch(ctx context.Context, ref billing.Ref) (billing.Object, error) {
	if c.seen == nil {
		c.seen = map[billing.Ref]bool{}
	}
	c.fetches++
	c.seen[ref] = true
	return c.Provider.Fetch(ctx, ref)
}
