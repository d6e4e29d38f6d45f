package handlers_test

import (
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
	o.until("the past is copied", func() bool { return o.settledWallets("sam@example.com") == 2 && o.quiet() }) // which is told to nobody
	if err := o.store.CallHooks(t.Context(), time.Now(), 0, db.HookTarget{Name: "url", Wants: func(string) bool { return true }}); err != nil {
		t.Fatal(err)
	}
	o.sam.settled(o.sam.pay(o.sam.submit(o.sam.get("/plans"), `[data-plan="credits-1000"] form`, nil), cardWorks))
	o.until("everything is applied", o.quiet)
	o.rest()
	for !o.still() { // the last webhooks came while the worker went home
		o.until("the provider has told everything", o.delivered)
		if !o.quiet() {
			o.work()
		}
	}
	return o
}

// still reports whether nothing waits here, and no webhook at the provider.
func (o *office) still() bool { return o.delivered() && o.quiet() }

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
		{"what one cause set aside is one card and one press", oneCauseIsOnePress},
		{"a list stays where it was", listStaysWhereItWas},
		{"a search is narrowed down", searchIsNarrowedDown},
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
