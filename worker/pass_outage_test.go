package worker

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
	"counterfoil/twin/server"
)

// alarms are the kinds that last.
func (s *stage) alarms() (kinds []billing.AlarmKind) {
	s.t.Helper()
	if _, err := s.watchProvider(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	open, err := s.Store.Alarms(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, a := range open {
		kinds = append(kinds, a.Kind)
	}
	return kinds
}

// factKeys are the keys that a hook was told of one type; each once.
func (r *recorder) factKeys(t *testing.T, factType string) []string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var keys []string
	for _, call := range r.calls {
		if call.Fact.Type == factType {
			keys = append(keys, call.Fact.Key)
		}
	}
	slices.Sort(keys)
	if once := slices.Compact(slices.Clone(keys)); len(once) != len(keys) {
		t.Errorf("%s: %d calls for %d facts", factType, len(keys), len(once))
	}
	return keys
}

// TestR2EndpointSwitchedOff: the provider switches our endpoint off and skips 2,000 events.
// Within one interval the operator is told, and every fact is here, once, under the key that
// a webhook gives it: a second portal, which did get the webhooks of the first hundred
// customers, was told the same.
func TestR2EndpointSwitchedOff(t *testing.T) {
	s := newStage(t, false)
	pulled := s.listen(s.now())
	ctx, here := t.Context(), "http://portal.example/webhooks/polar"
	s.WebhookURLs, s.Operators = []string{here}, []string{"olive@example.com"}
	s.AlarmMail = func(a billing.Alarm) (db.Mail, error) {
		return db.Mail{Subject: string(a.Kind), Text: a.Detail}, nil
	}
	if kinds := s.alarms(); !slices.Contains(kinds, billing.AlarmEndpointMissing) {
		t.Errorf("with no endpoint there are alarms %v", kinds)
	}
	off, secret := false, server.WebhookSecret
	endpoint, err := s.twin.Engine.CreateEndpoint(ctx, twin.EndpointInput{URL: &here, Enabled: &off, Events: twin.CommonEventTypes()})
	if err != nil {
		t.Fatal(err)
	}
	other := newStage(t, false) // a portal that gets the webhooks: another database, the same provider
	other.Provider = s.Provider
	pushed := other.listen(s.now())
	inbox := httptest.NewServer(http.HandlerFunc(other.receive))
	defer inbox.Close()
	sample, err := s.twin.Engine.CreateEndpoint(ctx, twin.EndpointInput{URL: &inbox.URL, Secret: &secret, Events: twin.CommonEventTypes()})
	if err != nil {
		t.Fatal(err)
	}
	s.pass()
	const skipped, sampled = 1000, 100 // customers, of two events each, and one of a state
	for i := range skipped {
		if i == sampled {
			for end := time.Now().Add(10 * time.Minute); pushed.told("customer.updated") < sampled && time.Now().Before(end); {
				other.step("inbox")
				other.step("hook go")
			}
			if _, err := s.twin.Engine.UpdateEndpoint(ctx, sample.ID, twin.EndpointInput{Enabled: &off}); err != nil {
				t.Fatal(err)
			}
		}
		s.named(s.has(fmt.Sprintf("skipped%d@example.com", i), ""), fmt.Sprintf("Skipped %d", i))
	}
	pass := s.pass()
	kinds := s.alarms()
	if !slices.Contains(kinds, billing.AlarmEndpointDisabled) || slices.Contains(kinds, billing.AlarmEndpointMissing) {
		t.Errorf("an interval later there are alarms %v", kinds)
	}
	if pass.Healed < skipped {
		t.Errorf("pass %+v, want every customer healed", pass)
	}
	s.later(silenceAlarm)
	if kinds := s.alarms(); !slices.Contains(kinds, billing.AlarmWebhookSilence) {
		t.Errorf("after ten minutes of silence there are alarms %v", kinds)
	}
	s.step("hook go")
	for _, factType := range []string{"customer.created", "customer.updated"} {
		a, b := pulled.factKeys(t, factType), pushed.factKeys(t, factType)
		if len(a) != skipped || len(b) != sampled {
			t.Errorf("%s: a pass told %d facts, webhooks %d", factType, len(a), len(b))
		}
		for _, key := range b {
			if _, same := slices.BinarySearch(a, key); !same {
				t.Errorf("%s: a webhook told a fact under the key %s, a pass under another", factType, key)
			}
		}
	}
	on := true
	if _, err := s.twin.Engine.UpdateEndpoint(ctx, endpoint.ID, twin.EndpointInput{Enabled: &on}); err != nil {
		t.Fatal(err)
	}
	before := len(pulled.calls)
	s.pass()
	s.step("hook go")
	if kinds := s.alarms(); slices.Contains(kinds, billing.AlarmEndpointDisabled) {
		t.Errorf("switched on again, there are alarms %v", kinds)
	}
	if len(pulled.calls) != before {
		t.Errorf("%d calls more after it was switched on", len(pulled.calls)-before)
	}
	if n := s.mails("endpoint_disabled"); n != 1 {
		t.Errorf("%d mails to the operator, want 1", n)
	}
}

// mails sends what waits and counts the mails with a subject at the twin's mailbox.
func (s *stage) mails(subject string) (n int) {
	s.t.Helper()
	s.step(db.JobSendMail)
	answer, err := http.Get(s.twin.BaseURL + "/_twin/mail.json?to=olive@example.com") //nolint:noctx // a test on loopback
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Count(string(text), `"subject":"`+subject+`"`)
}

// TestR1NoWebhookForADay: nothing is ever delivered for 24 hours; an interval after each
// change the mirror is as the provider has it, and the hook was told.
func TestR1NoWebhookForADay(t *testing.T) {
	s := newStage(t, true)
	me := s.signUp("sam@example.com")
	s.step(db.JobCreateCustomer)
	s.step(db.JobReconcileCustomer)
	s.pass()
	told := s.listen(s.now())
	known, err := s.Store.ProviderCustomer(t.Context(), "polar", me)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := s.twin.Engine.Customer(known.ProviderID)
	if err != nil {
		t.Fatal(err)
	}
	sub := s.twin.Engine.SubscriptionsOf(known.ProviderID)[0].ID
	for hour := range 24 {
		if err := s.twin.Engine.Advance(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		s.later(time.Hour - DefaultReconcileEvery - time.Second)
		name := fmt.Sprintf("Sam of hour %d", hour)
		s.named(theirs, name)
		change := s.twin.Engine.UncancelSubscription
		if hour%2 == 0 {
			change = func(ctx context.Context, id string) (twin.Subscription, error) {
				return s.twin.Engine.CancelSubscription(ctx, id, twin.Cancellation{})
			}
		}
		if _, err := change(t.Context(), sub); err != nil {
			t.Fatal(err)
		}
		s.pass()
		s.step("hook go")
		s.wantMirror(me, known.ProviderID)
		if got := s.nameOf(me); got != name {
			t.Fatalf("hour %d: the mirror has %q", hour, got)
		}
	}
	for factType, want := range map[string]int{"customer.updated": 24, "subscription.canceled": 12, "subscription.uncanceled": 12} {
		if n := told.told(factType); n != want {
			t.Errorf("%d calls for %s, want %d", n, factType, want)
		}
	}
}
