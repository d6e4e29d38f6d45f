package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/db/dbtest"
	"counterfoil/twin"
	"counterfoil/twin/server"
)

// Fourteen months of a stranger's history are read at his first sign-in: afterwards
// the wallets hold what the provider says, and reading again changes nothing.
func TestSyncOfALongHistory(t *testing.T) {
	for email, hour := range map[string]time.Duration{"sam@example.com": 14, "pat@example.com": 19} {
		t.Run(email, func(t *testing.T) {
			s := newStoryStageAt(t, hour)
			me := s.signUpAndSync(email)
			first := s.wallets(me)
			if len(first) == 0 {
				t.Fatal("no wallets")
			}
			s.agree(me)
			for i := range 2 {
				s.later(time.Duration(i) * time.Hour)
				s.resync(me)
				if again := s.wallets(me); fmt.Sprint(again) != fmt.Sprint(first) {
					t.Errorf("reading again changed the wallets:\n%v\n%v", first, again)
				}
			}
		})
	}
}

// The wallets follow the provider through what happens to a subscriber afterwards.
func TestSyncFollowsTheProvider(t *testing.T) {
	s := newStoryStage(t)
	me := s.signUpAndSync("sam@example.com")
	n := 0
	own := func(credits int64) { n++; s.use(me, fmt.Sprintf("own-%d", n), credits) }
	foreign := func(ago time.Duration, credits int64) {
		n++
		_, _, err := s.twin.Engine.Ingest(t.Context(), []twin.EventInput{{
			Name: "ai_usage", CustomerID: s.customerAtTwin(me).ID, ExternalID: fmt.Sprintf("theirs-%d", n),
			Timestamp: s.twin.Engine.Now().Add(-ago), Metadata: twin.Metadata{"credits": json.Number(fmt.Sprint(credits))},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	pass := func(d time.Duration) {
		s.later(d) // the twin's clock too
		if err := s.twin.Engine.Advance(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		do   func()
	}{
		{"we use", func() { own(7); own(12) }},
		{"others use", func() { foreign(0, 30) }},
		{"the period ends with credits left", func() { pass(40 * 24 * time.Hour) }},
		{"a use waits while the period ends", func() { own(5); pass(31 * 24 * time.Hour) }},
		{"we use more than there is", func() { own(100_000) }},
		{"the period ends below zero", func() { pass(31 * 24 * time.Hour) }},
		{"others report what they used three days ago", func() { pass(time.Hour); s.resync(me); foreign(72*time.Hour, 11) }},
		{"others report what they used before the renewal", func() {
			pass(31 * 24 * time.Hour)
			s.resync(me)
			pass(48 * time.Hour)
			s.resync(me)
			foreign(5*24*time.Hour, 17)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.do()
			s.step("usage")
			s.later(time.Hour) // whatever failed is due again
			s.step("usage")
			s.step(db.JobReconcileCustomer)
			s.resync(me)
			s.agree(me)
		})
	}
}

// TestLongHistoryIsReadInParts: a history of more events than one job reads is read by one
// job after the other, with the same wallets in the end; and where more events fall into
// the overlap of two readings than one job reads, it gets on all the same.
func TestLongHistoryIsReadInParts(t *testing.T) {
	for _, most := range []int{1, 40, 500} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			s := newStoryStage(t)
			s.eventsAtOnce = most
			me := s.signUp("sam@example.com")
			s.step("reconcile")
			s.step(db.JobReconcileCatalog)
			s.step(db.JobCreateCustomer)
			s.step(db.JobReconcileCustomer)
			jobs := s.step(db.JobSyncCredits)
			s.step(db.JobReconcileCustomer)
			s.step(db.JobSyncCredits)
			s.agree(me)
			if trouble := s.trouble().Error; most > 1 && jobs < 3 || trouble != "" {
				t.Errorf("%d jobs read it (%s), want several", jobs, trouble)
			}
		})
	}
}

// inParts refuses to read more events at once than fit into the time of a request.
type inParts struct {
	billing.Provider
	t    *testing.T
	most int
	read int
}

func (p *inParts) UsageEvents(ctx context.Context, id string, since time.Time, most int) ([]billing.ForeignEvent, bool, error) {
	if p.read++; most > p.most {
		p.t.Errorf("asked for %d events at once, %d fit", most, p.most)
	}
	return p.Provider.UsageEvents(ctx, id, since, most)
}

// TestLateReportIsSearchedInParts: a use that somebody reports long after it happened is
// found although the period has more events than can be read in one request's time, or in
// one job's.
func TestLateReportIsSearchedInParts(t *testing.T) {
	s := newStoryStage(t)
	me := s.signUpAndSync("sam@example.com")
	parts := &inParts{Provider: s.Provider, t: t, most: 4}
	s.Provider, s.eventsAtOnce = parts, parts.most
	for i := range 3 * searchParts * parts.most {
		s.use(me, fmt.Sprintf("own-%d", i), 1)
		s.later(time.Second)
	}
	if err := s.twin.Engine.Advance(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	s.step("usage")
	s.later(time.Hour)
	s.step("usage")
	s.step(db.JobReconcileCustomer)
	s.resync(me)
	s.agree(me)
	_, _, err := s.twin.Engine.Ingest(t.Context(), []twin.EventInput{{
		Name: "ai_usage", CustomerID: s.customerAtTwin(me).ID, ExternalID: "theirs",
		Timestamp: s.twin.Engine.Now().Add(-24 * time.Hour), Metadata: twin.Metadata{"credits": json.Number("11")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	parts.read = 0
	s.later(time.Hour)
	s.step(db.JobReconcileCustomer)
	s.resync(me)
	s.agree(me)
	if parts.read <= 2*searchParts {
		t.Errorf("%d readings, want several jobs of %d", parts.read, searchParts)
	}
}

// Credits of a meter that the catalog has not shown wait for the catalog.
func TestSyncWaitsForTheCatalog(t *testing.T) {
	s := newStoryStage(t)
	me := s.signUpAndSync("pat@example.com")
	want := s.wallets(me)
	other := newStoryStage(t)
	him := other.signUp("pat@example.com")
	other.step(db.JobCreateCustomer)
	other.step(db.JobReconcileCustomer)
	other.step(db.JobSyncCredits)
	if job := other.trouble(); !strings.Contains(job.Error, "catalog") {
		t.Errorf("the sync says %q, want that the catalog is missing", job.Error)
	}
	if got := other.wallets(him); len(got) != 0 {
		t.Errorf("wallets of unknown meters: %v", got)
	}
	other.step(db.JobReconcileCatalog)
	other.later(time.Hour)
	other.step(db.JobSyncCredits)
	if len(other.wallets(him)) != len(want) {
		t.Errorf("wallets %v, want as many as %v", other.wallets(him), want)
	}
	other.agree(him)
}

// newStoryStage is a stage whose twin has the demo's people, at two in the morning.
func newStoryStage(t *testing.T) *stage {
	t.Helper()
	return newStoryStageAt(t, 2)
}

// newStoryStageAt is the same at another full hour of tomorrow, UTC: their history
// begins and renews at that hour.
func newStoryStageAt(t *testing.T, hour time.Duration) *stage {
	t.Helper()
	s := newStage(t, false)
	s.later(time.Until(time.Now().UTC().Truncate(24 * time.Hour).Add((24 + hour) * time.Hour)))
	seeded, err := server.Start(t.Context(), server.Config{
		Addr: "127.0.0.1:0", Path: filepath.Join(t.TempDir(), "twin.db"), Seed: true, Log: s.Log, Now: s.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = seeded.Close() })
	s.twin = seeded
	provider, err := polar.New(polar.Config{
		RequestsPerMinute: 1_000_000, // the pace is tested elsewhere
		Token:             server.OrganizationToken, WebhookSecrets: []string{server.WebhookSecret}, Server: seeded.BaseURL, Log: s.Log,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Worker = New(Config{Store: s.Store, Provider: provider, Mailer: s.Mailer, Now: s.now, Log: s.Log})
	return s
}

func (s *stage) signUpAndSync(email string) (customer string) {
	s.t.Helper()
	customer = s.signUp(email)
	s.step("reconcile")
	for _, job := range []string{db.JobReconcileCatalog, db.JobCreateCustomer, db.JobReconcileCustomer, db.JobSyncCredits} {
		s.step(job)
	}
	return customer
}

// wallets are the balances and sums of a customer's wallets.
func (s *stage) wallets(customer string) map[string]db.CreditSums {
	s.t.Helper()
	wallets, err := s.Store.Wallets(s.t.Context(), customer)
	if err != nil {
		s.t.Fatal(err)
	}
	sums := map[string]db.CreditSums{}
	for _, w := range wallets {
		if sums[w.MeterName], err = s.Store.CreditSums(s.t.Context(), customer, w.Meter, time.Time{}); err != nil {
			s.t.Fatal(err)
		}
	}
	return sums
}

// agree demands that nothing is on its way, that every wallet holds what the twin
// says of the customer and meter, and that the ledger proves itself.
func (s *stage) agree(customer string) {
	s.t.Helper()
	if err := s.Store.CheckLedger(s.t.Context(), customer); err != nil {
		s.t.Error(err)
	}
	wallets, err := s.Store.Wallets(s.t.Context(), customer)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, w := range wallets {
		drift, tells := w.Drift()
		if !tells || drift != 0 {
			s.t.Errorf("meter %s: ours %s, the provider's %s (comparable: %v)", w.MeterName, w.Balance, w.Provider, tells)
		}
	}
	for _, m := range s.twin.Engine.MetersOf(s.customerAtTwin(customer).ID) {
		want, err := billing.ParseCredits(m.Balance().String())
		if err != nil {
			s.t.Fatal(err)
		}
		found := false
		for _, w := range wallets {
			if w.Meter.ProviderID == m.MeterID {
				found = true
				if w.Balance != want {
					s.t.Errorf("meter %s: ours %s, the twin's %s", w.MeterName, w.Balance, want)
				}
			}
		}
		if !found {
			s.t.Errorf("no wallet for meter %s, where the twin says %s", m.MeterID, want)
		}
	}
}

func (s *stage) customerAtTwin(customer string) twin.Customer {
	s.t.Helper()
	var c twin.Customer
	err := s.twin.Engine.Read(func(v *twin.View) (err error) {
		c, err = v.CustomerByExternal(customer)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *stage) resync(customer string) {
	s.t.Helper()
	job := db.CreditsJob("polar", s.customerAtTwin(customer).ID, customer)
	if err := s.Store.Enqueue(s.t.Context(), job, time.Time{}, s.now()); err != nil {
		s.t.Fatal(err)
	}
	s.step(db.JobSyncCredits)
	if job := s.trouble(); job.Error != "" {
		s.t.Fatalf("sync: %s", job.Error)
	}
}

// TestSumsAreProvedBehindOneThatCannotBeRead: a ledger that cannot be read, or takes longer
// than PostgreSQL lets a reader take, keeps no other from being proved.
func TestSumsAreProvedBehindOneThatCannotBeRead(t *testing.T) {
	dbtest.SQLiteOnly(t, "PostgreSQL keeps text out of a column of numbers")
	s := newStage(t, true)
	s.step("reconcile") // the meters
	for _, customer := range []string{"ada", "bo"} {
		s.use(customer, "of "+customer, 1)
	}
	s.write("UPDATE ledger_accounts SET last_seq = 'a strange shape' WHERE customer_id = 'ada'")
	s.write("UPDATE ledger_accounts SET balance = balance + 1 WHERE customer_id = 'bo' AND kind = 'wallet'")
	for range 2 {
		if _, err := s.checkSums(t.Context()); err == nil {
			t.Error("nobody is told that a ledger cannot be read")
		}
	}
	alarms, err := s.Store.Alarms(t.Context())
	if err != nil || len(alarms) != 1 || alarms[0].Kind != billing.AlarmLedger || alarms[0].Subject != "bo" {
		t.Errorf("alarms %+v (%v), want one about bo's ledger", alarms, err)
	}
}
