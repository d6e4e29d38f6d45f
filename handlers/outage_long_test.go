package handlers_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/db/dbtest"
)

// line is the way from the portal to the twin's API, which can be cut. What comes back is
// dated by the clock of the test, as a server with that clock would date it.
type line struct {
	cut atomic.Bool
	now func() time.Time
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.cut.Load() {
		return nil, errors.New("connection refused")
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		res.Header.Set("Date", l.now().UTC().Format(http.TimeFormat))
	}
	return res, err
}

// outage is a portal whose provider goes down, and the people before it.
type outage struct {
	*estate
	operator *browser
	sam      *browser // the owner at another machine, who follows redirects
	subPage  string   // of a subscription of his
}

// newcomer signs up while the provider is down.
const newcomer = "newcomer@example.com"

// TestR7TwelveHoursWithoutTheProvider: the provider answers nothing for twelve hours. Every
// route answers every persona as ever, or says that something is not possible now; what is
// asked for is kept; webhooks are taken; pages say how old they are. When it is back all that
// waited happens, once, and the mirror is as the provider has it.
func TestR7TwelveHoursWithoutTheProvider(t *testing.T) {
	s := &stack{t: t, database: dbtest.URL(t), line: &line{}, log: &diary{}}
	o := &outage{estate: estateOn(t, s.open(true))}
	o.operator, o.sam = s.browser(), s.browser()
	o.operator.signIn("olive@example.com")
	o.sam.signIn("sam@example.com")
	o.subPage = o.names.Replace("/portal/subscriptions/{sub}")
	s.untilLong("Sam's history is copied to its end", func() bool { return s.settledWallets("sam@example.com") == 2 })
	if banner := o.sam.get("/portal").Find("[data-stale]"); banner.Length() != 0 {
		t.Fatalf("before anything happened the portal says %q", banner.Text())
	}

	pages := []string{"/portal", o.subPage, "/portal/orders", "/usage", "/credits", "/plans"}
	with, without := map[string]time.Duration{}, map[string]time.Duration{}
	for range 11 {
		o.open(pages, with)
	}
	s.line.cut.Store(true)
	began := s.now()
	refund := o.asksDuringTheOutage()
	o.providerGoesOn()
	o.walk("at first")
	o.sam.signIn("sam@example.com") // the walk ended his session, as he asked
	s.later(20 * time.Minute)       // a reading of everything is due, and fails
	o.wantStale("")
	for hour := 1; hour < 12; hour++ {
		s.later(began.Add(time.Duration(hour) * time.Hour).Sub(s.now()))
		o.use(hour)
		o.open(pages, without)
	}
	for _, path := range pages {
		if without[path] > 3*with[path]+100*time.Millisecond {
			t.Errorf("%s comes within %s, and within %s while the provider answers", path, without[path], with[path])
		}
	}
	s.later(began.Add(12*time.Hour + 5*time.Minute).Sub(s.now()))
	o.wantStale("12 hours ago")
	o.walk("after twelve hours")

	o.untilLong("nothing is being tried", o.idle)
	s.later(11 * time.Minute) // longer than anything waits for its next try
	s.line.cut.Store(false)
	s.worker.Poke()
	o.wantCaughtUp(refund)
	if said := s.log.String(); strings.Contains(said, `"status":500`) || strings.Contains(said, `"msg":"panic"`) {
		t.Errorf("something was answered with 500: %.2000s", said[max(0, strings.Index(said, `"status":500`)-500):])
	}
}

// open opens pages and keeps the shortest time that each ever took: load only adds to it,
// and a page that waits for the provider waits each time.
func (o *outage) open(paths []string, fastest map[string]time.Duration) {
	o.t.Helper()
	for _, path := range paths {
		began := time.Now()
		page := o.sam.get(path)
		took := time.Since(began)
		o.sam.wants(page, http.StatusOK)
		if least, known := fastest[path]; !known || took < least {
			fastest[path] = took
		}
	}
}

// wantStale waits for the banner above Sam's pages, and looks for the age in it.
func (o *outage) wantStale(age string) {
	o.t.Helper()
	o.worker.Poke()
	for _, path := range []string{"/portal", o.subPage, "/usage", "/credits", "/plans", o.names.Replace("/checkout/success?checkout_id={checkout}")} {
		var said string
		o.untilLong(path+" says that it is old, of "+age, func() bool {
			said = strings.Join(strings.Fields(o.sam.get(path).Find("[data-stale]").Text()), " ")
			return strings.Contains(said, "cannot be reached") && strings.Contains(said, age)
		})
		if o.sam.get(path).Find("[data-stale] time[datetime]").Length() != 1 {
			o.t.Errorf("%s says %q, without a time", path, said)
		}
	}
}

// notNow are the routes that have to say that something is not possible now.
var notNow = []string{"POST /portal/provider"}

// walk asks for every route as every persona. The answer is the one that the matrix has; or
// the way to prove oneself again, since time has passed; or, where it has to be, 503.
func (o *outage) walk(when string) {
	o.t.Helper()
	for _, pattern := range routes(o.t) {
		row := rights[pattern]
		for name, persona := range map[string]struct {
			b    *browser
			want int
		}{"nobody": {o.nobody, row.nobody}, "another": {o.another, row.another}, "the owner": {o.owner, row.owner}, "the operator": {o.operator, 0}} {
			if pattern == signingOut || name == "the owner" && strings.HasPrefix(pattern, "POST /portal/subscriptions/") {
				continue // the one comes last of all, the others would change what was asked for
			}
			if slices.Contains(notNow, pattern) && name != "the owner" {
				continue // each waits for the provider for two seconds
			}
			page := o.ask(persona.b, pattern, o.names, nil)
			again := page.status == http.StatusSeeOther && strings.HasPrefix(page.header.Get("Location"), "/account/confirm") ||
				page.status == http.StatusOK && page.url.Path == "/account/confirm"
			down := page.status == http.StatusServiceUnavailable && slices.Contains(notNow, pattern)
			switch {
			case down && page.header.Get("Retry-After") == "":
				o.t.Errorf("%s, %s: %s is answered 503 without a time to try again", when, name, pattern)
			case again, down, page.status == persona.want, persona.want == 0 && page.status < 500:
			default:
				o.t.Errorf("%s, %s: %s is answered %d, want %d: %.300s", when, name, pattern, page.status, persona.want, page.Text())
			}
		}
	}
	for _, call := range []string{"GET /api/auth/get-session", "GET /api/auth/customer/state", "GET /api/auth/customer/portal", "GET /api/auth/customer/orders/list"} {
		method, path, _ := strings.Cut(call, " ")
		r, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, nil)
		if err != nil {
			o.t.Fatal(err)
		}
		if page := o.owner.do(r); page.status == http.StatusInternalServerError {
			o.t.Errorf("%s: %s is answered 500: %.300s", when, call, page.Text())
		}
	}
}

// passes waits for a condition while time goes on, faster than ours; but not while something
// is being done, which would seem to take hours and be done twice.
func (o *outage) passes(what string, holds func() bool) {
	o.t.Helper()
	o.untilLong(what, func() bool {
		if holds() {
			return true
		}
		if o.idle() {
			o.later(5 * time.Second)
			o.worker.Poke()
		}
		return false
	})
}

// idle reports whether no job, delivery, use or pass is being worked on. A pass that waits for
// the provider is held for less than a minute.
func (o *outage) idle() bool {
	o.t.Helper()
	return o.one(fmt.Sprintf(`SELECT CAST((SELECT COUNT(*) FROM outbox WHERE state = 'waiting' AND leased_until <> 0)
		+ (SELECT COUNT(*) FROM inbox WHERE state = 'waiting' AND leased_until <> 0)
		+ (SELECT COUNT(*) FROM usage_events WHERE state = 'leased')
		+ (SELECT COUNT(*) FROM reconcile_passes WHERE state = 'running' AND leased_until > %d) AS TEXT)`, o.now().Add(time.Minute).UnixMilli())) == "0"
}
