package worker

import (
	"strings"
	"testing"
	"time"

	"counterfoil/db"
	"counterfoil/twin"
)

func TestCreateCustomer(t *testing.T) {
	const email = "noor@example.com"
	tests := []struct {
		name   string
		before func(s *stage, me string)
		linked bool   // after the first run
		state  string // of the job after the first run, when it is not done
		reason string // what the operator reads
		after  bool   // linked after healing and a second run
	}{
		{"nobody knows the address", func(*stage, string) {}, true, "", "", true},
		{"made before, by a run that crashed", func(s *stage, me string) { s.has(email, me) }, true, "", "", true},
		{"made before, with another address", func(s *stage, me string) { s.has("old@example.com", me) }, true, "", "", true},
		{"somebody bought before he signed up", func(s *stage, _ string) { s.has(email, "") }, true, "", "", true},
		{"the address is written in capitals there", func(s *stage, _ string) { s.has("Noor@Example.com", "") }, true, "", "", true},
		{"the address is linked to another id", func(s *stage, _ string) { s.has(email, "other-portal-7") }, false, "parked", "linked to another id (other-portal-7) for ever", false},
		{"the address is there but not proven here", func(s *stage, me string) {
			s.has(email, "")
			s.write("UPDATE users SET email_verified_at = NULL WHERE id = ?", me)
		}, false, "parked", "has not proven it", false},
		{"the answer is lost", func(s *stage, _ string) {
			s.strike(twin.Fault{Kind: "lost", Path: "/v1/customers", Count: 1})
		}, true, "", "", true},
		{"the request is lost", func(s *stage, _ string) {
			s.strike(twin.Fault{Kind: "cut", Path: "/v1/customers", Count: 1})
		}, false, "waiting", "outcome unknown", true},
		{"the answer is lost, and the provider stays away", func(s *stage, _ string) {
			s.strike(twin.Fault{Kind: "lost", Path: "/v1/customers", Count: 1}, twin.Fault{Kind: "status", Status: 503, RetryAfter: 60})
		}, false, "waiting", "provider unavailable", true},
		{"the provider is down", func(s *stage, _ string) {
			s.strike(twin.Fault{Kind: "status", Status: 500, RetryAfter: 60})
		}, false, "waiting", "provider unavailable", true},
		{"a proxy answers in its place", func(s *stage, _ string) {
			s.strike(twin.Fault{Kind: "html"})
		}, false, "waiting", "provider unavailable", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, false)
			me := s.signUp(email)
			tt.before(s, me)
			s.step(db.JobCreateCustomer)
			if got := s.linked(me); got != tt.linked {
				t.Errorf("linked %v, want %v", got, tt.linked)
			}
			if job := s.trouble(); job.State != tt.state || !strings.Contains(job.Error, tt.reason) {
				t.Errorf("the job is %q because %q, want %q because %q", job.State, job.Error, tt.state, tt.reason)
			}
			s.twin.Engine.ClearFaults()
			s.later(time.Hour)
			s.step(db.JobCreateCustomer)
			if got := s.linked(me); got != tt.after {
				t.Errorf("after healing linked %v, want %v", got, tt.after)
			}
			mine := 0
			for _, c := range s.twin.Engine.Customers() {
				if c.ExternalID == me {
					mine++
				}
			}
			if tt.after && mine != 1 {
				t.Errorf("the provider has %d customers of ours, want 1", mine)
			}
		})
	}
}

func (s *stage) linked(customerID string) bool {
	_, err := s.Store.ProviderCustomer(s.t.Context(), s.Provider.Name(), customerID)
	return err == nil
}

// TestAnOutageNeverParks: however often a job fails because the provider is down, it
// waits, ever longer, and is done when the provider is back.
func TestAnOutageNeverParks(t *testing.T) {
	s := newStage(t, false)
	me := s.signUp("noor@example.com")
	s.strike(twin.Fault{Kind: "status", Status: 503, RetryAfter: 120})
	for hour := range 12 {
		for range 6 {
			s.step(db.JobCreateCustomer)
			s.later(10 * time.Minute)
		}
		if job := s.trouble(); job.State != "waiting" {
			t.Fatalf("after hour %d the job is %q: %s", hour, job.State, job.Error)
		}
	}
	s.twin.Engine.ClearFaults()
	s.later(15 * time.Minute)
	s.step(db.JobCreateCustomer)
	if !s.linked(me) || s.trouble().ID != "" {
		t.Errorf("linked %v, trouble %+v, want all done", s.linked(me), s.trouble())
	}
}

// TestACustomerIsNotAdoptedByAnUnprovenAddress: somebody signs up with a password and an
// address that has a customer at the provider. He gets neither that one nor another; its
// owner does, when he proves the address.
func TestACustomerIsNotAdoptedByAnUnprovenAddress(t *testing.T) {
	s := newStage(t, false)
	const email = "noor@example.com"
	s.has(email, "")
	now := s.now()
	enter := func() db.SignIn {
		return db.SignIn{
			Session:        db.Session{ID: db.NewID(), TokenHash: db.NewID(), Data: "{}", CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour)},
			CreateCustomer: true, Now: now,
		}
	}
	link := db.MailedLink{TokenHash: "t", Purpose: db.LinkVerify, Email: email, PasswordHash: "h", CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	entry, err := s.Store.SignUp(t.Context(), link, "", db.CodeLimit{Most: 1}, db.Mail{}, enter())
	if err != nil {
		t.Fatal(err)
	}
	s.step(db.JobCreateCustomer)
	if job := s.trouble(); s.linked(entry.User.ID) || job.State != "parked" || !strings.Contains(job.Error, "has not proven it") {
		t.Fatalf("linked %v, the job is %q because %q", s.linked(entry.User.ID), job.State, job.Error)
	}
	proven, err := s.Store.VerifyWithLink(t.Context(), link, enter())
	if err != nil || proven.User.ID != entry.User.ID {
		t.Fatalf("%+v, %v", proven, err)
	}
	s.step(db.JobCreateCustomer)
	if !s.linked(entry.User.ID) {
		t.Error("the owner of the address is not linked")
	}
}
