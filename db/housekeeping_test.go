package db_test

import (
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestD7OneProcess: a second one is refused within a second and told what to do;
// when the first has ended, however it ended, the next comes in.
func TestD7OneProcess(t *testing.T) {
	dbtest.SQLiteOnly(t, "replicas share a PostgreSQL database")
	url := dbtest.URL(t)
	first, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Hour
	for try := 0; try < 30 && took > time.Second; try++ { // the machine may have been busy with something else
		began := time.Now()
		second, err := db.Open(t.Context(), url)
		if err == nil {
			second.Close()
			t.Fatal("two processes have one database open")
		}
		if !strings.Contains(err.Error(), "another process is using this database") {
			t.Errorf("refused with: %v", err)
		}
		took = min(took, time.Since(began))
	}
	if took > time.Second {
		t.Errorf("refused after %s", took)
	}
	if err := first.Ready(t.Context()); err != nil {
		t.Errorf("the attempt hurt the first: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	third, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatalf("nobody has it open, yet: %v", err)
	}
	third.Close()
}

// TestLeasesOfTheDead: what a process had in hand when it died is due at the next
// start, and not only when its lease has run out.
func TestLeasesOfTheDead(t *testing.T) {
	dbtest.SQLiteOnly(t, "a replica on PostgreSQL cannot know that another one is dead: its leases run out")
	url := dbtest.URL(t)
	store, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	record(t, store, use("e1", "ada", noon, 40))
	if err := store.Enqueue(t.Context(), db.Job{Kind: db.JobReconcileCustomer, Key: "ada"}, time.Time{}, noon); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Receive(t.Context(), delivery("d1", "order.paid"), "/webhooks/polar", noon); err != nil {
		t.Fatal(err)
	}
	take := func() (tries, events, deliveries int) {
		job, err1 := store.ClaimJob(t.Context(), db.JobReconcileCustomer, noon.Add(time.Hour), noon)
		queued, err2 := store.ClaimUsage(t.Context(), "polar", 9, noon.Add(time.Hour), noon)
		due, err3 := claim(store, 9, noon)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatalf("claim: %v, %v, %v", err1, err2, err3)
		}
		return job.Tries, len(queued), len(due)
	}
	take()
	store.Close()
	if store, err = db.Open(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if tries, events, deliveries := take(); tries != 2 || events != 1 || deliveries != 1 {
		t.Errorf("after the restart: try %d of the job, %d events, %d deliveries; want 2, 1, 1", tries, events, deliveries)
	}
}

// TestPrune: what was done long ago goes; what waits, is parked, or was done lately
// stays, and so does every event and what it moved.
func TestPrune(t *testing.T) {
	store := dbtest.Open(t)
	days := func(n int) time.Time { return noon.AddDate(0, 0, n) }
	receive := func(id string, now time.Time) billing.Delivery {
		d := billing.Delivery{Provider: "polar", ID: id, Type: "customer.updated", Body: []byte("{}"), SentAt: now}
		if _, err := store.Receive(t.Context(), d, "/webhooks/polar", now); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for i, id := range []string{"old", "parked", "new"} {
		now := days([]int{-40, -40, -3}[i])
		receive(id, now)
		waiting, err := claim(store, 1, now)
		if err != nil || len(waiting) != 1 {
			t.Fatalf("%v %v", waiting, err)
		}
		if id == "parked" {
			err = store.FailDelivery(t.Context(), waiting[0], "no sense", true, now)
		} else {
			_, err = store.ApplyDelivery(t.Context(), waiting[0], billing.Change{}, now)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	receive("waiting", days(-40))
	for i, key := range []string{"old", "new", "waiting"} {
		now := days([]int{-40, -3, -40}[i])
		if err := store.Enqueue(t.Context(), db.Job{Kind: db.JobSendMail, Key: key}, time.Time{}, now); err != nil {
			t.Fatal(err)
		}
		if key == "waiting" {
			continue
		}
		job, err := store.ClaimJob(t.Context(), db.JobSendMail, now.Add(time.Minute), now)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.CompleteJob(t.Context(), job, now); err != nil {
			t.Fatal(err)
		}
	}
	record(t, store, use("e1", "ada", days(-40), 40))
	for _, want := range []int64{2, 0} { // one delivery and one mail, once
		if n, err := store.Prune(t.Context(), days(-30), 100); err != nil || n != want {
			t.Errorf("pruned %d (%v), want %d", n, err, want)
		}
	}
	inbox, err1 := store.InboxBacklog(t.Context())
	jobs, err2 := store.OutboxBacklog(t.Context())
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	left := map[string]int{}
	for _, b := range append(inbox, jobs...) {
		left[b.Kind+" "+b.State] = b.Count
	}
	for state, want := range map[string]int{" done": 1, " parked": 1, " waiting": 1, "send_mail done": 1, "send_mail waiting": 1} {
		if left[state] != want {
			t.Errorf("%d of %q left, want %d", left[state], state, want)
		}
	}
	if recorded, err := store.RecordUsage(t.Context(), use("e1", "ada", days(-40), 40), "polar", allMeters, noon); recorded || err != nil {
		t.Errorf("the event was counted again: %v %v", recorded, err)
	}
}

// TestUnsettledCheckoutsHoldUpNobody: those that the provider never answers for are
// asked for a while, and the others come in between.
func TestUnsettledCheckoutsHoldUpNobody(t *testing.T) {
	store := dbtest.Open(t)
	me := person(t, store, "noor@example.com")
	save := func(id string, status billing.CheckoutStatus, expires time.Time) {
		c := checkout(status, 1)
		c.ProviderID, c.ExpiresAt = id, expires
		if err := store.SaveCheckout(t.Context(), me, c, nine); err != nil {
			t.Fatal(err)
		}
	}
	save("a", billing.CheckoutOpen, nine.Add(time.Hour))
	save("b", billing.CheckoutConfirmed, nine.Add(time.Hour))
	save("c", billing.CheckoutSucceeded, nine.Add(time.Hour))
	save("d", billing.CheckoutOpen, nine.Add(time.Hour))
	save("e", billing.CheckoutOpen, nine.Add(-48*time.Hour)) // nobody will tell us any more
	list := func(after string, now time.Time) string {
		refs, err := store.UnsettledCheckouts(t.Context(), now.Add(-time.Minute), after, 2, now)
		if err != nil {
			t.Fatal(err)
		}
		ids := ""
		for _, ref := range refs {
			ids += ref.ProviderID
		}
		return ids
	}
	later := nine.Add(10 * time.Minute)
	if first, second := list("", later), list("b", later); first != "ab" || second != "d" {
		t.Errorf("asked for %q, then %q; want ab, then d", first, second)
	}
	if now := list("", nine); now != "" {
		t.Errorf("asked for %q at once", now)
	}
	if late := list("", nine.Add(48*time.Hour)); late != "" {
		t.Errorf("still asks for %q two days later", late)
	}
}
