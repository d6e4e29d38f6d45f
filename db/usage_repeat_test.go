package db_test

import (
	"errors"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db/dbtest"
)

// TestEventSentAgainLaterIsTheSame: whoever lost our answer sends the event again, without
// a time as the first time, and is told that it is here; one who names another time, or
// says something else, means another event.
func TestEventSentAgainLaterIsTheSame(t *testing.T) {
	store, now := dbtest.Open(t), time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	event := billing.Event{ID: "e1", CustomerID: "c", Name: "call"}
	send := func(e billing.Event, at time.Time) (bool, error) {
		return store.RecordUsage(t.Context(), e, "polar", nil, at)
	}
	if fresh, err := send(event, now); !fresh || err != nil {
		t.Fatalf("first: %t, %v", fresh, err)
	}
	if fresh, err := send(event, now.Add(time.Hour)); fresh || err != nil {
		t.Errorf("again an hour later: %t, %v; want the same event", fresh, err)
	}
	named := event
	named.OccurredAt = now
	if fresh, err := send(named, now.Add(time.Hour)); fresh || err != nil {
		t.Errorf("again with its time: %t, %v; want the same event", fresh, err)
	}
	named.OccurredAt = now.Add(time.Second)
	if _, err := send(named, now.Add(time.Hour)); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("another time: %v, want a conflict", err)
	}
	event.Name = "other"
	if _, err := send(event, now); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("another name: %v, want a conflict", err)
	}
}
