package worker

import (
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/db/dbtest"
	"counterfoil/twin"
	"counterfoil/twin/server"
)

// stage is a worker on real parts: a SQLite file, the twin on a loopback port, mail
// over SMTP. Its loops do not run; a test makes the steps one by one. No webhook is
// sent: deliveries are put into the inbox by hand.
type stage struct {
	*Worker
	t     testing.TB
	twin  *server.Server
	url   string           // of the database
	known map[string]known // by subscriber
	ahead atomic.Int64     // how far the worker's clock is ahead, in nanoseconds
	still atomic.Pointer[time.Time]
}

func newStage(t testing.TB, seeded bool) *stage {
	t.Helper()
	folder := t.TempDir()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s := &stage{t: t, url: dbtest.URL(t), known: map[string]known{}}
	store := dbtest.OpenAt(t, s.url)
	var err error
	s.twin, err = server.Start(t.Context(), server.Config{
		Addr: "127.0.0.1:0", Path: filepath.Join(folder, "twin.db"), Seed: seeded, Log: log, Now: s.real,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.twin.Close() })
	provider, err := polar.New(polar.Config{
		Token: server.OrganizationToken, WebhookSecrets: []string{server.WebhookSecret}, Server: s.twin.BaseURL, Now: s.now, Log: log,
		RequestsPerMinute: 1_000_000, // the pace is tested elsewhere
	})
	if err != nil {
		t.Fatal(err)
	}
	mailer, err := NewMailer(s.twin.SMTPURL, "no-reply@portal.example")
	if err != nil {
		t.Fatal(err)
	}
	s.Worker = New(Config{Store: store, Provider: provider, Mailer: mailer, Now: s.now, Log: log})
	return s
}

func (s *stage) now() time.Time { return s.real().Add(time.Duration(s.ahead.Load())) }

// real is the time under the clocks of the worker and of the twin.
func (s *stage) real() time.Time {
	if still := s.still.Load(); still != nil {
		return *still
	}
	return time.Now()
}

// stand stops the clocks of the worker and of the twin, for what is a matter of seconds:
// they move by later and by the twin's Advance alone, however slow the machine is.
func (s *stage) stand() {
	now := time.Now()
	s.still.Store(&now)
}

// later moves the worker's clock.
func (s *stage) later(d time.Duration) { s.ahead.Add(int64(d)) }

// signUp makes a user with a proven address, and with it the job that tells the
// provider. It returns the customer id.
func (s *stage) signUp(email string) string {
	s.t.Helper()
	now := s.now()
	entry, err := s.Store.SignInWithIdentity(s.t.Context(),
		db.Identity{Provider: "https://id.example", Subject: email, Email: email, EmailVerified: true, Name: "Noor"},
		db.SignIn{
			Session:        db.Session{ID: db.NewID(), TokenHash: db.NewID(), Data: "{}", CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour)},
			CreateCustomer: true, Now: now,
		})
	if err != nil {
		s.t.Fatal(err)
	}
	return entry.User.ID
}

// step makes the named loop do what is due, until nothing is.
func (s *stage) step(name string) (done int) {
	s.t.Helper()
	for _, l := range s.loops {
		if l.name != name {
			continue
		}
		for {
			n, err := l.step(s.t.Context())
			if err != nil {
				s.t.Fatalf("step of %s: %v", name, err)
			}
			if done += n; n == 0 {
				return done
			}
		}
	}
	s.t.Fatalf("there is no loop %s", name)
	return 0
}

// trouble returns the one job that has failed, or a zero Job.
func (s *stage) trouble() db.Job {
	s.t.Helper()
	jobs, err := s.Store.TroubledJobs(s.t.Context(), 9)
	if err != nil || len(jobs) > 1 {
		s.t.Fatalf("troubled jobs %+v (%v), want one at most", jobs, err)
	}
	if len(jobs) == 0 {
		return db.Job{}
	}
	return jobs[0]
}

// write changes the database behind the store's back.
func (s *stage) write(statement string, args ...any) {
	s.t.Helper()
	if err := dbtest.Exec(s.t.Context(), s.url, statement, args...); err != nil {
		s.t.Fatal(err)
	}
}

// has makes a customer at the provider who was there before; externalID may be empty.
func (s *stage) has(email, externalID string) twin.Customer {
	s.t.Helper()
	in := twin.CustomerInput{Email: &email}
	if externalID != "" {
		in.ExternalID = &externalID
	}
	customer, err := s.twin.Engine.CreateCustomer(s.t.Context(), in)
	if err != nil {
		s.t.Fatal(err)
	}
	return customer
}

func (s *stage) strike(faults ...twin.Fault) {
	s.t.Helper()
	for _, f := range faults {
		if err := s.twin.Engine.AddFault(f); err != nil {
			s.t.Fatal(err)
		}
	}
}
