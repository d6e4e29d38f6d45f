package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// deaf is the real provider while no use can be reported.
type deaf struct{ billing.Provider }

func (deaf) SendUsage(context.Context, []billing.Event) error {
	return fmt.Errorf("connection refused: %w", billing.ErrProvider)
}

// equation is one side of each account's sum, in units.
type equation struct{ used, there, waiting, unsure int64 }

// TestR5TheUsageEquation: for every account and at every hour of a day with an outage of
// nine hours and with lost answers, used here = counted at the provider + waiting here, to
// the unit. What the provider took and we do not know of, because its answer was lost, waits
// still and is there already: it is told apart, counted once, and gone with the next report.
func TestR5TheUsageEquation(t *testing.T) {
	const accounts, hours = 4, 24
	s := newStage(t, false)
	whole, lost, down := s.Provider, 0, 0
	meter := billing.Meter{Source: billing.Source{Provider: "polar", ProviderID: "m"}, Aggregation: billing.AggregateSum, Property: "credits"}
	for hour := range hours {
		s.Provider = whole
		switch {
		case hour >= 6 && hour < 15:
			s.Provider = deaf{whole}
		case hour == 3: // the provider takes it, and each try to tell so fails
			s.strike(twin.Fault{Kind: "lost", Path: "/v1/events/ingest", Method: "POST", Count: 4})
		}
		for i := range 5 * accounts {
			event := billing.Event{
				ID: db.NewID(), CustomerID: fmt.Sprintf("account-%d", i%accounts), Name: "ai_usage", OccurredAt: s.now().Add(-time.Hour),
				Metadata: map[string]any{"credits": int64(1 + (hour*31+i*17)%90)},
			}
			for range 1 + i%2 { // every other one is told twice
				if _, err := s.Store.RecordUsage(t.Context(), event, "polar", []billing.Meter{meter}, s.now()); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.step("usage")
		for account := range accounts {
			e := s.equation(fmt.Sprintf("account-%d", account))
			if e.used != e.there+e.waiting-e.unsure || e.used == 0 {
				t.Errorf("hour %d, account %d: %+v", hour, account, e)
			}
			if e.unsure > 0 {
				lost++
			}
			if e.waiting > 0 && e.there > 0 {
				down++
			}
		}
		s.later(time.Hour)
		if err := s.twin.Engine.Advance(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if lost == 0 || down < 9*accounts {
		t.Errorf("not everything was tried: %d times an answer was missing, %d times something waited", lost, down)
	}
	s.step("usage")
	for account := range accounts {
		if e := s.equation(fmt.Sprintf("account-%d", account)); e.used != e.there || e.waiting+e.unsure != 0 {
			t.Errorf("in the end, account %d: %+v", account, e)
		}
	}
}

// equation sums up an account: here by what is kept, there by what the twin has counted.
func (s *stage) equation(account string) (e equation) {
	s.t.Helper()
	there := map[string]int64{}
	err := s.twin.Engine.Read(func(v *twin.View) error {
		for _, event := range v.Events("") {
			if event.ExternalCustomer != account {
				continue
			}
			if _, twice := there[event.ExternalID]; twice {
				s.t.Errorf("event %s is counted twice", event.ExternalID)
			}
			there[event.ExternalID] = units(s.t, event.Metadata["credits"])
			e.there += there[event.ExternalID]
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for before := ""; ; {
		list, next, err := s.Store.RecentEvents(s.t.Context(), account, billing.Ref{}, before, 500)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, event := range list {
			n := units(s.t, event.Metadata["credits"])
			e.used += n
			switch event.State {
			case db.UsageSent:
			case db.UsageWaiting, db.UsageLeased:
				e.waiting += n
				if _, taken := there[event.ID]; taken {
					e.unsure += n
				}
			default:
				s.t.Errorf("event %s is %s: %s", event.ID, event.State, event.Error)
			}
		}
		if before = next; next == "" {
			return e
		}
	}
}

// units reads a number as JSON has it.
func units(t testing.TB, value any) (n int64) {
	t.Helper()
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	if err != nil {
		t.Fatalf("%v: %v", value, err)
	}
	return n
}
