package worker

import (
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
	"counterfoil/twin"
)

// TestTheProviderErasesToo (SEC-18): whoever is erased here is deleted at the provider and
// made nameless, whatever comes between: outages, lost answers, a crash, and a customer
// who is made there while he is erased here.
func TestTheProviderErasesToo(t *testing.T) {
	const email, path = "noor@example.com", "/v1/customers/"
	tests := []struct {
		name   string
		before func(s *stage, me string) // he is erased
		after  func(s *stage, me string)
	}{
		{"it answers", linkedFirst, nil},
		{"the answer is lost", linkedFirst, func(s *stage, _ string) {
			s.strike(twin.Fault{Kind: "lost", Method: "DELETE", Path: path, Count: 3})
		}},
		{"the request is lost", linkedFirst, func(s *stage, _ string) {
			s.strike(twin.Fault{Kind: "cut", Method: "DELETE", Path: path, Count: 3})
		}},
		{"it is down for long", linkedFirst, func(s *stage, _ string) {
			s.strike(twin.Fault{Kind: "status", Status: 503, RetryAfter: 120})
			for range 12 {
				s.step(db.JobEraseCustomer)
				s.later(time.Hour)
			}
			if job := s.trouble(); job.State != "waiting" {
				s.t.Errorf("after half a day of outage the job is %q: %s", job.State, job.Error)
			}
		}},
		{"a process died after it was done", linkedFirst, func(s *stage, me string) {
			at, err := s.Store.ErasedAtProviders(s.t.Context(), me)
			if err != nil || len(at) != 1 {
				s.t.Fatalf("%v %v", at, err)
			}
			if err := s.Provider.DeleteCustomer(s.t.Context(), at[0].Ref.ProviderID); err != nil {
				s.t.Fatal(err)
			}
		}},
		{"he is made there while he is erased here", func(*stage, string) {}, func(s *stage, me string) { s.has(email, me) }},
		{"nobody knows him there", func(*stage, string) {}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, false)
			me := s.signUp(email)
			tt.before(s, me)
			body := `{"type":"customer.updated","data":{"external_id":"` + me + `","email":"` + email + `"}}`
			d := billing.Delivery{Provider: "polar", ID: "old", Type: "customer.updated", SentAt: s.now(), Body: []byte(body)}
			if _, err := s.Store.Receive(t.Context(), d, "/webhooks/polar", s.now()); err != nil {
				t.Fatal(err)
			}
			s.write("UPDATE inbox SET state = 'done', done_at = 1")
			if err := s.Store.Erase(t.Context(), db.Erasure{UserID: me}, s.now()); err != nil {
				t.Fatal(err)
			}
			if tt.after != nil {
				tt.after(s, me)
			}
			s.step(db.JobEraseCustomer)
			s.twin.Engine.ClearFaults()
			s.later(time.Hour)
			s.step(db.JobEraseCustomer)
			for _, c := range s.twin.Engine.Customers() {
				if c.Email == email || c.ExternalID == me || !strings.HasSuffix(c.Email, "@anonymized.invalid") {
					t.Errorf("the provider still has %s, %s", c.Email, c.ExternalID)
				}
			}
			at, err := s.Store.ErasedAtProviders(t.Context(), me)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range at {
				if !a.Done {
					t.Errorf("not written down as done: %+v", a)
				}
			}
			if job := s.trouble(); job.ID != "" {
				t.Errorf("trouble: %+v", job)
			}
			if all := dbtest.Contents(t, s.url); strings.Contains(all, email) || strings.Contains(all, "Noor") {
				t.Error("his address or name is here")
			}
		})
	}
}

func linkedFirst(s *stage, _ string) { s.step(db.JobCreateCustomer) }

// TestComingBackWhileBeingErased: somebody who signs up again before the provider has
// erased him waits for that, and becomes a new customer; nothing is set aside.
func TestComingBackWhileBeingErased(t *testing.T) {
	s := newStage(t, false)
	const email = "noor@example.com"
	before := s.signUp(email)
	s.step(db.JobCreateCustomer)
	if err := s.Store.Erase(t.Context(), db.Erasure{UserID: before}, s.now()); err != nil {
		t.Fatal(err)
	}
	me := s.signUp(email)
	for range 12 { // creating fails for longer than it takes to be set aside
		s.step(db.JobCreateCustomer)
		s.later(time.Hour)
	}
	if job := s.trouble(); job.State != "waiting" || !strings.Contains(job.Error, "still to erase") {
		t.Errorf("the job is %q because %q", job.State, job.Error)
	}
	s.step(db.JobEraseCustomer)
	s.later(time.Hour)
	s.step(db.JobCreateCustomer)
	if me == before || !s.linked(me) || s.trouble().ID != "" {
		t.Errorf("not a new customer: linked %v, trouble %+v", s.linked(me), s.trouble())
	}
}
