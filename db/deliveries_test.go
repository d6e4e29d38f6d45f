package db_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestDeliveriesAreListed: by state, type, object and strangeness, page by page, each
// exactly once.
func TestDeliveriesAreListed(t *testing.T) {
	store := dbtest.Open(t)
	for i := range 7 {
		d := delivery(fmt.Sprint("d", i), "order.paid")
		if i%3 == 0 {
			d.Type, d.Object = "moon.landed", billing.Ref{Provider: "polar", ProviderID: "moon_1"}
		}
		if _, err := store.Receive(t.Context(), d, "/webhooks/polar", nine.Add(time.Duration(i/2)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		filter db.DeliveryFilter
		want   int
	}{
		{"in a state", db.DeliveryFilter{State: db.StateWaiting}, 7},
		{"in another state", db.DeliveryFilter{State: db.StateParked}, 0},
		{"of a type", db.DeliveryFilter{Type: "order.paid"}, 4},
		{"about an object", db.DeliveryFilter{ObjectID: "moon_1"}, 3},
		{"about what the mirror does not keep (W9)", db.DeliveryFilter{Strange: true}, 3},
	}
	for _, tt := range tests {
		var seen []string
		var last time.Time
		for before := ""; ; {
			list, next, err := store.Deliveries(t.Context(), tt.filter, before, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range list {
				if slices.Contains(seen, d.RowID) || (!last.IsZero() && d.ReceivedAt.After(last)) {
					t.Errorf("%s: %s comes twice or out of order", tt.name, d.ID)
				}
				seen, last = append(seen, d.RowID), d.ReceivedAt
			}
			if before = next; next == "" {
				break
			}
		}
		if len(seen) != tt.want {
			t.Errorf("%s: %d deliveries, want %d", tt.name, len(seen), tt.want)
		}
	}
	if _, _, err := store.Deliveries(t.Context(), db.DeliveryFilter{}, "nonsense", 2); !errors.Is(err, billing.ErrInvalid) {
		t.Errorf("a position that is none: %v", err)
	}
	if _, err := store.Delivery(t.Context(), "none"); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("no such delivery: %v", err)
	}
}

// TestReplayIsAWish: done or parked deliveries wait again, ones that wait stay as they
// are, and a range is exactly what was received in it and applied.
func TestReplayIsAWish(t *testing.T) {
	store := dbtest.Open(t)
	for i := range 4 {
		if _, err := store.Receive(t.Context(), delivery(fmt.Sprint("d", i), "order.paid"), "/webhooks/polar", nine.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	due, err := store.ClaimDeliveries(t.Context(), 10, nine.Add(6*time.Hour), nine.Add(5*time.Hour))
	if err != nil || len(due) != 4 {
		t.Fatalf("%d due, %v", len(due), err)
	}
	for _, d := range due[:3] {
		if _, err := store.ApplyDelivery(t.Context(), d, billing.Change{Type: d.Type, Provider: "polar"}, nine.Add(5*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	stretch := db.Range{From: nine, To: nine.Add(2 * time.Hour)}
	if n, err := store.CountRange(t.Context(), stretch); err != nil || n != 2 {
		t.Errorf("counted %d, %v; want 2: the end is not part of it", n, err)
	}
	if n, err := store.ReplayRange(t.Context(), stretch, nine.Add(6*time.Hour)); err != nil || n != 2 {
		t.Errorf("replayed %d, %v; want 2", n, err)
	}
	if n, err := store.ReplayRange(t.Context(), stretch, nine.Add(6*time.Hour)); err != nil || n != 0 {
		t.Errorf("replayed again before they were applied: %d, %v; want 0", n, err)
	}
	if n, err := store.CountRange(t.Context(), db.Range{From: nine, To: nine.Add(24 * time.Hour), Type: "order.created"}); err != nil || n != 0 {
		t.Errorf("of another type: %d, %v", n, err)
	}
	for range 2 {
		if err := store.ReplayDelivery(t.Context(), due[3].RowID, nine.Add(6*time.Hour)); err != nil {
			t.Errorf("one that waits: %v", err)
		}
	}
	if err := store.ReplayDelivery(t.Context(), "none", nine); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("no such delivery: %v", err)
	}
	if again, err := store.ClaimDeliveries(t.Context(), 10, nine.Add(8*time.Hour), nine.Add(7*time.Hour)); err != nil || len(again) != 3 {
		t.Errorf("%d wait, %v; want 3", len(again), err)
	}
}
