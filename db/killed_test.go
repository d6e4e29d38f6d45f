package db_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestD11ServerKilled kills PostgreSQL three times in the middle of work, and goes on
// the second time with a copy of its data, as after a failover. Callers repeat what was
// not acknowledged. Nothing acknowledged is missing, and nothing counts twice.
func TestD11ServerKilled(t *testing.T) {
	dbtest.PostgresOnly(t, "a SQLite database has no server")
	const callers, each = 6, 80
	server := dbtest.StartServer(t)
	store := dbtest.OpenAt(t, server.URL())
	var refused atomic.Int64
	acknowledged := make(chan struct{}, 2*callers*each)
	// until repeats a write until it is acknowledged, as senders and callers do.
	until := func(write func() error) {
		for deadline := time.Now().Add(5 * time.Minute); ; { // a server that starts on a slow disk takes its time
			err := write()
			if err == nil {
				acknowledged <- struct{}{}
				return
			}
			if refused.Add(1); time.Now().After(deadline) {
				t.Errorf("for five minutes: %v", err)
				return
			}
		}
	}
	var callersRun sync.WaitGroup
	for c := range callers {
		callersRun.Go(func() {
			for i := range each {
				until(func() error {
					_, err := store.RecordUsage(t.Context(), use(fmt.Sprintf("e%d-%d", c, i), "ada", noon, 1), "polar", allMeters, noon)
					return err
				})
			}
		})
		callersRun.Go(func() {
			for i := range each {
				until(func() error {
					_, err := store.Receive(t.Context(), delivery(fmt.Sprintf("d%d-%d", c, i), "order.paid"), "/webhooks/polar", nine)
					return err
				})
			}
		})
	}
	var applied atomic.Int64
	work := func(now time.Time) (n int) {
		due, err := store.ClaimDeliveries(t.Context(), 9, now.Add(time.Minute), now)
		if err != nil {
			refused.Add(1)
		}
		for _, d := range due {
			done, err := store.ApplyDelivery(t.Context(), d, billing.Change{Object: subscription(billing.Active, 1)}, now)
			if err != nil {
				refused.Add(1)
			}
			if done.Ref.ProviderID != "" {
				applied.Add(1)
			}
		}
		return len(due)
	}
	stopped := make(chan struct{})
	var workerRun sync.WaitGroup
	workerRun.Go(func() {
		for {
			select {
			case <-stopped:
				return
			default:
				work(nine)
			}
		}
	})
	for kill := range 3 {
		for range callers * each / 3 {
			<-acknowledged
		}
		server.Kill()
		if kill == 1 {
			server.Move()
		}
		server.Start()
	}
	callersRun.Wait()
	close(stopped)
	workerRun.Wait()
	for later := nine.Add(time.Hour); work(later) > 0; { // what was claimed when the server died
	}
	t.Logf("%d calls failed and were repeated", refused.Load())

	if got := balance(t, store, "ada", tokens); got != -callers*each*billing.CreditScale {
		t.Errorf("balance %s, want -%d", got, callers*each)
	}
	check(t, store, "ada")
	inbox, err := store.InboxBacklog(t.Context())
	if want := (db.Backlog{State: db.StateDone, Count: callers * each, Oldest: nine}); err != nil || len(inbox) != 1 || inbox[0] != want {
		t.Errorf("inbox %+v (%v), want %+v", inbox, err, want)
	}
	if n := applied.Load(); n > callers*each || n < callers*each-refused.Load() {
		t.Errorf("%d deliveries applied, want %d, less those whose answer was lost", n, callers*each)
	}
}
