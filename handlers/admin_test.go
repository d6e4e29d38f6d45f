package handlers_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// office is a stack with an operator and a customer who bought something; its worker rests,
// so that nothing changes but by what a test does.
type office struct {
	*stack
	olive, sam *browser
}

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{stack: start(t)}
	o.olive, o.sam = o.browser(), o.browser()
	o.olive.signIn("olive@example.com")
	o.sam.signIn("sam@example.com")
	if err := o.store.CallHooks(t.Context(), time.Now(), 0, db.HookTarget{Name: "url", Wants: func(string) bool { return true }}); err != nil {
		t.Fatal(err)
	}
	o.sam.settled(o.sam.pay(o.sam.submit(o.sam.get("/plans"), `[data-plan="credits-1000"] form`, nil), cardWorks))
	o.until("everything is applied", func() bool { return o.quiet() })
	o.rest()
	return o
}

// quiet reports whether no delivery and no job waits.
func (o *office) quiet() bool {
	inbox, err := o.store.InboxBacklog(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	jobs, err := o.store.OutboxBacklog(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	done := 0
	for _, b := range append(inbox, jobs...) {
		if b.State != db.StateDone {
			return false
		}
		done += b.Count
	}
	return done > 0
}

// work runs the worker until everything is applied.
func (o *office) work() {
	o.t.Helper()
	o.workUntil(o.quiet)
}

func (o *office) workUntil(done func() bool) {
	o.t.Helper()
	running, stop := context.WithCancel(o.t.Context())
	ended := make(chan struct{})
	go func() { o.worker.Run(running); close(ended) }()
	o.worker.Poke()
	o.until("the worker has done everything", done)
	stop()
	<-ended
}

// rows is the text of all rows of some tables, and of those of all tables for none.
func (o *office) rows(tables ...string) string {
	o.t.Helper()
	return dbtest.Contents(o.t, o.database, tables...)
}

func (o *office) exec(statement string) {
	o.t.Helper()
	if err := dbtest.Exec(o.t.Context(), o.database, statement); err != nil {
		o.t.Fatalf("%s: %v", statement, err)
	}
}

// receive keeps a delivery as if it had just been verified, and returns our id of it.
func (o *office) receive(d billing.Delivery) string {
	o.t.Helper()
	if _, err := o.store.Receive(o.t.Context(), d, "/webhooks/polar", time.Now()); err != nil {
		o.t.Fatal(err)
	}
	list, _, err := o.store.Deliveries(o.t.Context(), db.DeliveryFilter{Type: d.Type}, "", 1)
	if err != nil || len(list) != 1 {
		o.t.Fatalf("%d deliveries of type %s, %v", len(list), d.Type, err)
	}
	return list[0].RowID
}

var adminPages = []string{"/admin", "/admin/deliveries", "/admin/deliveries?state=waiting", "/admin/deliveries?state=parked",
	"/admin/deliveries?state=strange", "/admin/replay", "/admin/hooks", "/admin/jobs", "/admin/reconcile"}

// TestOperations walks the operator's pages, one story after the other.
func TestOperations(t *testing.T) {
	o := openOffice(t)
	for _, story := range []struct {
		name string
		tell func(t *testing.T, o *office)
	}{
		{"a replay changes nothing twice", replayChangesNothingTwice},
		{"everything is read on demand", everythingIsReadOnDemand},
		{"hooks are resent", hooksAreResent},
		{"a rehearsal tells and writes nothing", rehearsalTellsAndWritesNothing},
		{"W9 unknown types are visible", unknownTypesAreVisible},
		{"W10 one click tries again", oneClickTriesAgain},
		{"troubles are settled", troublesAreSettled},
		{"the pages exist for operators alone", pagesExistForOperatorsAlone},
	} {
		t.Run(story.name, func(t *testing.T) {
			defer func(was testing.TB) { o.stack.t, o.olive.t, o.sam.t = was, was, was }(o.stack.t)
			o.stack.t, o.olive.t, o.sam.t = t, t, t
			story.tell(t, o)
		})
	}
}

// pagesExistForOperatorsAlone: a visitor and a customer get the answer of a
// missing page, to the byte and the header; the operator gets each page while nothing can
// be written. An address that was never proven is no operator's.
func pagesExistForOperatorsAlone(t *testing.T, o *office) {
	order := o.find("order.paid")
	for _, path := range append(adminPages, "/admin/deliveries/"+order) {
		o.olive.wants(o.olive.get(path), http.StatusOK)
		for _, b := range []*browser{o.browser(), o.sam} {
			page, missing := b.get(path), b.get("/nowhere")
			if page.status != http.StatusNotFound || strip(page) != strip(missing) {
				t.Errorf("%s answered %d, not like a missing page:\n%s", path, page.status, strip(page))
			}
			for _, name := range []string{"Cache-Control", "Content-Type", "Location", "Set-Cookie"} {
				if page.header.Get(name) != missing.header.Get(name) {
					t.Errorf("%s: %s %q, for a missing page %q", path, name, page.header.Get(name), missing.header.Get(name))
				}
			}
			if page.Find(`a[href^="/admin"]`).Length() > 0 {
				t.Errorf("%s tells a stranger of the operator's pages", path)
			}
		}
	}
	if o.olive.get("/portal").Find(`nav a[href="/admin"]`).Length() == 0 {
		t.Error("the operator's portal does not lead to /admin")
	}
	letWrite := dbtest.StopWriters(t, o.database)
	for _, path := range append(adminPages, "/admin/deliveries/"+order) {
		o.olive.wants(o.olive.get(path), http.StatusOK)
	}
	letWrite()
	o.exec(`UPDATE users SET email_verified_at = NULL WHERE email = 'olive@example.com'`)
	o.olive.wants(o.olive.get("/admin"), http.StatusNotFound)
}

// find is our id of the latest delivery of a type.
func (o *office) find(factType string) string {
	o.t.Helper()
	list, _, err := o.store.Deliveries(o.t.Context(), db.DeliveryFilter{Type: factType}, "", 1)
	if err != nil || len(list) == 0 {
		o.t.Fatalf("no delivery of type %s: %v", factType, err)
	}
	return list[0].RowID
}

// rehearsalTellsAndWritesNothing: the page says what applying a delivery would change,
// in the mirror, in facts, hooks and jobs; no table differs afterwards; then it is applied,
// and the page says that nothing is left to change.
func rehearsalTellsAndWritesNothing(t *testing.T, o *office) {
	id := o.find("order.paid")
	page := o.olive.get("/admin/deliveries/" + id)
	o.olive.wants(page, http.StatusOK, "order.paid", "Applied", "/webhooks/polar")
	rehearse := `form[action$="/rehearse"]`
	o.olive.wants(o.olive.submit(page, rehearse, nil), http.StatusOK, "Nothing. Everything that this delivery says is known")

	o.exec(`DELETE FROM hook_calls`)
	o.exec(`DELETE FROM facts WHERE type = 'order.paid'`)
	o.exec(`UPDATE orders SET status = 'pending', version = version - 1`)
	before := o.rows()
	told := o.olive.wants(o.olive.submit(page, rehearse, nil), http.StatusOK, "Statuspendingpaid", "New fact order.paid", "told to: url", "read credits")
	if after := o.rows(); after != before {
		t.Fatal("a rehearsal changed the database")
	}
	if told.Find("#rehearsal .diff tbody tr").Length() < 2 {
		t.Errorf("the difference has %d fields", told.Find("#rehearsal .diff tbody tr").Length())
	}
	o.olive.submit(page, `form[action$="/replay"]`, nil)
	o.work()
	if o.rows() == before {
		t.Fatal("applying changed nothing that is compared") // the control
	}
	o.olive.wants(o.olive.submit(page, rehearse, nil), http.StatusOK, "Nothing.")
}

// replayChangesNothingTwice: every delivery of the day applied again, pressed twice,
// makes no fact, no hook call and no credit entry.
func replayChangesNothingTwice(t *testing.T, o *office) {
	effects := []string{"facts", "hook_calls", "ledger_entries", "ledger_transactions", "orders", "subscriptions"}
	strict := func() string { // copies are new, what they say is not
		o.exec(`UPDATE orders SET copied_at = 0`)
		o.exec(`UPDATE subscriptions SET copied_at = 0`)
		return o.rows(effects...)
	}
	before := strict()
	form := o.olive.get("/admin/replay")
	dry := o.olive.wants(o.olive.submit(form, `form[action="/admin/replay"]`, nil), http.StatusOK, "none of them changes anything")
	for range 2 {
		answer := o.olive.submit(dry, `form[action="/admin/replay/apply"]`, nil)
		o.olive.wants(answer, http.StatusOK, "They wait to be applied")
	}
	if o.quiet() {
		t.Fatal("nothing waits to be applied again")
	}
	o.work()
	if after := strict(); after != before {
		t.Errorf("a replay of everything changed something:\n%s", difference(before, after))
	}
	if list, _, err := o.store.Deliveries(t.Context(), db.DeliveryFilter{State: db.StateParked}, "", 9); err != nil || len(list) > 0 {
		t.Errorf("%d deliveries are parked after a replay, %v", len(list), err)
	}
	for _, bad := range []url.Values{{}, {"from": {"2026-01-02T00:00"}, "to": {"2026-01-01T00:00"}}, {"from": {"x"}, "to": {strings.Repeat("9", 1000)}}} {
		for _, path := range []string{"/admin/replay", "/admin/replay/apply"} {
			o.olive.wants(o.olive.post(path, bad), http.StatusBadRequest, "Give both times")
		}
	}
}

// difference is the lines that only one of two texts has.
func difference(a, b string) string {
	var lines []string
	for _, line := range strings.Split(b, "\n") {
		if !strings.Contains(a, line) {
			lines = append(lines, "+ "+line)
		}
	}
	for _, line := range strings.Split(a, "\n") {
		if !strings.Contains(b, line) {
			lines = append(lines, "- "+line)
		}
	}
	return fmt.Sprintf("%.2000s", strings.Join(lines, "\n"))
}

// everythingIsReadOnDemand: a dry run finds a difference and leaves it, pressed twice it is
// one pass; the real one heals it, and the page says so.
func everythingIsReadOnDemand(t *testing.T, o *office) {
	o.exec(`UPDATE orders SET status = 'void', version = version - 1000000000000`)
	page := o.olive.wants(o.olive.get("/admin/reconcile"), http.StatusOK, "Passes")
	for _, kind := range []string{"dry", "manual"} {
		var ours []db.Pass
		for range 2 {
			answer := o.olive.submit(page, fmt.Sprintf(`form:has(input[value=%q])`, kind), nil)
			o.olive.wants(answer, http.StatusOK, "asked for")
		}
		o.workUntil(func() bool {
			passes, err := o.store.Passes(t.Context(), 9)
			if err != nil {
				t.Fatal(err)
			}
			ours = slices.DeleteFunc(passes, func(p db.Pass) bool { return p.Kind != kind })
			return len(ours) > 0 && ours[0].State == db.StateDone && o.quiet()
		})
		if len(ours) != 1 {
			t.Errorf("pressed twice there are %d passes of kind %s", len(ours), kind)
		}
		if healed := strings.Contains(o.rows("orders"), " void "); healed != (kind == "dry") {
			t.Errorf("after a %s pass an order is void: %v", kind, healed)
		}
	}
	o.olive.wants(o.olive.get("/admin/reconcile"), http.StatusOK, "Dry run", "Asked for", "was older here", "Healed", "Not changed")
	o.olive.wants(o.olive.post("/admin/reconcile", url.Values{"kind": {"scheduled"}}), http.StatusBadRequest)
}

// unknownTypesAreVisible: they are kept, listed and named on the front page, and
// what a stranger wrote is shown as text, cut, without secrets.
func unknownTypesAreVisible(t *testing.T, o *office) {
	body := `{"type":"moon.landed","data":{"id":"moon_1","note":"<script>alert(1)</script>","client_secret":"s3cr3t-value","long":"` + strings.Repeat("x", 9000) + `"}}`
	id := o.receive(billing.Delivery{Provider: "polar", ID: "m1", Type: "moon.landed", SentAt: time.Now(), Body: []byte(body), Object: billing.Ref{Provider: "polar", ProviderID: "moon_1"}})
	o.work()
	o.olive.wants(o.olive.get("/admin"), http.StatusOK, "moon.landed: kept")
	o.olive.wants(o.olive.get("/admin/deliveries?state=strange"), http.StatusOK, "moon.landed", "not mirrored", "moon_1")
	o.olive.wants(o.olive.get("/admin/deliveries?object=moon_1"), http.StatusOK, "moon.landed")
	page := o.olive.wants(o.olive.get("/admin/deliveries/"+id), http.StatusOK, "<script>alert(1)</script>", "more bytes are not shown", "Applied")
	html, err := page.Html()
	if err != nil || strings.Contains(html, "s3cr3t-value") || page.Find("main script").Length() > 0 || len(page.Find("pre.code").Text()) > 4<<10+10 {
		t.Errorf("a secret or markup of a stranger is on the page, or too much of it: %v", err)
	}
}

// oneClickTriesAgain: a delivery that was set aside is an alarm on every page of
// the operator, with its reason; one press has it tried again, and the alarm ends.
func oneClickTriesAgain(t *testing.T, o *office) {
	id := o.receive(billing.Delivery{Provider: "elsewhere", ID: "p1", Type: "order.poison", SentAt: time.Now(), Body: []byte("{}")})
	claimed, err := o.store.ClaimDeliveries(t.Context(), 1, time.Now().Add(time.Minute), time.Now())
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %d, %v", len(claimed), err)
	}
	if err := o.store.FailDelivery(t.Context(), claimed[0], "it can never be <b>applied</b>", true, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := o.store.Raise(t.Context(), billing.Alarm{Kind: billing.AlarmDeliveryParked, Subject: id, Detail: "order.poison"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if bar := o.olive.get("/portal").Find(".alarm-bar"); bar.Length() != 1 || !strings.Contains(bar.Text(), "set aside") {
		t.Errorf("the operator's portal shows %q", bar.Text())
	}
	if o.sam.get("/portal").Find(".alarm-bar").Length() > 0 {
		t.Error("a customer sees the operator's alarms")
	}
	o.olive.wants(o.olive.get("/admin"), http.StatusOK, "A delivery could not be applied", "Read its error")
	page := o.olive.wants(o.olive.get("/admin/deliveries"), http.StatusOK, "order.poison", "it can never be <b>applied</b>", "Parked")
	page = o.olive.get(page.Find(`tr[data-delivery] a`).AttrOr("href", ""))
	o.olive.wants(o.olive.submit(page, `form[action$="/rehearse"]`, nil), http.StatusOK, "It would fail:", "elsewhere")
	for range 2 {
		o.olive.wants(o.olive.submit(page, `form[action$="/replay"]`, nil), http.StatusOK, "It waits to be applied", "Waiting")
	}
	o.olive.wants(o.olive.post("/admin/deliveries/"+unknownID+"/replay", nil), http.StatusNotFound)
}

// hooksAreResent: each call is shown with its key, tries and last answer; one that is
// parked or done is made again by a press, all parked ones by another.
func hooksAreResent(t *testing.T, o *office) {
	calls, err := o.store.ClaimHooks(t.Context(), "url", 3, time.Now().Add(time.Minute), time.Now())
	if err != nil || len(calls) != 3 {
		t.Fatalf("claimed %d, %v", len(calls), err)
	}
	for i, state := range []string{db.StateParked, db.StateParked, db.StateDone} {
		if err := o.store.EndHook(t.Context(), calls[i], state, "answered <500>", time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	page := o.olive.wants(o.olive.get("/admin/hooks"), http.StatusOK, "Parked 2", "Done 1", calls[0].Fact.Key, calls[0].Fact.Type, "answered <500>", "1 try")
	one := fmt.Sprintf(`li[data-call=%q] form`, calls[0].ID)
	o.olive.wants(o.olive.submit(page, one, nil), http.StatusOK, "sent again", "Parked 1")
	o.olive.wants(o.olive.submit(page, one, nil), http.StatusOK, "nothing to do")
	o.olive.wants(o.olive.submit(page, `form[action="/admin/hooks/resend"]`, nil), http.StatusOK, "sent again", "Parked 0")
	o.olive.wants(o.olive.post("/admin/hooks/resend", url.Values{"target": {"none"}}), http.StatusOK, "nothing to do")
	done := o.olive.get("/admin/hooks?state=done")
	o.olive.wants(o.olive.submit(done, `li[data-call] form`, nil), http.StatusOK, "sent again")
	again, err := o.store.ClaimHooks(t.Context(), "url", 1000, time.Now().Add(time.Minute), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string][]byte{}
	for _, call := range again {
		keys[call.Fact.Key] = call.Body
	}
	for _, call := range calls {
		if !bytes.Equal(keys[call.Fact.Key], call.Body) {
			t.Errorf("call %s does not come again with the same key and body", call.Fact.Key)
		}
	}
}

// troublesAreSettled: a parked job begins anew, a refused event is asked for again or
// dismissed with a reason that is kept; a mail whose text is gone has no button.
func troublesAreSettled(t *testing.T, o *office) {
	for _, kind := range []string{db.JobReconcileCatalog, db.JobSendMail} {
		if err := o.store.Enqueue(t.Context(), db.Job{Kind: kind, Key: "trouble"}, time.Time{}, time.Now()); err != nil {
			t.Fatal(err)
		}
		job, err := o.store.ClaimJob(t.Context(), kind, time.Now().Add(time.Minute), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := o.store.ParkJob(t.Context(), job, "no such "+kind); err != nil {
			t.Fatal(err)
		}
	}
	o.exec(`INSERT INTO usage_events (id, customer_id, provider, name, occurred_at, received_at, state, error) VALUES
		('refused-1', 'c', 'polar', 'ai_usage', 1, 1, 'parked', 'unknown meter'), ('refused-2', 'c', 'polar', 'ai_usage', 1, 1, 'parked', 'too old')`)
	page := o.olive.wants(o.olive.get("/admin/jobs"), http.StatusOK, "read the catalog", "no such reconcile_catalog", "send a mail", "unknown meter", "too old")
	if n := page.Find(`li[data-job] form`).Length(); n != 1 {
		t.Errorf("%d jobs can be begun anew, want 1: a parked mail has lost its text", n)
	}
	o.olive.wants(o.olive.submit(page, `li[data-job] form`, nil), http.StatusOK, "begins anew")
	o.olive.wants(o.olive.submit(page, `li[data-job] form`, nil), http.StatusOK, "nothing to do")
	o.olive.wants(o.olive.submit(page, `li[data-usage="refused-1"] form[action$="/retry"]`, nil), http.StatusOK, "begins anew")
	dismiss := `li[data-usage="refused-2"] form.dismiss`
	o.olive.wants(o.olive.submit(page, dismiss, map[string]string{"reason": " "}), http.StatusBadRequest, "Give a reason")
	o.olive.wants(o.olive.submit(page, dismiss, map[string]string{"reason": "a test of ours"}), http.StatusOK, "both reasons are kept")
	o.olive.wants(o.olive.submit(page, dismiss, map[string]string{"reason": "again"}), http.StatusOK, "nothing to do")
	rows := o.rows("usage_events")
	if !strings.Contains(rows, "a test of ours (too old)") || !strings.Contains(rows, " dismissed ") || strings.Contains(rows, " parked ") {
		t.Errorf("usage events:\n%.1000s", rows)
	}
	for _, hostile := range []string{"%00", "'%22%3E", "..%2F..", strings.Repeat("a", 3000)} {
		for _, path := range []string{"/admin/deliveries/", "/admin/deliveries?before=", "/admin/deliveries?type=", "/admin/deliveries?object=",
			"/admin/hooks?before=", "/admin/hooks?target=", "/admin/hooks?state=", "/admin?done="} {
			if page := o.olive.get(path + hostile); page.status >= 500 {
				t.Errorf("GET %s%.20s answered %d", path, hostile, page.status)
			}
		}
	}
}
