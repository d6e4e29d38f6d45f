package worker

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// Every event made here reaches the provider exactly once, or is kept with a reason.
func TestSendUsage(t *testing.T) {
	ingest := "/v1/events/ingest"
	tests := []struct {
		name   string
		events int
		before func(s *stage)
		first  int    // at the provider after the first round
		kept   string // what is said of one that is not, then
		heal   func(s *stage)
		last   int // at the provider after healing
		parked int
	}{
		{name: "one", events: 1, first: 1, last: 1},
		{name: "more than a batch", events: usageBatch + 3, first: usageBatch + 3, last: usageBatch + 3},
		{
			name: "the answer is lost", events: 3, first: 3, last: 3,
			before: func(s *stage) { s.strike(twin.Fault{Kind: "lost", Path: ingest}) }, kept: "provider unavailable",
		},
		{
			name: "the provider is down", events: 3, first: 0, last: 3,
			before: func(s *stage) { s.strike(twin.Fault{Kind: "status", Status: 503, Path: ingest}) }, kept: "provider unavailable",
		},
		{
			name: "a sender died", events: 2, first: 0, last: 2,
			before: func(s *stage) {
				if _, err := s.Store.ClaimUsage(s.t.Context(), "polar", 9, s.now().Add(usageLease), s.now()); err != nil {
					s.t.Fatal(err)
				}
			},
		},
		{
			name: "one of many is refused", events: 40, first: 39, last: 39, parked: 1, kept: "Field required",
			before: func(s *stage) {
				s.write("UPDATE usage_events SET name = '', occurred_at = occurred_at - 600000 WHERE id = 'e7'")
			},
		},
		{
			name: "the name is refused, but the date may have been the reason", events: 2, first: 1, last: 1, parked: 1, kept: "Field required",
			before: func(s *stage) { s.write("UPDATE usage_events SET name = '' WHERE id = 'e1'") },
		},
		{
			name: "our clock is 90 seconds ahead", events: 2, first: 0, last: 2, kept: "past",
			before: func(s *stage) {
				s.write("UPDATE usage_events SET occurred_at = occurred_at + 90000")
				s.later(90 * time.Second)
			},
			heal: func(s *stage) {
				if err := s.twin.Engine.Advance(s.t.Context(), 10*time.Minute); err != nil {
					s.t.Fatal(err)
				}
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, false)
			me := s.signUp("noor@example.com")
			s.step(db.JobCreateCustomer)
			for i := range tt.events {
				s.use(me, fmt.Sprintf("e%d", i), 5)
			}
			if tt.before != nil {
				tt.before(s)
			}
			s.step("usage")
			if got := s.arrived(me); len(got) != tt.first {
				t.Errorf("%d events at the provider, want %d", len(got), tt.first)
			}
			if why := s.reasons(me); !strings.Contains(why, tt.kept) {
				t.Errorf("kept because %q, want %q", why, tt.kept)
			}
			s.twin.Engine.ClearFaults()
			if tt.heal != nil {
				tt.heal(s)
			}
			s.later(20 * time.Minute)
			s.step("usage")
			s.step("usage")
			if got := s.arrived(me); len(got) != tt.last {
				t.Errorf("%d events at the provider in the end, want %d", len(got), tt.last)
			}
			if got := s.count(me, db.UsageSent); got != tt.last {
				t.Errorf("%d events are known to be sent, want %d", got, tt.last)
			}
			if got := s.count(me, db.UsageParked); got != tt.parked {
				t.Errorf("%d events parked, want %d", got, tt.parked)
			}
		})
	}
}

// use records one use of the meter that newShop makes, or of none.
func (s *stage) use(customer, id string, credits int64) {
	s.t.Helper()
	meters, err := s.Store.Meters(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	event := billing.Event{
		ID: id, CustomerID: customer, Name: "ai_usage", OccurredAt: s.now(), Metadata: map[string]any{"credits": credits},
	}
	if _, err := s.Store.RecordUsage(s.t.Context(), event, "polar", meters, s.now()); err != nil {
		s.t.Fatal(err)
	}
}

// arrived are the external ids of a customer's events at the twin; one that is there
// twice fails the test.
func (s *stage) arrived(customer string) map[string]bool {
	s.t.Helper()
	ids := map[string]bool{}
	owner := s.customerAtTwin(customer).ID
	err := s.twin.Engine.Read(func(v *twin.View) error {
		for _, e := range v.Events(owner) {
			if e.Source == "user" && ids[e.ExternalID] {
				s.t.Errorf("event %s arrived twice", e.ExternalID)
			}
			if e.Source == "user" {
				ids[e.ExternalID] = true
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return ids
}

func (s *stage) events(customer string) []db.UsageEvent {
	s.t.Helper()
	events, _, err := s.Store.RecentEvents(s.t.Context(), customer, billing.Ref{}, "", 5000)
	if err != nil {
		s.t.Fatal(err)
	}
	return events
}

func (s *stage) count(customer string, state db.UsageState) (n int) {
	s.t.Helper()
	for _, e := range s.events(customer) {
		if e.State == state {
			n++
		}
	}
	return n
}

// reasons are what is said of events that are not at the provider.
func (s *stage) reasons(customer string) string {
	s.t.Helper()
	for _, e := range s.events(customer) {
		if e.Error != "" {
			return e.Error
		}
	}
	return ""
}
