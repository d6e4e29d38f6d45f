package db_test

import (
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// everything is a hook target that wants all facts.
var everything = db.HookTarget{Name: "go", Wants: func(string) bool { return true }}

// claimTypes claims what waits and returns the types of facts in order.
func claimTypes(t *testing.T, store *db.Store, now time.Time) (types []string) {
	t.Helper()
	calls, err := store.ClaimHooks(t.Context(), "go", 100, now.Add(time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range calls {
		types = append(types, call.Fact.Type)
		if err := store.EndHook(t.Context(), call, db.StateDone, "", now, now); err != nil {
			t.Fatal(err)
		}
	}
	return types
}

// TestCreditsLowIsToldOncePerFall: the use that crosses the threshold tells it, further
// uses below it do not, and after new credits the next fall tells it again.
func TestCreditsLowIsToldOncePerFall(t *testing.T) {
	store, now := dbtest.Open(t), time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	if err := store.CallHooks(t.Context(), now.Add(-time.Hour), 10*billing.CreditScale, everything); err != nil {
		t.Fatal(err)
	}
	meter := billing.Meter{
		Source: billing.Source{Provider: "polar", ProviderID: "m", CreatedAt: now, Version: now.UnixMicro()},
		Name:   "Calls", Aggregation: billing.AggregateCount,
	}
	if _, err := store.Apply(t.Context(), billing.Change{Object: meter}, now); err != nil {
		t.Fatal(err)
	}
	use := func(id string, want int) {
		t.Helper()
		event := billing.Event{ID: id, CustomerID: "c", Name: "call", OccurredAt: now}
		if _, err := store.RecordUsage(t.Context(), event, "polar", []billing.Meter{meter}, now); err != nil {
			t.Fatal(err)
		}
		if got := len(claimTypes(t, store, now)); got != want {
			t.Errorf("use %s told %d facts, want %d", id, got, want)
		}
	}
	grant := func(id string, units billing.Credits) {
		t.Helper()
		news := db.CreditNews{Provider: "polar", Cursor: db.EventCursor{CustomerID: "c"}, ReadAt: now, Credits: []billing.CreditEvent{{
			Provider: "polar", ProviderID: id, ProviderMeterID: "m", Units: units * billing.CreditScale, OccurredAt: now,
		}}}
		if _, err := store.PostCredits(t.Context(), news, []billing.Meter{meter}, now); err != nil {
			t.Fatal(err)
		}
	}
	grant("g1", 12)
	use("u1", 0) // 11 left
	use("u2", 1) // 10 left: at the threshold
	use("u2", 0) // the same event again
	use("u3", 0) // 9 left: known already
	grant("g2", 2)
	use("u4", 1) // 11 left again, then 10
}

// TestFactsOfAnOlderCopyAreStillTold: a copy that comes late does not move the mirror, but
// what it proves did happen (W1, W2).
func TestFactsOfAnOlderCopyAreStillTold(t *testing.T) {
	store, now := dbtest.Open(t), time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	if err := store.CallHooks(t.Context(), now.Add(-time.Hour), 0, everything); err != nil {
		t.Fatal(err)
	}
	order := billing.Order{Source: billing.Source{Provider: "polar", ProviderID: "o", CreatedAt: now, Version: now.Add(time.Minute).UnixMicro()}, Status: billing.OrderRefunded, Refunded: 500, Currency: "eur"}
	if _, err := store.Apply(t.Context(), billing.Change{Object: order}, now); err != nil {
		t.Fatal(err)
	}
	if got := claimTypes(t, store, now); len(got) != 4 {
		t.Fatalf("told %v, want created, updated, paid, refunded", got)
	}
	older := order
	older.Version, older.Status, older.Refunded = now.Add(time.Second).UnixMicro(), billing.OrderPartiallyRefunded, 200
	applied, err := store.Apply(t.Context(), billing.Change{Object: older}, now)
	if err != nil || !applied.Stale {
		t.Fatalf("applied %+v, %v; want stale", applied, err)
	}
	if got := claimTypes(t, store, now); len(got) != 2 { // updated at that version, refunded 200
		t.Errorf("an older copy told %v, want its own update and its own refund", got)
	}
}
