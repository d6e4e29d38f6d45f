package db_test

import (
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db/dbtest"
)

// TestAlarmLastsUntilItIsCleared: one trouble is one row however often it is raised,
// ends once, and begins anew afterwards.
func TestAlarmLastsUntilItIsCleared(t *testing.T) {
	store, now := dbtest.Open(t), time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	raise := func(detail string, at time.Time, fresh bool) {
		t.Helper()
		got, err := store.Raise(t.Context(), billing.Alarm{Kind: billing.AlarmClock, Subject: "polar", Detail: detail}, at)
		if err != nil || got != fresh {
			t.Fatalf("raise at %s: fresh %v, %v; want %v", at, got, err, fresh)
		}
	}
	clearAt := func(at time.Time, was bool) {
		t.Helper()
		if got, err := store.Clear(t.Context(), billing.AlarmClock, "polar", at); err != nil || got != was {
			t.Fatalf("clear at %s: %v, %v; want %v", at, got, err, was)
		}
	}
	clearAt(now, false)
	raise("61 s ahead", now, true)
	raise("62 s ahead", now.Add(time.Minute), false)
	alarms, err := store.Alarms(t.Context())
	if err != nil || len(alarms) != 1 {
		t.Fatalf("alarms %v, %v; want one", alarms, err)
	}
	want := billing.Alarm{
		Kind: billing.AlarmClock, Subject: "polar", Severity: billing.Urgent, Detail: "62 s ahead",
		RaisedAt: now, SeenAt: now.Add(time.Minute), Count: 2,
	}
	if alarms[0] != want {
		t.Errorf("alarm %+v, want %+v", alarms[0], want)
	}
	clearAt(now.Add(2*time.Minute), true)
	clearAt(now.Add(2*time.Minute), false)
	raise("again", now.Add(time.Hour), true)
}
