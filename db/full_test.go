package db_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestD4FullDisk fills the disk at random points, fifty times: what is refused is refused
// whole, what was acknowledged stays, pages are read all the time, and with space again the
// next write succeeds without a restart.
func TestD4FullDisk(t *testing.T) {
	dbtest.SQLiteOnly(t, "PostgreSQL has a disk of its own")
	store := dbtest.Open(t)
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(uint64(seed), 1))
	meter := billing.Meter{Source: billing.Source{Provider: "polar", ProviderID: "m"}, Aggregation: billing.AggregateCount}
	var received, used, refused int
	n := 0
	write := func() error {
		n++
		d := billing.Delivery{Provider: "polar", ID: fmt.Sprint(n), Type: "x.y", SentAt: nine, Body: make([]byte, 100+random.IntN(9000))}
		_, err := store.Receive(t.Context(), d, "/webhooks/polar", nine)
		if err == nil {
			received++
			e := billing.Event{ID: fmt.Sprint("e", n), CustomerID: "ada", Name: "x", OccurredAt: nine}
			if _, err = store.RecordUsage(t.Context(), e, "polar", []billing.Meter{meter}, nine); err == nil {
				used++
			}
		}
		return err
	}
	for cycle := range 50 {
		if err := store.RehearseFull(t.Context(), int64(random.IntN(12))); err != nil {
			t.Fatal(err)
		}
		var err error
		for range 100 {
			if err = write(); err != nil {
				break
			}
		}
		if !errors.Is(err, db.ErrFull) || !store.Full() {
			t.Fatalf("cycle %d: a full disk answers %v", cycle, err)
		}
		refused++
		if alarms, err := store.Alarms(t.Context()); err != nil || len(alarms) != 1 || alarms[0].Kind != billing.AlarmDisk {
			t.Fatalf("cycle %d: alarms %v (%v)", cycle, alarms, err)
		}
		if err := store.CheckLedger(t.Context(), "ada"); err != nil {
			t.Fatalf("cycle %d: %v", cycle, err)
		}
		if err := store.RehearseFull(t.Context(), -1); err != nil {
			t.Fatal(err)
		}
		if err := write(); err != nil || store.Full() {
			t.Fatalf("cycle %d: with space again: %v", cycle, err)
		}
	}
	backlog, err := store.InboxBacklog(t.Context())
	if err != nil || len(backlog) != 1 || backlog[0].Count != received {
		t.Errorf("%d deliveries were acknowledged; there are %+v (%v)", received, backlog, err)
	}
	wallets, err := store.Wallets(t.Context(), "ada")
	if err != nil || len(wallets) != 1 || wallets[0].Balance != -billing.Credits(used)*billing.CreditScale {
		t.Errorf("%d uses were acknowledged; the wallets are %+v (%v)", used, wallets, err)
	}
	t.Logf("%d deliveries and %d uses taken, %d times full", received, used, refused)
	if err := store.CheckIntegrity(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestFullSparesTheReader: with no space at all, what was promised to readers holds.
func TestFullSparesTheReader(t *testing.T) {
	dbtest.SQLiteOnly(t, "PostgreSQL has a disk of its own")
	store := dbtest.Open(t)
	if err := store.RehearseFull(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	d := billing.Delivery{Provider: "polar", ID: "d", Type: "x.y", SentAt: nine, Body: make([]byte, 1<<20)}
	if _, err := store.Receive(t.Context(), d, "/webhooks/polar", nine); !errors.Is(err, db.ErrFull) {
		t.Errorf("receive: %v", err)
	}
	if _, err := store.Products(t.Context()); err != nil {
		t.Errorf("read: %v", err)
	}
	if err := store.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
}
