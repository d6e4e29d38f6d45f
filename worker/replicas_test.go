package worker

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"counterfoil/db/dbtest"
)

// TestTwoWorkersDoEachThingOnce: two processes on one PostgreSQL (on SQLite two workers
// of one) find people and mails that wait. Each customer is made once, and each mail
// arrives once.
func TestTwoWorkersDoEachThingOnce(t *testing.T) {
	const people = 12
	s := newStage(t, false)
	config := s.Config
	if dbtest.OnPostgres() {
		config.Store = dbtest.OpenAt(t, s.url)
	}
	other := New(config)
	for i := range people {
		s.mail(fmt.Sprintf("person%d@example.com", i))
		s.signUp(fmt.Sprintf("person%d@example.com", i))
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	running.Go(func() { other.Run(ctx) })
	deadline := time.After(10 * time.Minute)
	for done := false; !done; {
		s.Poke()
		other.Poke()
		select {
		case <-deadline:
			t.Fatalf("after ten minutes: %d mails, %d customers", len(s.twin.Engine.Mails()), len(s.twin.Engine.Customers()))
		case <-time.After(20 * time.Millisecond):
		}
		backlog, err := s.Store.OutboxBacklog(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done = true
		for _, b := range backlog {
			done = done && b.State == "done"
		}
	}
	stop()
	running.Wait()
	mails, customers := map[string]int{}, map[string]int{}
	for _, m := range s.twin.Engine.Mails() {
		mails[fmt.Sprint(m.To)]++
	}
	for _, c := range s.twin.Engine.Customers() {
		customers[c.ExternalID]++
	}
	if len(mails) != people || len(customers) != people {
		t.Errorf("mails to %d people and customers for %d, want %d of both", len(mails), len(customers), people)
	}
	for to, n := range mails {
		if n != 1 {
			t.Errorf("%d mails to %s", n, to)
		}
	}
	for id, n := range customers {
		if n != 1 {
			t.Errorf("%d customers for %s", n, id)
		}
	}
}
