package worker

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// recorder is a hook that writes down what it is told.
type recorder struct {
	mu     sync.Mutex
	calls  []db.HookCall
	answer func(db.HookCall) error
}

func (r *recorder) call(_ context.Context, call db.HookCall) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call)
	if r.answer != nil {
		return r.answer(call)
	}
	return nil
}

// told counts the calls for a type.
func (r *recorder) told(factType string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, call := range r.calls {
		if call.Fact.Type == factType {
			n++
		}
	}
	return n
}

// listen adds a hook to a stage, for facts from since on.
func (s *stage) listen(since time.Time) *recorder {
	s.t.Helper()
	r := &recorder{}
	hook := Hook{Name: "go", Wants: func(string) bool { return true }, Call: r.call}
	s.loops = append(s.loops, s.hookLoop(hook))
	err := s.Store.CallHooks(s.t.Context(), since, 10*billing.CreditScale, db.HookTarget{Name: hook.Name, Wants: hook.Wants})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// named gives the twin's customer a name, which is a change that webhooks tell.
func (s *stage) named(c twin.Customer, name string) twin.Customer {
	s.t.Helper()
	c, err := s.twin.Engine.UpdateCustomer(s.t.Context(), c.ID, twin.CustomerInput{Name: &name})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// TestHookIsCalledOnceHoweverAFactIsTold (W12, C5): one change told by a webhook, by the
// same delivery again, under another id, at a second endpoint, by our own reading, and
// once more after the inbox was pruned is one call.
func TestHookIsCalledOnceHoweverAFactIsTold(t *testing.T) {
	s := newStage(t, false)
	told := s.listen(time.Time{})
	me := s.signUp("noor@example.com")
	c := s.named(s.has("noor@example.com", me), "Noor")
	tell := func(id string) {
		s.deliver(id, "customer.updated", s.customerRef(c), customerData(c, "Noor", c.ModifiedAt))
	}
	tell("d1")
	tell("d1")
	tell("d2")
	s.step("inbox")
	s.step("hook go")
	if err := s.readCustomer(t.Context(), me, db.Pass{}); err != nil {
		t.Fatal(err)
	}
	s.later(60 * 24 * time.Hour)
	s.step("prune")
	if s.backlog("done") != 0 {
		t.Fatal("the inbox was not pruned")
	}
	tell("d1")
	s.step("inbox")
	s.step("hook go")
	for _, factType := range []string{"customer.created", "customer.updated", billing.FactCustomerLinked} {
		if n := told.told(factType); n != 1 {
			t.Errorf("%d calls for %s, want 1", n, factType)
		}
	}
}

// TestHookIsToldWhatNoWebhookTold (R2): with every webhook lost, a reading tells the facts
// under the keys that the webhooks would have used.
func TestHookIsToldWhatNoWebhookTold(t *testing.T) {
	keys := func(arrive func(s *stage, me string, c twin.Customer)) []string {
		s := newStage(t, false)
		told := s.listen(time.Time{})
		me := s.signUp("noor@example.com")
		c := s.named(s.has("noor@example.com", me), "Noor")
		arrive(s, me, c)
		s.step("hook go")
		var marks []string
		for _, call := range told.calls {
			if call.Fact.Key == billing.FactKey("polar", call.Fact.Type, c.ID, "") {
				marks = append(marks, call.Fact.Type)
			}
		}
		slices.Sort(marks)
		return marks
	}
	pushed := keys(func(s *stage, _ string, c twin.Customer) {
		s.deliver("d1", "customer.created", s.customerRef(c), customerData(c, "Noor", c.ModifiedAt))
		s.step("inbox")
	})
	pulled := keys(func(s *stage, me string, _ twin.Customer) {
		if err := s.readCustomer(s.t.Context(), me, db.Pass{}); err != nil {
			s.t.Fatal(err)
		}
	})
	if !slices.Equal(pushed, pulled) || !slices.Contains(pulled, "customer.created") {
		t.Errorf("webhooks tell %v, a reading %v", pushed, pulled)
	}
}

// TestHistoryIsNobodysNews: what had happened before hooks were called for the first time
// is known and not told; a webhook about it is told.
func TestHistoryIsNobodysNews(t *testing.T) {
	s := newStage(t, false)
	me := s.signUp("noor@example.com")
	c := s.has("noor@example.com", me)
	told := s.listen(time.Now().Add(time.Hour))
	if err := s.readCustomer(t.Context(), me, db.Pass{}); err != nil {
		t.Fatal(err)
	}
	s.step("hook go")
	if n := told.told("customer.created"); n != 0 {
		t.Errorf("%d calls for a customer of long ago", n)
	}
	s.deliver("d1", "customer.state_changed", s.customerRef(c), customerData(c, "Noor", c.CreatedAt))
	s.step("inbox")
	s.step("hook go")
	if n := told.told(billing.FactCustomerState); n != 1 {
		t.Errorf("%d calls for what a webhook told, want 1", n)
	}
}

// TestUnknownTypesReachOnPayload (W9): a type that nobody knew is kept, told once, and
// stops nothing.
func TestUnknownTypesReachOnPayload(t *testing.T) {
	s := newStage(t, false)
	told := s.listen(time.Time{})
	at := s.now().UTC().Format(time.RFC3339Nano)
	for _, id := range []string{"d1", "d2"} { // the same event at two endpoints
		body := []byte(`{"type":"parcel.teleported","timestamp":"` + at + `","data":{"id":"x","to":"Mars"}}`)
		d := billing.Delivery{Provider: "polar", ID: id, Type: "parcel.teleported", SentAt: s.now(), Body: body}
		if _, err := s.Store.Receive(t.Context(), d, "/webhooks/"+id, s.now()); err != nil {
			t.Fatal(err)
		}
	}
	s.step("inbox")
	s.step("hook go")
	if n := told.told("parcel.teleported"); n != 1 {
		t.Fatalf("%d calls, want 1", n)
	}
	if raw := string(told.calls[0].Fact.Raw); !strings.Contains(raw, "Mars") {
		t.Errorf("told %s, want the provider's words", raw)
	}
}

// TestFailingHookIsCalledAgain (W2): the same key and the same bytes at every call, longer
// and longer waits, parked in the end; an operator's resend begins anew. The hook that
// fails holds up no delivery.
func TestFailingHookIsCalledAgain(t *testing.T) {
	s := newStage(t, false)
	told := s.listen(time.Time{})
	told.answer = func(call db.HookCall) error {
		if call.Fact.Type == "customer.created" {
			return errors.New("the shop is closed")
		}
		return nil
	}
	c := s.has("noor@example.com", "")
	s.deliver("d1", "customer.created", s.customerRef(c), customerData(c, "Noor", c.CreatedAt))
	s.step("inbox")
	if s.backlog("done") != 1 {
		t.Fatal("the delivery waits for the hook")
	}
	for range hookTries {
		s.step("hook go")
		s.later(6 * time.Hour)
	}
	parked, err := s.Store.HookCalls(t.Context(), "go", db.StateParked, "", 9)
	if err != nil || len(parked) != 1 || parked[0].Tries != hookTries || !strings.Contains(parked[0].Error, "closed") {
		t.Fatalf("parked %+v (%v), want one after %d tries", parked, err, hookTries)
	}
	if n := told.told("customer.created"); n != hookTries {
		t.Errorf("%d calls, want %d", n, hookTries)
	}
	first := told.calls[0]
	for _, call := range told.calls {
		if call.Fact.Key == first.Fact.Key && string(call.Body) != string(first.Body) {
			t.Fatalf("call with another body: %s", call.Body)
		}
	}
	told.answer = nil
	if err := s.Store.ResendHook(t.Context(), parked[0].ID, s.now()); err != nil {
		t.Fatal(err)
	}
	s.step("hook go")
	if n, err := s.Store.ParkedHooks(t.Context(), "go"); n != 0 || err != nil {
		t.Errorf("%d parked after a resend that went well, %v", n, err)
	}
	if err := s.Store.ResendHook(t.Context(), db.NewID(), s.now()); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("resend of nothing: %v", err)
	}
}

// TestHookDyingBetweenCallAndMark (W2): a process that dies there calls again, with the
// same key; a panic in a hook is a failure like any other.
func TestHookDyingBetweenCallAndMark(t *testing.T) {
	s := newStage(t, false)
	told := s.listen(time.Time{})
	c := s.has("noor@example.com", "")
	s.deliver("d1", "customer.created", s.customerRef(c), customerData(c, "Noor", c.CreatedAt))
	s.step("inbox")
	claimed, err := s.Store.ClaimHooks(t.Context(), "go", 9, s.now().Add(hookLease), s.now())
	if err != nil || len(claimed) == 0 {
		t.Fatalf("claimed %d, %v", len(claimed), err)
	}
	_ = told.call(t.Context(), claimed[0]) // and then it died
	if s.step("hook go"); len(told.calls) != 1 {
		t.Fatal("a call that is leased was made by somebody else")
	}
	told.answer = func(call db.HookCall) error {
		if call.Tries == 2 {
			panic("nil map")
		}
		return nil
	}
	s.later(hookLease + time.Minute)
	s.step("hook go")
	s.later(time.Minute)
	s.step("hook go")
	if n := told.told("customer.created"); n != 3 {
		t.Errorf("%d calls, want the one that died, the one that panicked and the good one", n)
	}
	if calls, err := s.Store.HookCalls(t.Context(), "go", db.StateDone, "", 9); err != nil || len(calls) != len(claimed) {
		t.Errorf("%d done, %v; want %d", len(calls), err, len(claimed))
	}
}

const hookSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// TestWebhookHookSpeaksStandardWebhooks: the official library verifies what we send, with
// the secret of today and with the one of tomorrow; another one's is refused.
func TestWebhookHookSpeaksStandardWebhooks(t *testing.T) {
	tomorrow := "whsec_" + base64.StdEncoding.EncodeToString([]byte("another secret of thirty-two bytes"))
	stranger := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a stranger's secret of many bytes."))
	var headers http.Header
	var body []byte
	status := http.StatusOK
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers = r.Header
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "out of paper")
	}))
	defer receiver.Close()
	hook, err := WebhookHook(receiver.URL+"/billing", []string{hookSecret, tomorrow}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	call := db.HookCall{Fact: billing.FactBody{Key: "fact_1"}, Body: []byte(`{"key":"fact_1"}`)}
	if err := hook.Call(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	for secret, good := range map[string]bool{hookSecret: true, tomorrow: true, stranger: false} {
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Verify(body, headers); (err == nil) != good {
			t.Errorf("verified with %s: %v", secret, err)
		}
	}
	if id := headers.Get("Webhook-Id"); id != "fact_1" || string(body) != `{"key":"fact_1"}` {
		t.Errorf("id %q, body %s", id, body)
	}
	for _, status = range []int{http.StatusFound, http.StatusInternalServerError, http.StatusGone} {
		if err := hook.Call(t.Context(), call); err == nil || !strings.Contains(err.Error(), "out of paper") {
			t.Errorf("answer %d was taken as told: %v", status, err)
		}
	}
	receiver.Close()
	if err := hook.Call(t.Context(), call); err == nil {
		t.Error("no answer was taken as told")
	}
}

// TestWebhookHookRefusesWhatIsUnsafe: a receiver anybody could listen to or speak for.
func TestWebhookHookRefusesWhatIsUnsafe(t *testing.T) {
	tests := []struct {
		name, url string
		secrets   []string
	}{
		{"no secret", "https://example.com/", nil},
		{"empty secret", "https://example.com/", []string{""}},
		{"no prefix", "https://example.com/", []string{strings.TrimPrefix(hookSecret, "whsec_")}},
		{"short secret", "https://example.com/", []string{"whsec_c2hvcnQ="}},
		{"plain http", "http://example.com/", []string{hookSecret}},
		{"user in the URL", "https://me:pw@example.com/", []string{hookSecret}},
		{"no URL", "example.com", []string{hookSecret}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := WebhookHook(tt.url, tt.secrets, time.Now); err == nil {
				t.Error("accepted")
			} else if strings.Contains(err.Error(), "pw") || strings.Contains(err.Error(), "MDEy") {
				t.Errorf("the refusal tells the secret: %v", err)
			}
		})
	}
	if _, err := WebhookHook("http://localhost:9/", []string{hookSecret}, time.Now); err != nil {
		t.Errorf("this machine needs no https: %v", err)
	}
}
