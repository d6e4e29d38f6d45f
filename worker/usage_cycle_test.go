package worker

import (
	"fmt"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// TestU4TheSoonestPeriodFirst: of a backlog of 50,000 the events of customers whose
// period ends soonest go first, however long the others have waited; an alarm tells when
// they cannot all arrive in time, and what came late says so.
func TestU4TheSoonestPeriodFirst(t *testing.T) {
	s := newStage(t, false)
	s.stand()
	now := s.now()
	soon, later, far := s.subscriber("soon", now.Add(10*time.Minute)), s.subscriber("later", now.Add(40*time.Minute)), s.subscriber("far", now.AddDate(0, 0, 20))
	s.unsent(far, 49_000, now.Add(-2*time.Hour))
	s.unsent(later, 800, now.Add(-time.Hour))
	s.unsent(soon, 200, now.Add(-time.Minute))

	first, err := s.Store.ClaimUsage(t.Context(), "polar", 150, now.Add(time.Minute), now)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range first {
		if q.CustomerID != soon {
			t.Fatalf("an event of %s goes before those of %s", q.CustomerID, soon)
		}
	}
	if len(first) != 150 {
		t.Fatalf("claimed %d, want 150", len(first))
	}
	if err := s.Store.RetryUsage(t.Context(), ids(first), "", now); err != nil {
		t.Fatal(err)
	}
	if n, err := s.sendUsage(t.Context()); err != nil || n != usageBatch {
		t.Fatalf("sent %d (%v), want one batch", n, err)
	}
	if a, b, c := len(s.at(soon)), len(s.at(later)), len(s.at(far)); a != 200 || b != 800 || c != 0 {
		t.Errorf("the first batch holds %d of soon, %d of later, %d of far; want 200, 800 and none", a, b, c)
	}

	s.late(false) // 49,000 are 49 requests of 400 a minute, and there are twenty days
	s.subscriber("far", now.Add(5*time.Second))
	s.late(true)
	s.subscriber("far", now.Add(50*time.Minute)) // 20 million events from here
	s.late(false)
}

// late checks whether the alarm lasts that the backlog is too large.
func (s *stage) late(want bool) {
	s.t.Helper()
	s.step("usage deadlines")
	alarms, err := s.Store.Alarms(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	lasts := false
	for _, a := range alarms {
		lasts = lasts || a.Kind == billing.AlarmUsageLate && a.Subject == "polar" && a.Detail != ""
	}
	if lasts != want {
		s.t.Errorf("the alarm lasts: %v, want %v: %+v", lasts, want, alarms)
	}
}

// TestU4LateUseIsBilledInTheNextCycle: what arrives after the period in which it
// happened says so for good, whichever of the two periods the mirror knows then.
func TestU4LateUseIsBilledInTheNextCycle(t *testing.T) {
	tests := []struct {
		name     string
		occurred time.Duration // from the end of the period
		sent     time.Duration
		renewed  bool // the mirror knows the new period when it is sent
		late     bool
	}{
		{"within the period", -2 * time.Hour, -time.Hour, false, false},
		{"after its end, the renewal is not known", -2 * time.Hour, time.Minute, false, true},
		{"after its end, the renewal is known", -2 * time.Hour, time.Minute, true, true},
		{"all in the new period", time.Minute, time.Hour, true, false},
		{"from before the subscription", -40 * 24 * time.Hour, time.Hour, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, false)
			long := s.now().AddDate(0, -1, 0)
			end := time.Date(long.Year(), long.Month(), min(28, long.Day()), 12, 0, 0, 0, time.UTC) // every month has it
			me := s.subscriber("noor", end)
			s.later(end.Add(tt.occurred).Sub(s.now()))
			s.use(me, "e1", 1)
			if tt.renewed {
				s.subscriber("noor", end.AddDate(0, 1, 0))
			}
			s.later(end.Add(tt.sent).Sub(s.now()))
			s.step("usage")
			events := s.events(me)
			if len(events) != 1 || events[0].State != db.UsageSent || events[0].NextCycle != tt.late {
				t.Errorf("%+v, want it sent and billed in the next cycle: %v", events, tt.late)
			}
		})
	}
}

// TestU6NothingIsDroppedSilently: a use of somebody whom the provider deleted, or that no
// meter counts, is at the provider or parked with its reason.
func TestU6NothingIsDroppedSilently(t *testing.T) {
	s := newStage(t, false)
	me := s.signUp("noor@example.com")
	s.step(db.JobCreateCustomer)
	s.use(me, "before", 1)
	s.step("usage")
	if err := s.twin.Engine.DeleteCustomer(t.Context(), s.customerAtTwin(me).ID, true); err != nil {
		t.Fatal(err)
	}
	s.use(me, "deleted", 1)
	event := billing.Event{ID: "unmetered", CustomerID: me, Name: "nobody_counts_this", OccurredAt: s.now()}
	if _, err := s.Store.RecordUsage(t.Context(), event, "polar", nil, s.now()); err != nil {
		t.Fatal(err)
	}
	s.later(10 * time.Minute)
	s.step("usage")
	at := map[string]bool{}
	err := s.twin.Engine.Read(func(v *twin.View) error {
		for _, e := range v.Events("") {
			at[e.ExternalID] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	events := s.events(me)
	if len(events) != 3 {
		t.Errorf("%d events are kept, want 3", len(events))
	}
	for _, e := range events {
		sent, parked := e.State == db.UsageSent && at[e.ID], e.State == db.UsageParked && e.Error != ""
		if !sent && !parked {
			t.Errorf("event %s is %s (%q), at the provider: %v", e.ID, e.State, e.Error, at[e.ID])
		}
	}
}

// subscriber is a customer of ours whom the mirror knows, with a subscription whose
// month ends then. Called again it is the renewal.
func (s *stage) subscriber(name string, ends time.Time) string {
	s.t.Helper()
	of, again := s.known[name]
	if !again {
		of = known{s.signUp(name + "@example.com"), ends.AddDate(0, -1, 0), 0}
	}
	of.version++
	s.known[name] = of
	source := func(id string) billing.Source {
		return billing.Source{Provider: "polar", ProviderID: id, Version: of.version, CreatedAt: of.since}
	}
	objects := []billing.Object{
		billing.Customer{Source: source("cus_" + name), ExternalID: of.customerID, Email: name + "@example.com", EmailVerified: true},
		billing.Subscription{
			Source: source("sub_" + name), ProviderCustomerID: "cus_" + name, ProviderProductID: "prod", Status: billing.Active, Currency: "usd",
			Interval: billing.IntervalMonth, IntervalCount: 1, PeriodStart: ends.AddDate(0, -1, 0), PeriodEnd: ends, StartedAt: of.since,
		},
	}
	if _, err := s.Store.ApplyAll(s.t.Context(), objects, s.now()); err != nil {
		s.t.Fatal(err)
	}
	return of.customerID
}

// known is a subscriber of the stage.
type known struct {
	customerID string
	since      time.Time
	version    int64
}

// unsent puts events of a customer in the way of all others at once.
func (s *stage) unsent(customer string, n int, at time.Time) {
	s.t.Helper()
	ms := at.UnixMilli()
	s.write(fmt.Sprintf(`INSERT INTO usage_events (id, customer_id, provider, name, occurred_at, received_at, state, next_try_at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		SELECT '%s-' || i, '%s', 'polar', 'ai_usage', %d, %d, 'waiting', %d FROM n`, n, customer, customer, ms, ms, ms))
}

// at are the events of one of ours at the twin, whom it may not know as a customer.
func (s *stage) at(customer string) (events []*twin.Event) {
	s.t.Helper()
	err := s.twin.Engine.Read(func(v *twin.View) error {
		events = v.Events(v.ExternalOwner(customer))
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return events
}
