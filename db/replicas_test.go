package db_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// replica is a process on a shared database: a Store and a clock of its own.
type replica struct {
	*db.Store
	ahead time.Duration
}

// replicas are two processes whose clocks are five minutes apart; on SQLite, which has
// one, two workers of it on one clock.
func replicas(t *testing.T) []replica {
	t.Helper()
	if !dbtest.OnPostgres() {
		store := dbtest.Open(t)
		return []replica{{store, 0}, {store, 0}}
	}
	url := dbtest.URL(t)
	return []replica{{dbtest.OpenAt(t, url), 0}, {dbtest.OpenAt(t, url), 5 * time.Minute}}
}

// together runs work once for each replica, so many times, all at once.
func together(list []replica, times int, work func(r replica, n int)) {
	var running sync.WaitGroup
	for n := range times {
		for _, r := range list {
			running.Go(func() { work(r, n) })
		}
	}
	running.Wait()
}

// TestD11InboxOfReplicas: ten versions of thirty subscriptions, each delivered to both
// replicas in any order, applied by both with some of them dying on the way. Each
// delivery is applied once, and the newest version is what is left.
func TestD11InboxOfReplicas(t *testing.T) {
	const subscriptions, versions = 30, 10
	list := replicas(t)
	order := rand.Perm(subscriptions * versions)
	var fresh, applied atomic.Int64
	together(list, 4, func(r replica, n int) {
		for _, i := range order[n*len(order)/4 : (n+1)*len(order)/4] {
			d := delivery("d"+strconv.Itoa(i), "subscription.updated")
			d.Body = []byte(strconv.Itoa(i))
			isNew, err := r.Receive(t.Context(), d, "/webhooks/polar", nine.Add(r.ahead))
			if err != nil {
				t.Error(err)
			}
			if isNew {
				fresh.Add(1)
			}
		}
	})
	work := func(r replica, now time.Time, dies func() bool) {
		for {
			due, err := r.ClaimDeliveries(t.Context(), 7, now.Add(time.Minute), now)
			if err != nil || len(due) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			for _, d := range due {
				if dies() {
					break // with what it claimed
				}
				i, _ := strconv.Atoi(string(d.Body))
				change := subscription(billing.Active, int64(1+i/subscriptions))
				change.ProviderID = fmt.Sprint("sub_", i%subscriptions)
				done, err := r.ApplyDelivery(t.Context(), d, billing.Change{Object: change}, now)
				if err != nil {
					t.Error(err)
				}
				if done.Ref.ProviderID != "" {
					applied.Add(1)
				}
			}
		}
	}
	together(list, 2, func(r replica, _ int) {
		work(r, nine.Add(10*time.Minute+r.ahead), func() bool { return rand.N(10) == 0 })
	})
	work(list[0], nine.Add(time.Hour), func() bool { return false }) // what the dead had in hand

	if fresh.Load() != subscriptions*versions || applied.Load() != subscriptions*versions {
		t.Errorf("%d deliveries received and %d applied, want %d of both", fresh.Load(), applied.Load(), subscriptions*versions)
	}
	for i := range subscriptions {
		change := subscription(billing.Active, versions-1)
		change.ProviderID = fmt.Sprint("sub_", i)
		if done, err := list[0].Apply(t.Context(), billing.Change{Object: change}, nine); err != nil || !done.Stale {
			t.Errorf("subscription %d is not at its newest version: %+v (%v)", i, done, err)
		}
	}
}

// TestU7TwoSenders: events that two replicas took, each told to both, are claimed by
// one sender at a time, and one that was stopped for longer than its lease changes
// nothing when it goes on. The provider knows each event once.
func TestU7TwoSenders(t *testing.T) {
	const events = 200
	list := replicas(t)
	list[1].ahead = 0 // one clock: two with five minutes between them may both send, which D11 allows
	together(list, 1, func(r replica, _ int) {
		for i := range events {
			if _, err := r.RecordUsage(t.Context(), use(fmt.Sprint("e", i), "ada", noon, 1), "polar", allMeters, noon); err != nil {
				t.Error(err)
			}
		}
	})
	var claims sync.Map
	together(list, 2, func(r replica, n int) {
		for {
			batch, err := r.ClaimUsage(t.Context(), "polar", 9, noon.Add(time.Minute), noon)
			if err != nil || len(batch) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			for _, q := range batch {
				if _, twice := claims.LoadOrStore(q.ID, n); twice {
					t.Errorf("event %s was claimed twice", q.ID)
				}
			}
		}
	})
	stopped, later := list[0], noon.Add(2*time.Minute)
	again, err := list[1].ClaimUsage(t.Context(), "polar", 2*events, later.Add(time.Minute), later)
	if err != nil || len(again) != events {
		t.Fatalf("%d events claimed after their leases (%v), want all %d", len(again), err, events)
	}
	var ids []string
	for _, q := range again {
		ids = append(ids, q.ID)
	}
	if err := list[1].MarkUsageSent(t.Context(), ids, later); err != nil {
		t.Fatal(err)
	}
	// The stopped one wakes, and writes down what it thinks has happened.
	reasons := map[string]string{ids[0]: "refused", ids[1]: "refused"}
	if err := stopped.RetryUsage(t.Context(), ids, "timed out", later); err != nil {
		t.Error(err)
	}
	if err := stopped.ParkUsage(t.Context(), reasons); err != nil {
		t.Error(err)
	}
	if err := stopped.MarkUsageSent(t.Context(), ids, later.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if due, err := stopped.UsageDue(t.Context(), "polar", later.AddDate(1, 0, 0)); err != nil || due {
		t.Errorf("events are due again: %v (%v)", due, err)
	}
	if got := balance(t, list[1].Store, "ada", tokens); got != -events*billing.CreditScale {
		t.Errorf("balance %s, want -%d", got, events)
	}
	check(t, list[1].Store, "ada")
}

// TestD11UsageAndLedgerOfReplicas: two replicas take each event, read each credit at
// the provider, and send with clocks five minutes apart. What the provider has, knowing
// events by their ids, and what the ledger says are exact.
func TestD11UsageAndLedgerOfReplicas(t *testing.T) {
	const events = 120
	list := replicas(t)
	var recorded atomic.Int64
	together(list, 4, func(r replica, n int) {
		for i := range events {
			isNew, err := r.RecordUsage(t.Context(), use(fmt.Sprint("e", i), "ada", noon, 1), "polar", allMeters, noon.Add(r.ahead))
			if err != nil {
				t.Error(err)
			}
			if isNew {
				recorded.Add(1)
			}
		}
		news := db.CreditNews{Provider: "polar", Cursor: db.EventCursor{CustomerID: "ada"}, ReadAt: noon.Add(r.ahead)}
		for i := range 20 {
			fact(&news, fmt.Sprint("grant-", i), noon.Add(time.Duration(i)*time.Second), "grant 10")
		}
		if _, err := r.PostCredits(t.Context(), news, allMeters, noon.Add(r.ahead)); err != nil {
			t.Error(err)
		}
	})
	var provider sync.Map
	together(list, 2, func(r replica, _ int) {
		for range events {
			now := noon.Add(10*time.Minute + r.ahead)
			batch, err := r.ClaimUsage(t.Context(), "polar", 9, now.Add(time.Minute), now)
			if err != nil {
				t.Error(err)
			}
			if len(batch) == 0 {
				return
			}
			var ids []string
			for _, q := range batch {
				provider.Store(q.ID, true)
				ids = append(ids, q.ID)
			}
			if err := r.MarkUsageSent(t.Context(), ids, now); err != nil {
				t.Error(err)
			}
		}
	})
	sent := 0
	provider.Range(func(any, any) bool { sent++; return true })
	if recorded.Load() != events || sent != events {
		t.Errorf("%d events recorded and %d sent, want %d of both", recorded.Load(), sent, events)
	}
	if got := balance(t, list[0].Store, "ada", tokens); got != (200-events)*billing.CreditScale {
		t.Errorf("balance %s, want %d", got, 200-events)
	}
	check(t, list[0].Store, "ada")
}

// TestD11StormOnOneWallet: sixty-four callers on four replicas debit one wallet, so
// that PostgreSQL refuses most of the transactions that meet. Each debit is made once.
func TestD11StormOnOneWallet(t *testing.T) {
	dbtest.PostgresOnly(t, "SQLite has one writer")
	const callers, debits = 16, 4
	url := dbtest.URL(t)
	var list []replica
	for range 4 {
		list = append(list, replica{Store: dbtest.OpenAt(t, url)})
	}
	began := time.Now()
	together(list, callers, func(r replica, _ int) {
		for range debits {
			// Each is a transaction of its own: events of one process would share theirs.
			news := db.CreditNews{Provider: "polar", Cursor: db.EventCursor{CustomerID: "ada"}, ReadAt: noon}
			fact(&news, db.NewID(), noon, "use 1")
			if _, err := r.PostCredits(t.Context(), news, []billing.Meter{tokens}, noon); err != nil {
				t.Error(err)
			}
		}
	})
	total := billing.Credits(4 * callers * debits)
	t.Logf("%d debits of one wallet by 64 callers on 4 replicas in %s", total, time.Since(began).Round(time.Millisecond))
	if got := balance(t, list[0].Store, "ada", tokens); got != -total*billing.CreditScale {
		t.Errorf("balance %s, want -%d", got, total)
	}
	check(t, list[0].Store, "ada")

	// Control: who reads a balance and writes it back loses debits in the same storm.
	raw := dbtest.Raw(t, url)
	raw.SetMaxOpenConns(8)
	if err := dbtest.Exec(t.Context(), url, "UPDATE ledger_accounts SET balance = 0 WHERE kind = 'wallet'"); err != nil {
		t.Fatal(err)
	}
	var storm, read sync.WaitGroup
	read.Add(64)
	for range 64 {
		storm.Go(func() {
			var left int64
			ctx := context.Background()
			if err := raw.QueryRowContext(ctx, "SELECT balance FROM ledger_accounts WHERE kind = 'wallet' AND provider_meter_id = 'tokens'").Scan(&left); err != nil {
				t.Error(err)
			}
			read.Done()
			read.Wait() // all have read what is there before any writes
			if _, err := raw.ExecContext(ctx, "UPDATE ledger_accounts SET balance = $1 WHERE kind = 'wallet' AND provider_meter_id = 'tokens'", left-1); err != nil {
				t.Error(err)
			}
		})
	}
	storm.Wait()
	if got := balance(t, list[0].Store, "ada", tokens); got == -64 {
		t.Error("the control lost nothing: the storm proves nothing")
	}
}
