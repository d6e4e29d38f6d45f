package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestD11UnknownOutcome cuts the connection at the commit, before the server hears of
// it and after it has committed. The caller is told that nobody knows; whoever repeats
// what he asked for, under its id, has it exactly once.
func TestD11UnknownOutcome(t *testing.T) {
	dbtest.PostgresOnly(t, "SQLite's commit does not go over a line")
	for cut, happened := range map[int32]bool{cutRequest: false, cutAnswer: true} {
		t.Run(fmt.Sprintf("committed %v", happened), func(t *testing.T) {
			url := dbtest.URL(t)
			straight := dbtest.OpenAt(t, url)
			between := newProxy(t, url)
			store := dbtest.OpenAt(t, between.url)
			// lose cuts the commit of a write, and sees to it that it was told as open.
			lose := func(what string, write func() error) {
				t.Helper()
				between.cut.Store(cut)
				if err := write(); err == nil || !strings.Contains(err.Error(), "outcome is unknown") {
					t.Errorf("%s whose commit was cut: %v, want an unknown outcome", what, err)
				}
				if between.cut.Load() != cutNothing {
					t.Fatalf("%s: the proxy saw no commit", what)
				}
			}
			event := use("e1", "ada", noon, 40)
			var recorded bool
			send := func() (err error) {
				recorded, err = store.RecordUsage(t.Context(), event, "polar", allMeters, noon)
				return err
			}
			lose("an event", send)
			if err := send(); err != nil || recorded == happened {
				t.Errorf("the event again: recorded %v (%v), want %v", recorded, err, !happened)
			}
			if got := balance(t, straight, "ada", tokens); got != -40*billing.CreditScale {
				t.Errorf("balance %s, want -40", got)
			}

			var fresh bool
			receive := func() (err error) {
				fresh, err = store.Receive(t.Context(), delivery("d1", "order.paid"), "/webhooks/polar", nine)
				return err
			}
			lose("a delivery", receive)
			if err := receive(); err != nil || fresh == happened {
				t.Errorf("the delivery again: fresh %v (%v), want %v", fresh, err, !happened)
			}
			due, err := claim(store, 9, nine)
			if err != nil || len(due) != 1 {
				t.Fatalf("%d deliveries (%v), want 1", len(due), err)
			}
			var applied db.Applied
			doApply := func() (err error) {
				applied, err = store.ApplyDelivery(t.Context(), due[0], billing.Change{Object: subscription(billing.Active, 1)}, nine)
				return err
			}
			lose("an application", doApply)
			if err := doApply(); err != nil || applied.Changed == happened {
				t.Errorf("applied again: %+v (%v), want changed %v", applied, err, !happened)
			}
			if backlog, err := straight.InboxBacklog(t.Context()); err != nil || len(backlog) != 1 || backlog[0].State != "done" {
				t.Errorf("inbox %+v (%v), want one done", backlog, err)
			}

			lose("a job", func() error {
				return store.Enqueue(t.Context(), db.Job{Kind: db.JobReconcileCustomer, Key: "ada"}, time.Time{}, noon)
			})
			if err := store.Enqueue(t.Context(), db.Job{Kind: db.JobReconcileCustomer, Key: "ada"}, time.Time{}, noon); err != nil {
				t.Error(err)
			}
			if jobs := drain(t, straight); len(jobs) != 1 {
				t.Errorf("%d jobs, want 1", len(jobs))
			}
			check(t, straight, "ada")

			// Control: who repeats under another id, as one without keys must, has it twice.
			lose("a keyless event", func() error {
				_, err := store.RecordUsage(t.Context(), use("k1", "bob", noon, 1), "polar", allMeters, noon)
				return err
			})
			record(t, store, use("k2", "bob", noon, 1))
			if twice := balance(t, straight, "bob", tokens) == -2*billing.CreditScale; twice != happened {
				t.Errorf("without a key it counted twice: %v, want %v", twice, happened)
			}
		})
	}
}

// TestUsageOutlivesAServerThatVanished: PostgreSQL is gone in the middle of the one
// transaction that all callers share, and the line stays open. Those who come later are
// recorded over another one, and do not wait for the network to notice.
func TestUsageOutlivesAServerThatVanished(t *testing.T) {
	dbtest.PostgresOnly(t, "a file does not vanish")
	between := newProxy(t, dbtest.URL(t))
	store := dbtest.OpenAt(t, between.url)
	between.cut.Store(cutNobody)
	patient, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := store.RecordUsage(patient, use("e1", "ada", noon, 40), "polar", allMeters, noon); !errors.Is(err, context.DeadlineExceeded) || patient.Err() != nil {
		t.Errorf("the one who was under way: %v, want that its time is over, within a minute", err)
	}
	if _, err := store.RecordUsage(patient, use("e2", "ada", noon, 40), "polar", allMeters, noon); err != nil {
		t.Errorf("the next one: %v", err)
	}
}
