package worker

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/twin"
	"counterfoil/twin/server"
)

// wire is the way to the twin with somebody in the middle, who may answer in its place.
type wire struct {
	mu    sync.Mutex
	calls []string // paths that were asked for
	lie   func(r *http.Request) (body, contentType string)
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.calls = append(w.calls, r.URL.Path)
	lie := w.lie
	w.mu.Unlock()
	if lie != nil {
		if body, kind := lie(r); kind != "" {
			return &http.Response{
				StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
			}, nil
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// asked counts the calls of paths with a beginning, and forgets all.
func (w *wire) asked(path string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, call := range w.calls {
		if strings.HasPrefix(call, path) {
			n++
		}
	}
	w.calls = nil
	return n
}

// tap puts a wire between the worker and the twin.
func (s *stage) tap() *wire {
	s.t.Helper()
	w := &wire{}
	s.provide(w)
	return w
}

// provide leads the worker's calls through a wire.
func (s *stage) provide(w *wire) {
	s.t.Helper()
	provider, err := polar.New(polar.Config{
		Token: server.OrganizationToken, WebhookSecrets: []string{server.WebhookSecret}, Server: s.twin.BaseURL,
		RequestsPerMinute: 1_000_000, Now: s.now, HTTP: &http.Client{Transport: w}, Log: s.Log,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Provider = provider
}

// pass has the worker run a pass of everything, at the next interval, and returns it.
func (s *stage) pass() db.Pass {
	s.t.Helper()
	s.later(DefaultReconcileEvery + time.Second)
	s.step("reconcile")
	return s.lastPass()
}

func (s *stage) lastPass() db.Pass {
	s.t.Helper()
	passes, err := s.Store.Passes(s.t.Context(), 1)
	if err != nil || len(passes) != 1 {
		s.t.Fatalf("passes %+v (%v)", passes, err)
	}
	return passes[0]
}

func (s *stage) drifts(pass db.Pass) []db.Drift {
	s.t.Helper()
	drifts, err := s.Store.Drifts(s.t.Context(), pass.ID, "", 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	return drifts
}

// TestPassHealsAndReports: the first pass copies everything and has nothing to report; one
// that finds nothing new writes nothing; one that finds what no webhook told heals and
// reports it; a dry run reports the same and heals nothing.
func TestPassHealsAndReports(t *testing.T) {
	s := newStage(t, true)
	ctx := t.Context()
	first := s.pass()
	if first.State != db.StateDone || first.Objects < 50 || first.Changed != first.Objects || first.Healed+first.Found != 0 {
		t.Fatalf("the first pass is %+v", first)
	}
	if second := s.pass(); second.Changed+second.Healed+second.Found != 0 || second.Objects != first.Objects {
		t.Fatalf("nothing had changed, and the second pass is %+v", second)
	}
	customer := s.twin.Engine.Customers()[0]
	customer = s.named(customer, "Another Name")
	wantDrift := func(pass db.Pass, healed bool) {
		t.Helper()
		drifts := s.drifts(pass)
		if len(drifts) != 1 {
			t.Fatalf("drifts %+v of pass %+v, want one", drifts, pass)
		}
		d := drifts[0]
		if d.Ref != s.customerRef(customer) || d.Change != db.DriftChanged || !slices.Equal(d.Fields, []string{"name"}) ||
			d.Healed != healed || d.VersionBefore >= d.VersionAfter || d.VersionAfter != customer.ModifiedAt.UnixMicro() {
			t.Errorf("drift %+v, want the name, healed %v", d, healed)
		}
	}
	s.later(time.Minute)
	young, err := s.Store.AskForPass(ctx, "polar", db.PassDry, "", s.now())
	if err != nil {
		t.Fatal(err)
	}
	s.step("reconcile")
	if p, err := s.Store.Pass(ctx, young); err != nil || p.Changed != 0 && p.Found != 0 && s.now().Sub(customer.ModifiedAt) < 2*time.Minute {
		t.Errorf("a change of a minute ago is reported already: %+v (%v)", p, err)
	}
	s.later(5 * time.Minute)
	dry, err := s.Store.AskForPass(ctx, "polar", db.PassDry, "", s.now())
	if err != nil {
		t.Fatal(err)
	}
	s.step("reconcile")
	rehearsed, err := s.Store.Pass(ctx, dry)
	if err != nil || rehearsed.State != db.StateDone || rehearsed.Found != 1 || rehearsed.Healed != 0 {
		t.Fatalf("dry run %+v (%v)", rehearsed, err)
	}
	wantDrift(rehearsed, false)
	healing := s.pass()
	if healing.Kind != db.PassScheduled || healing.Changed != 1 || healing.Healed != 1 {
		t.Fatalf("healing pass %+v", healing)
	}
	wantDrift(healing, true)
	if again := s.pass(); again.Changed != 0 {
		t.Errorf("once is enough: %+v", again)
	}
}

// TestPassOfOneCustomer: an operator's wish for one customer reads that one alone.
func TestPassOfOneCustomer(t *testing.T) {
	s := newStage(t, true)
	me := s.signUp("sam@example.com")
	s.step(db.JobCreateCustomer)
	s.step(db.JobReconcileCustomer)
	s.pass()
	w := s.tap()
	known, err := s.Store.ProviderCustomer(t.Context(), "polar", me)
	if err != nil {
		t.Fatal(err)
	}
	sub := s.twin.Engine.SubscriptionsOf(known.ProviderID)[0]
	if _, err := s.twin.Engine.CancelSubscription(t.Context(), sub.ID, twin.Cancellation{}); err != nil {
		t.Fatal(err)
	}
	s.later(5 * time.Minute)
	id, err := s.Store.AskForPass(t.Context(), "polar", db.PassManual, me, s.now())
	if err != nil {
		t.Fatal(err)
	}
	s.step("reconcile")
	pass, err := s.Store.Pass(t.Context(), id)
	if err != nil || pass.State != db.StateDone || pass.Healed != 1 || w.asked("/v1/customers/external/") != 1 {
		t.Errorf("pass %+v (%v)", pass, err)
	}
	if drifts := s.drifts(pass); len(drifts) != 1 || drifts[0].CustomerID != me || drifts[0].Ref.ProviderID != sub.ID {
		t.Errorf("drifts %+v, want the subscription", drifts)
	}
	s.wantMirror(me, known.ProviderID)
}

// TestPassGoesOnWhereItWasCutShort: lists that were read are not read again, however the
// pass was cut short, and an outage that lasts gives it up for a new one.
func TestPassGoesOnWhereItWasCutShort(t *testing.T) {
	s := newStage(t, true)
	for i := range 250 { // three pages of customers
		s.has("many"+strconv.Itoa(i)+"@example.com", "")
	}
	w := s.tap()
	s.strike(twin.Fault{Kind: "status", Status: 503, Path: "/v1/orders"})
	cut := s.pass()
	if cut.State != db.StateRunning || cut.CursorKind != billing.KindOrder || cut.Error == "" || cut.Broken != 1 {
		t.Fatalf("pass %+v, want it held up at the orders", cut)
	}
	if n := w.asked("/v1/customers/"); n != 4 {
		t.Errorf("%d calls for three pages of customers, want 4", n)
	}
	states, err := s.Store.SyncStates(t.Context(), "anybody")
	if err != nil || len(states) != 1 || states[0].Error == "" {
		t.Errorf("states %+v (%v), want the reason on the pages", states, err)
	}
	s.twin.Engine.ClearFaults()
	s.later(time.Minute)
	if s.step("reconcile"); s.lastPass().ID != cut.ID || s.lastPass().State != db.StateDone {
		t.Errorf("pass %+v, want the same one finished", s.lastPass())
	}
	if n := w.asked("/v1/customers/"); n != 0 {
		t.Errorf("%d more calls for customers, want none", n)
	}
	states, err = s.Store.SyncStates(t.Context(), "anybody")
	if err != nil || len(states) != 1 || states[0].Error != "" || !states[0].SyncedAt.Equal(cut.StartedAt) {
		t.Errorf("states %+v (%v), want the beginning of the pass", states, err)
	}
	s.strike(twin.Fault{Kind: "status", Status: 503})
	failing := s.pass()
	s.later(DefaultReconcileEvery + time.Minute)
	s.step("reconcile")
	if p, err := s.Store.Pass(t.Context(), failing.ID); err != nil || p.State != db.StateFailed || p.Error == "" {
		t.Errorf("pass %+v (%v) after an interval without a page, want it given up", p, err)
	}
}
