package db_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// outbox tells stories about one job.
type outbox struct {
	t     *testing.T
	store *db.Store
}

func (o outbox) enqueue(due, now time.Time) {
	o.t.Helper()
	if err := o.store.Enqueue(o.t.Context(), db.Job{Kind: "test", Key: "k", Payload: `{"n":1}`}, due, now); err != nil {
		o.t.Fatal(err)
	}
}

// claim claims for a minute, or answers false when nothing is due.
func (o outbox) claim(now time.Time) (db.Job, bool) {
	o.t.Helper()
	job, err := o.store.ClaimJob(o.t.Context(), "test", now.Add(time.Minute), now)
	if errors.Is(err, billing.ErrNotFound) {
		return db.Job{}, false
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return job, true
}

func (o outbox) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o outbox) wantDue(now time.Time, want bool, why string) {
	o.t.Helper()
	if _, due := o.claim(now); due != want {
		o.t.Errorf("%s: claimed %v, want %v", why, due, want)
	}
}

func TestJobs(t *testing.T) {
	const s = time.Second
	stories := map[string]func(o outbox){
		"done once": func(o outbox) {
			o.enqueue(time.Time{}, nine)
			job, _ := o.claim(nine)
			o.wantDue(nine, false, "while it runs")
			o.must(o.store.CompleteJob(t.Context(), job, nine))
			o.wantDue(nine.Add(time.Hour), false, "when it is done")
		},
		"asked twice while it waits is one job": func(o outbox) {
			o.enqueue(nine.Add(9*s), nine)
			o.enqueue(nine.Add(5*s), nine)
			o.enqueue(nine.Add(20*s), nine)
			o.wantDue(nine.Add(4*s), false, "before the soonest time")
			job, _ := o.claim(nine.Add(5 * s))
			o.must(o.store.CompleteJob(t.Context(), job, nine))
			o.wantDue(nine.Add(time.Hour), false, "after all three wishes were granted")
		},
		"asked again while it runs": func(o outbox) {
			o.enqueue(time.Time{}, nine)
			job, _ := o.claim(nine)
			o.enqueue(time.Time{}, nine.Add(s))
			o.wantDue(nine.Add(s), false, "two runs never overlap")
			o.must(o.store.CompleteJob(t.Context(), job, nine.Add(2*s)))
			o.wantDue(nine.Add(2*s), true, "the new wish, once the first run ended")
		},
		"asked again while it runs and fails": func(o outbox) {
			o.enqueue(time.Time{}, nine)
			job, _ := o.claim(nine)
			o.enqueue(time.Time{}, nine.Add(s))
			o.must(o.store.RetryJob(t.Context(), job, "down", nine.Add(time.Hour)))
			o.wantDue(nine.Add(s), true, "the new wish does not wait for the old failure")
		},
		"asked again when it is done": func(o outbox) {
			o.enqueue(time.Time{}, nine)
			job, _ := o.claim(nine)
			o.must(o.store.CompleteJob(t.Context(), job, nine))
			o.enqueue(time.Time{}, nine.Add(s))
			o.wantDue(nine.Add(s), true, "a new wish")
		},
		"failed": func(o outbox) {
			o.enqueue(time.Time{}, nine)
			job, _ := o.claim(nine)
			o.must(o.store.RetryJob(t.Context(), job, "down", nine.Add(10*s)))
			o.wantDue(nine.Add(9*s), false, "before the next try")
			if job, _ = o.claim(nine.Add(10 * s)); job.Tries != 2 {
				t.Errorf("second run has %d tries, want 2", job.Tries)
			}
		},
		"crashed": func(o outbox) {
			o.enqueue(time.Time{}, nine)
			lost, _ := o.claim(nine)
			o.wantDue(nine.Add(59*s), false, "while the lease lasts")
			job, _ := o.claim(nine.Add(61 * s))
			// The lost run comes back from the dead: it may not end the run that has begun.
			o.must(o.store.RetryJob(t.Context(), lost, "late", nine.Add(time.Hour)))
			o.wantDue(nine.Add(62*s), false, "while the second run has its lease")
			o.must(o.store.CompleteJob(t.Context(), job, nine.Add(63*s)))
			o.wantDue(nine.Add(2*time.Hour), false, "when it is done")
		},
		"stopped": func(o outbox) {
			o.enqueue(time.Time{}, nine)
			job, _ := o.claim(nine)
			o.must(o.store.ReleaseJob(t.Context(), job))
			o.wantDue(nine.Add(s), true, "given back at once")
		},
		"parked": func(o outbox) {
			o.enqueue(time.Time{}, nine)
			job, _ := o.claim(nine)
			o.must(o.store.ParkJob(t.Context(), job, "the address is taken"))
			o.wantDue(nine.AddDate(1, 0, 0), false, "while parked")
			o.enqueue(time.Time{}, nine)
			if job, due := o.claim(nine); !due || job.Tries != 1 {
				t.Errorf("asked for again: %+v, %v, want a job like new", job, due)
			}
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) { story(outbox{t, dbtest.Open(t)}) })
	}
}

func TestAJobIsClaimedByOne(t *testing.T) {
	store := dbtest.Open(t)
	for _, key := range []string{"a", "b", "c"} {
		if err := store.Enqueue(t.Context(), db.Job{Kind: "test", Key: key}, time.Time{}, nine); err != nil {
			t.Fatal(err)
		}
	}
	var claims atomic.Int64
	var runners sync.WaitGroup
	for range 12 {
		runners.Go(func() {
			_, err := store.ClaimJob(t.Context(), "test", nine.Add(time.Minute), nine)
			switch {
			case err == nil:
				claims.Add(1)
			case !errors.Is(err, billing.ErrNotFound):
				t.Error(err)
			}
		})
	}
	runners.Wait()
	if claims.Load() != 3 {
		t.Errorf("%d claims of 3 jobs", claims.Load())
	}
}

// TestASentMailIsWiped looks at the table itself: a mail may hold a sign-in code.
func TestASentMailIsWiped(t *testing.T) {
	url := dbtest.URL(t)
	store, file := dbtest.OpenAt(t, url), dbtest.Raw(t, url)
	job := db.Job{Kind: db.JobSendMail, Key: "m1", Payload: `{"text":"your code is 123456"}`}
	if err := store.Enqueue(t.Context(), job, time.Time{}, nine); err != nil {
		t.Fatal(err)
	}
	claimed, err := store.ClaimJob(t.Context(), db.JobSendMail, nine.Add(time.Minute), nine)
	if err != nil || claimed.Payload != job.Payload {
		t.Fatalf("claimed %+v (%v)", claimed, err)
	}
	if err := store.CompleteJob(t.Context(), claimed, nine); err != nil {
		t.Fatal(err)
	}
	var payload string
	if err := file.QueryRow("SELECT payload FROM outbox WHERE key = 'm1'").Scan(&payload); err != nil || payload != "{}" {
		t.Errorf("payload of a sent mail: %q (%v), want nothing", payload, err)
	}
	backlog, err := store.OutboxBacklog(t.Context())
	if err != nil || len(backlog) != 1 || backlog[0].Kind != db.JobSendMail || backlog[0].State != "done" {
		t.Errorf("backlog %+v (%v), want one mail done", backlog, err)
	}
}
