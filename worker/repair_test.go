package worker

import (
	"encoding/json"
	"fmt"
	"net/http"
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

// TestB2AnOldBackupIsHealed: after the copy people buy, change plans, sign up and use credits;
// then the machine is lost and the old copy restored. The mirror becomes what the provider
// has, uses come back once and under their ids, nothing is granted twice, and no wallet
// counts before its figure is the provider's. One whose record does not explain the figure
// stays frozen, with an alarm, until it does. Hooks are told again under the keys they had.
func TestB2AnOldBackupIsHealed(t *testing.T) {
	dbtest.SQLiteOnly(t, "PostgreSQL is copied by its own programs")
	s := newRestoreStage(t)
	told := s.listen(s.now())
	ada, bob, cy, dan := s.buyer("ada", "pro"), s.buyer("bob", "credits-1000"), s.buyer("cy", "pro"), s.buyer("dan", "free")
	s.spend(ada, 100)
	s.spend(dan, 5)
	s.settle(ada, bob, cy, dan)
	s.use(bob, "bob-waits", 10) // recorded, and not reported yet
	file := filepath.Join(t.TempDir(), "copy.db")
	if _, err := db.Backup(t.Context(), s.url, file, s.now()); err != nil {
		t.Fatal(err)
	}
	s.step("hook go")
	toldBefore := len(told.calls)

	// Life goes on.
	s.later(time.Minute)
	for i := range 3 {
		s.use(ada, fmt.Sprint("gap-", i), 100)
	}
	s.spend(dan, 40)
	s.step("usage")
	s.buy(cy, "credits-1000")
	s.report(cy, 30)
	eve := s.buyer("eve", "pro")
	s.spend(eve, 50)
	sub := s.twin.Engine.SubscriptionsOf(s.customerAtTwin(ada).ID)[0]
	if _, err := s.twin.Engine.CancelSubscription(t.Context(), sub.ID, twin.Cancellation{}); err != nil {
		t.Fatal(err)
	}
	s.settle(ada, bob, cy, dan, eve)
	before := map[string]string{}
	for _, who := range []string{ada, bob, cy, dan, eve} {
		before[who] = fmt.Sprint(s.wallets(who))
	}
	s.step("hook go")
	firstTold := bodies(told.calls[toldBefore:])

	// The machine is lost.
	s.later(time.Minute)
	told = s.restore(file)
	w := s.tap()
	w.lie = func(r *http.Request) (string, string) { // what dan used is missing from the record
		if strings.HasPrefix(r.URL.Path, "/v1/events") && strings.Contains(r.URL.RawQuery, s.customerAtTwin(dan).ID) {
			return emptyList, "application/json"
		}
		return "", ""
	}
	for _, who := range []string{ada, bob, cy, dan} {
		s.wantFrozen(who, db.FrozenByRestore)
	}
	s.use(ada, "gap-1", 100) // its caller never got the answer, and repeats it
	s.use(ada, "new", 7)
	s.step("usage")
	s.step("reconcile")
	s.wantMirror(ada, s.customerAtTwin(ada).ID)
	s.wantMirror(cy, s.customerAtTwin(cy).ID)
	s.step(db.JobSyncCredits)
	s.step("repair")
	s.wantFrozen(cy, db.FrozenByRestore) // the provider may not have added up yet

	s.later(db.RestoreSettles + time.Second)
	for range 2 {
		s.step("reconcile")
		s.step("repair")
		s.step(db.JobReconcileCustomer)
		s.step(db.JobSyncCredits)
	}
	s.step("repair")
	s.step("usage")
	for _, who := range []string{ada, bob, cy} {
		s.wantFrozen(who, "")
		s.agree(who)
	}
	s.use(ada, "undo", -7)
	s.step("usage")
	s.settle(ada)
	for _, who := range []string{bob, cy} {
		if got := fmt.Sprint(s.wallets(who)); got != before[who] {
			t.Errorf("wallets of %s after the restore:\n%s, before:\n%s", s.email(who), got, before[who])
		}
	}
	if n := s.count(bob, db.UsageWaiting); n != 0 {
		t.Errorf("%d uses of bob still wait", n)
	}
	if n := len(s.arrived(ada)); n != 6 { // 100, three after the copy, and two after the restore
		t.Errorf("the provider has %d uses of ada", n)
	}

	// Whoever signed up after the copy signs up again, and is who he was.
	if again := s.signUp("eve@example.com"); again != eve {
		t.Errorf("eve is %s now and was %s: what she bought is nobody's", again, eve)
	}
	s.settle(eve)
	if got := fmt.Sprint(s.wallets(eve)); got != before[eve] {
		t.Errorf("wallets of eve %s, before %s", got, before[eve])
	}

	// What cannot be explained stays frozen, and is shown, until it can.
	s.later(repairPatience)
	s.step("reconcile")
	s.step("repair")
	s.step(db.JobSyncCredits)
	s.step("repair")
	s.wantFrozen(dan, db.FrozenDiffers)
	if alarms := s.alarmsOf(billing.AlarmCreditsDiffer); len(alarms) != 1 || !strings.HasPrefix(alarms[0].Subject, dan) {
		t.Errorf("alarms %+v, want one of dan", alarms)
	}
	if differing, comparing, err := s.Store.Differing(t.Context(), "polar", 9); err != nil || len(differing) != 1 || comparing != 0 || differing[0].Provider != 55*billing.CreditScale {
		t.Errorf("operators see %+v, %d being compared (%v)", differing, comparing, err)
	}
	w.lie = nil
	s.later(repairAsks + time.Second)
	s.step("repair")
	s.step(db.JobSyncCredits)
	s.step("repair")
	s.wantFrozen(dan, "")
	s.agree(dan)
	if got := fmt.Sprint(s.wallets(dan)); got != before[dan] || len(s.alarmsOf(billing.AlarmCreditsDiffer)) != 0 {
		t.Errorf("wallets of dan %s, before %s; alarms %v", got, before[dan], s.alarmsOf(billing.AlarmCreditsDiffer))
	}

	s.step("hook go")
	again := bodies(told.calls)
	for key, body := range firstTold {
		if strings.HasPrefix(body, "customer.") || strings.HasPrefix(body, "credits.") {
			continue // of people, and of our own ledger
		}
		body = strings.Replace(body, `"customer_id":"`+eve+`",`, "", 1) // she was nobody here then
		if again[key] != body {
			t.Errorf("hooks were told %s, after the restore under that key %.150s", body, again[key])
		}
	}
	if len(firstTold) < 8 {
		t.Errorf("only %d facts between the copy and the loss", len(firstTold))
	}
}

// newRestoreStage is a stage whose twin has the demo's shop and follows the worker's clock,
// which is the real one at first: ids are made by that.
func newRestoreStage(t testing.TB) *stage {
	t.Helper()
	s := newStage(t, false)
	seeded, err := server.Start(t.Context(), server.Config{
		Addr: "127.0.0.1:0", Path: filepath.Join(t.TempDir(), "twin.db"), Seed: true, Log: s.Log, Now: s.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = seeded.Close() })
	s.twin = seeded
	provider, err := polar.New(polar.Config{
		Token: server.OrganizationToken, WebhookSecrets: []string{server.WebhookSecret}, Server: seeded.BaseURL, Log: s.Log,
		Now: s.now, RequestsPerMinute: 1_000_000, // the pace is tested elsewhere
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Worker = New(Config{Store: s.Store, Provider: provider, Mailer: s.Mailer, Now: s.now, Log: s.Log})
	s.step("reconcile")
	return s
}

// restore loses the database of a stage, puts a copy in its place and starts a worker on
// it, whose hook is new too.
func (s *stage) restore(file string) *recorder {
	s.t.Helper()
	if err := s.Store.Close(); err != nil {
		s.t.Fatal(err)
	}
	if _, err := db.Restore(s.t.Context(), file, s.url, true, s.now()); err != nil {
		s.t.Fatal(err)
	}
	s.Worker = New(Config{Store: dbtest.OpenAt(s.t, s.url), Provider: s.Provider, Mailer: s.Mailer, Now: s.now, Log: s.Log})
	return s.listen(s.now())
}

// buyer signs somebody up who buys a product.
func (s *stage) buyer(name, slug string) string {
	s.t.Helper()
	me := s.signUp(name + "@example.com")
	s.step(db.JobCreateCustomer)
	s.buy(me, slug)
	return me
}

func (s *stage) buy(me, slug string) {
	s.t.Helper()
	c, err := s.twin.Engine.CreateCheckout(s.t.Context(), twin.CheckoutInput{ProductIDs: []string{s.product(slug)}, ExternalCustomerID: me})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.twin.Engine.ConfirmCheckout(s.t.Context(), c.ID, twin.CheckoutEdit{}, twin.CardSucceeds); err != nil {
		s.t.Fatal(err)
	}
}

// spend records a use and reports it.
func (s *stage) spend(me string, credits int64) {
	s.t.Helper()
	s.use(me, fmt.Sprintf("%s-%d", s.email(me), credits), credits)
	s.step("usage")
}

// report is a use that somebody else reports to the provider.
func (s *stage) report(me string, credits int64) {
	s.t.Helper()
	_, _, err := s.twin.Engine.Ingest(s.t.Context(), []twin.EventInput{{
		Name: "ai_usage", CustomerID: s.customerAtTwin(me).ID, ExternalID: "theirs", Metadata: twin.Metadata{"credits": json.Number(fmt.Sprint(credits))},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) email(me string) string {
	s.t.Helper()
	user, err := s.Store.User(s.t.Context(), me)
	if err != nil {
		s.t.Fatal(err)
	}
	return user.Email
}

// settle lets everything be read and told that there is, and demands that wallets agree.
func (s *stage) settle(customers ...string) {
	s.t.Helper()
	if _, err := s.Store.AskForPass(s.t.Context(), "polar", db.PassManual, "", s.now()); err != nil {
		s.t.Fatal(err)
	}
	s.step("reconcile")
	for range 2 {
		for _, job := range []string{db.JobCreateCustomer, db.JobReconcileCustomer, db.JobSyncCredits} {
			s.step(job)
		}
	}
	for _, who := range customers {
		s.agree(who)
	}
}

func (s *stage) wantFrozen(me, reason string) {
	s.t.Helper()
	wallets, err := s.Store.Wallets(s.t.Context(), me)
	if err != nil || len(wallets) == 0 {
		s.t.Fatalf("%d wallets (%v)", len(wallets), err)
	}
	frozen := map[string]bool{}
	for _, w := range wallets {
		frozen[w.FrozenReason] = true
		if w.Frozen() != (w.FrozenReason != "") {
			s.t.Errorf("wallet %+v", w)
		}
	}
	if !frozen[reason] || reason == "" && len(frozen) > 1 {
		s.t.Errorf("wallets of %s are frozen for %v, want %q", s.email(me), frozen, reason)
	}
}

func (s *stage) alarmsOf(kind billing.AlarmKind) (list []billing.Alarm) {
	s.t.Helper()
	all, err := s.Store.Alarms(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, a := range all {
		if a.Kind == kind {
			list = append(list, a)
		}
	}
	return list
}

// bodies are what hooks were told, with its type before it, by key.
func bodies(calls []db.HookCall) map[string]string {
	told := map[string]string{}
	for _, call := range calls {
		told[call.Fact.Key] = call.Fact.Type + " " + string(call.Body)
	}
	return told
}

// TestB2APeriodEndedSinceTheCopy: a use that waited in the copy was reported before the
// period ended, and another one is lost with the machine. The first counts in the period in
// which the provider has it, so the wallet of the new one is right to the unit.
func TestB2APeriodEndedSinceTheCopy(t *testing.T) {
	dbtest.SQLiteOnly(t, "PostgreSQL is copied by its own programs")
	s := newRestoreStage(t)
	ada := s.buyer("ada", "free")
	s.settle(ada)
	s.use(ada, "waits", 30)
	file := filepath.Join(t.TempDir(), "copy.db")
	if _, err := db.Backup(t.Context(), s.url, file, s.now()); err != nil {
		t.Fatal(err)
	}
	s.later(time.Minute)
	s.use(ada, "gap", 20)
	s.step("usage")
	s.later(32 * 24 * time.Hour)
	if err := s.twin.Engine.Advance(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	s.spend(ada, 11)
	s.settle(ada)
	before := fmt.Sprint(s.wallets(ada))
	s.use(ada, "lost", 1) // known to nobody but this machine

	s.restore(file)
	s.step("usage")
	s.later(db.RestoreSettles + time.Second)
	for range 2 {
		s.step("reconcile")
		s.step(db.JobSyncCredits)
		s.step("repair")
		s.step("usage")
	}
	s.wantFrozen(ada, "")
	s.agree(ada)
	if got := fmt.Sprint(s.wallets(ada)); got != before {
		t.Errorf("wallets after the restore:\n%s, before:\n%s", got, before)
	}
}
