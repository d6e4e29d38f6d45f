package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

func delivery(id, kind string) billing.Delivery {
	return billing.Delivery{
		Provider: "polar", ID: id, Type: kind, SentAt: nine, Body: []byte(`{"type":"` + kind + `"}`),
		Object: billing.Ref{Provider: "polar", Kind: billing.KindSubscription, ProviderID: "sub_1"},
	}
}

// claim takes deliveries for a minute.
func claim(store *db.Store, most int, now time.Time) ([]db.InboxDelivery, error) {
	return store.ClaimDeliveries(context.Background(), most, now.Add(time.Minute), now)
}

// TestOneDeliveryIsOneRow receives one delivery many times at once, among others.
func TestOneDeliveryIsOneRow(t *testing.T) {
	store := dbtest.Open(t)
	var fresh atomic.Int64
	var senders sync.WaitGroup
	for i := range 40 {
		senders.Go(func() {
			for _, id := range []string{"same", fmt.Sprint("own", i)} {
				new, err := store.Receive(t.Context(), delivery(id, "order.paid"), "/webhooks/polar", nine)
				if err != nil {
					t.Error(err)
				}
				if new {
					fresh.Add(1)
				}
			}
		})
	}
	senders.Wait()
	due, err := claim(store, 100, nine)
	if err != nil || len(due) != 41 || fresh.Load() != 41 {
		t.Errorf("%d rows, %d fresh (%v), want 41 of both", len(due), fresh.Load(), err)
	}
}

func TestADeliveryIsKeptAsItCame(t *testing.T) {
	store := dbtest.Open(t)
	for _, step := range []struct {
		endpoint string
		d        billing.Delivery
		fresh    bool
	}{
		{"/webhooks/polar", delivery("d1", "subscription.active"), true},
		{"/webhooks/polar", delivery("d1", "subscription.active"), false},
		{"/api/auth/polar/webhooks", delivery("d1", "subscription.active"), true}, // ids are per endpoint
		{"/webhooks/polar", delivery("d2", "never.heard.of"), true},
	} {
		fresh, err := store.Receive(t.Context(), step.d, step.endpoint, nine)
		if err != nil || fresh != step.fresh {
			t.Errorf("%s at %s: fresh %v (%v), want %v", step.d.ID, step.endpoint, fresh, err, step.fresh)
		}
	}
	due, err := claim(store, 9, nine)
	if err != nil || len(due) != 3 {
		t.Fatalf("%d due (%v), want 3", len(due), err)
	}
	if got, want := fmt.Sprintf("%+v", due[0].Delivery), fmt.Sprintf("%+v", delivery("d1", "subscription.active")); got != want {
		t.Errorf("kept as %s, want %s", got, want)
	}
}

// TestApplyingIsAllOrNothing fails a delivery half way, as a crash would, and tries again.
func TestApplyingIsAllOrNothing(t *testing.T) {
	store := dbtest.Open(t)
	me := person(t, store, "noor@example.com")
	apply(t, store, billing.Change{Object: payer("cus_1", me, 1)})
	drain(t, store)
	if _, err := store.Receive(t.Context(), delivery("d1", "subscription.active"), "/webhooks/polar", nine); err != nil {
		t.Fatal(err)
	}
	due, err := claim(store, 9, nine)
	if err != nil || len(due) != 1 {
		t.Fatalf("%d due (%v), want 1", len(due), err)
	}
	lost := due[0]
	change := billing.Change{Object: subscription(billing.Active, 1), CreditsMoved: true}

	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := store.ApplyDelivery(stopped, lost, change, nine); err == nil {
		t.Fatal("applied although it was stopped")
	}
	if _, err := store.ApplyDelivery(t.Context(), lost, billing.Change{Object: unheardOf{}}, nine); !errors.Is(err, billing.ErrInvalid) {
		t.Fatalf("an object of no kind: %v, want invalid", err)
	}
	if due, err := claim(store, 9, nine); err != nil || len(due) != 0 {
		t.Fatalf("%d due while one is claimed (%v), want none", len(due), err)
	}
	if due, err = claim(store, 9, nine.Add(time.Minute)); err != nil || len(due) != 1 {
		t.Fatalf("%d due when the claim has run out (%v), want 1 still", len(due), err)
	}
	if applied, err := store.ApplyDelivery(t.Context(), lost, change, nine); err != nil || applied.Changed {
		t.Errorf("who lost the claim applied it: %+v (%v)", applied, err)
	}
	for i, changed := range []bool{true, false} {
		applied, err := store.ApplyDelivery(t.Context(), due[0], change, nine)
		if err != nil || applied.Changed != changed {
			t.Errorf("run %d: %+v (%v), want changed %v", i+1, applied, err, changed)
		}
		if jobs := drain(t, store); (len(jobs) == 1) != changed {
			t.Errorf("run %d asked for %v", i+1, jobs)
		}
	}
	if due, err := claim(store, 9, nine.AddDate(1, 0, 0)); err != nil || len(due) != 0 {
		t.Errorf("%d due at the end (%v), want none", len(due), err)
	}
}

type unheardOf struct{ billing.Source }

func (unheardOf) Ref() billing.Ref {
	return billing.Ref{Provider: "polar", Kind: "unheard_of", ProviderID: "x"}
}

func TestAFailedDeliveryIsKept(t *testing.T) {
	store := dbtest.Open(t)
	ctx := t.Context()
	if _, err := store.Receive(ctx, delivery("d1", "subscription.active"), "/webhooks/polar", nine); err != nil {
		t.Fatal(err)
	}
	due := func(now time.Time) []db.InboxDelivery {
		t.Helper()
		list, err := claim(store, 9, now)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	first := due(nine)[0]
	if err := store.FailDelivery(ctx, first, "broken", false, nine.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n := len(due(nine.Add(59 * time.Second))); n != 0 {
		t.Errorf("%d due before the next try, want 0", n)
	}
	second := due(nine.Add(time.Minute))
	if len(second) != 1 || second[0].Tries != 1 {
		t.Fatalf("at the next try: %+v, want one with one failure", second)
	}
	if err := store.ReplayDelivery(ctx, first.RowID, nine); err != nil { // it waits: nothing is taken from who holds it
		t.Errorf("replaying one that waits: %v", err)
	}
	if err := store.FailDelivery(ctx, first, "somebody else's now", true, nine); err != nil {
		t.Fatal(err)
	}
	if err := store.FailDelivery(ctx, second[0], "broken for good", true, nine); err != nil {
		t.Fatal(err)
	}
	if n := len(due(nine.AddDate(1, 0, 0))); n != 0 {
		t.Errorf("%d due though parked, want 0", n)
	}
	if backlog, err := store.InboxBacklog(ctx); err != nil || len(backlog) != 1 || backlog[0].State != "parked" {
		t.Errorf("backlog %+v (%v), want one parked", backlog, err)
	}
	if err := store.ReplayDelivery(ctx, first.RowID, nine); err != nil {
		t.Fatal(err)
	}
	list := due(nine)
	if len(list) != 1 || list[0].Tries != 0 {
		t.Fatalf("after the operator's retry: %+v, want one like new", list)
	}
	if err := store.ReleaseDelivery(ctx, list[0]); err != nil {
		t.Fatal(err)
	}
	if n := len(due(nine)); n != 1 {
		t.Errorf("%d due after it was given back, want 1", n)
	}
}

// BenchmarkReceive measures durable deliveries at 64 connections: what shares a
// commit shares the flush.
func BenchmarkReceive(b *testing.B) {
	store := dbtest.Open(b)
	body := make([]byte, 4<<10)
	var n atomic.Int64
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			d := delivery(fmt.Sprint(n.Add(1)), "order.paid")
			d.Body = body
			if _, err := store.Receive(context.Background(), d, "/webhooks/polar", nine); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}

func BenchmarkApplyDelivery(b *testing.B) {
	store := dbtest.Open(b)
	me := person(b, store, "noor@example.com")
	apply(b, store, billing.Change{Object: payer("cus_1", me, 1)})
	for i := range b.N {
		if _, err := store.Receive(context.Background(), delivery(fmt.Sprint(i), "order.paid"), "/webhooks/polar", nine); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for done := 0; done < b.N; {
		due, err := claim(store, 64, nine)
		if err != nil || len(due) == 0 {
			b.Fatalf("%d due (%v)", len(due), err)
		}
		for _, d := range due {
			done++
			if _, err := store.ApplyDelivery(context.Background(), d, billing.Change{Object: subscription(billing.Active, int64(done))}, nine); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkApplyAll measures a reading of a customer: 100 objects, one commit.
func BenchmarkApplyAll(b *testing.B) {
	store := dbtest.Open(b)
	me := person(b, store, "noor@example.com")
	objects := []billing.Object{payer("cus_1", me, 1)}
	for i := range 99 {
		o := order(billing.OrderPaid, 0, 1)
		o.ProviderID = fmt.Sprint("ord_", i)
		objects = append(objects, o)
	}
	for b.Loop() {
		if _, err := store.ApplyAll(context.Background(), objects, nine); err != nil {
			b.Fatal(err)
		}
	}
}
