package polar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
)

// systemEvent is an event as Polar lists it, with all keys.
func systemEvent(id, name, second string, metadata map[string]any) string {
	return jsonText(map[string]any{
		"id": id, "timestamp": "2026-05-04T10:00:" + second + "Z", "organization_id": "o", "customer_id": "customer-1", "customer": nil,
		"external_customer_id": "c1", "member_id": nil, "child_count": 0, "parent_id": nil, "label": name, "name": name, "source": "system", "metadata": metadata,
	})
}

func userEvent(id, second string, metadata map[string]any) string {
	return strings.Replace(systemEvent(id, "ai_usage", second, metadata), `"source":"system"`, `"source":"user"`, 1)
}

func TestCreditEvents(t *testing.T) {
	f, p := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "1" {
			reply(w, 200, list(2,
				systemEvent("b", "meter.reset", "02", map[string]any{"meter_id": "m"}),
				systemEvent("a", "meter.credited", "01", map[string]any{"meter_id": "m", "units": 100, "rollover": true}),
				systemEvent("x", "subscription.paused", "02", map[string]any{})))
			return
		}
		reply(w, 200, list(2,
			systemEvent("b", "meter.reset", "02", map[string]any{"meter_id": "m"}), // seen twice
			systemEvent("c", "meter.credited", "03", map[string]any{"meter_id": "m", "units": json.Number("-12.5"), "rollover": false}),
			// Somebody who may send events named one like Polar's own.
			strings.Replace(systemEvent("forged", "meter.credited", "04", map[string]any{"meter_id": "m", "units": 9999}), `"system"`, `"user"`, 1)))
	})
	since := time.Date(2026, 5, 1, 0, 0, 0, 0, time.FixedZone("", 7200))
	got, err := p.CreditEvents(context.Background(), "customer-1", since)
	if err != nil {
		t.Fatal(err)
	}
	event := func(id, second string) billing.CreditEvent {
		return billing.CreditEvent{Provider: "polar", ProviderID: id, ProviderCustomerID: "customer-1", ProviderMeterID: "m", OccurredAt: at("2026-05-04T10:00:" + second + "Z")}
	}
	a, b, c := event("a", "01"), event("b", "02"), event("c", "03")
	a.Units, a.Rollover, b.Reset, c.Units = 100*billing.CreditScale, true, true, -12_500_000
	if !reflect.DeepEqual(got, []billing.CreditEvent{a, b, c}) {
		t.Errorf("got %+v", got)
	}
	q, err := url.ParseQuery(f.requests()[0].query)
	if err != nil || !reflect.DeepEqual(q["name"], []string{"meter.credited", "meter.reset"}) || q.Get("source") != "system" ||
		q.Get("customer_id") != "customer-1" || q.Get("sorting") != "timestamp" || q.Get("start_timestamp") != "2026-04-30T22:00:00Z" {
		t.Errorf("asked %v", q)
	}
	if _, err := p.CreditEvents(context.Background(), "", since); kindsOf(err) != "invalid" {
		t.Errorf("without a customer: %v", err)
	}
}

func TestCreditEventThatCannotBeRead(t *testing.T) {
	for name, metadata := range map[string]map[string]any{
		"no units":      {"meter_id": "m"},
		"units as text": {"meter_id": "m", "units": "5"},
		"too fine":      {"meter_id": "m", "units": json.Number("0.0000001")},
		"too large":     {"meter_id": "m", "units": json.Number("1e300")},
		"no meter":      {"units": 5},
	} {
		_, p := newFake(t, always(200, list(1, systemEvent("a", "meter.credited", "01", metadata))))
		if got, err := p.CreditEvents(context.Background(), "customer-1", time.Time{}); err == nil {
			t.Errorf("%s: %+v; credits are never guessed", name, got)
		}
	}
}

func TestUsageEvents(t *testing.T) {
	f, p := newFake(t, always(200, list(1,
		userEvent("b", "02", map[string]any{"credits": json.Number("0.1"), "_llm": map[string]any{"total_tokens": 9}}),
		userEvent("a", "01", map[string]any{"credits": 3, eventIDKey: "ours"}),
		strings.Replace(userEvent("stranger", "03", nil), "customer-1", "customer-2", 1))))
	got, _, err := p.UsageEvents(context.Background(), "customer-1", time.Time{}, 100_000)
	if err != nil || len(got) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got[0].ProviderID != "a" || got[0].ExternalID != "ours" || !reflect.DeepEqual(got[0].Metadata, map[string]any{"credits": json.Number("3")}) {
		t.Errorf("ours: %+v", got[0])
	}
	if got[1].ExternalID != "" || got[1].Metadata["credits"] != json.Number("0.1") || got[1].Event().ID != "b" {
		t.Errorf("foreign: %+v", got[1])
	}
	q, err := url.ParseQuery(f.requests()[0].query)
	if err != nil || q.Get("source") != "user" || q.Has("start_timestamp") {
		t.Errorf("asked %v", q)
	}
}

// batch makes n events.
func batch(n int) []billing.Event {
	events := make([]billing.Event, n)
	for i := range events {
		events[i] = billing.Event{ID: fmt.Sprint("e", i), CustomerID: "c1", Name: "ai_usage", OccurredAt: at("2026-05-04T10:00:00.123Z")}
	}
	return events
}

func TestSendUsage(t *testing.T) {
	f, p := newFake(t, always(200, `{"inserted":1,"duplicates":0}`))
	events := batch(1)
	events[0].Metadata = map[string]any{"credits": json.Number("0.1"), "whole": json.Number("12"), "n": int64(3), "model": "small", "cached": true}
	if err := p.SendUsage(context.Background(), events); err != nil {
		t.Fatal(err)
	}
	want := `{"events":[{"external_customer_id":"c1","external_id":"e0","metadata":{"cached":true,"counterfoil_event_id":"e0","credits":0.1,"model":"small","n":3,"whole":12},` +
		`"name":"ai_usage","timestamp":"2026-05-04T10:00:00.123Z"}]}`
	if got := jsonText(body(t, f.requests()[0])); got != want {
		t.Errorf("sent %s", f.requests()[0].body)
	}
	if err := p.SendUsage(context.Background(), nil); err != nil || len(f.requests()) != 1 {
		t.Errorf("nothing to send: %v, %d requests", err, len(f.requests()))
	}
}

// TestSendUsageRefused: Polar takes nothing of a batch with one bad event. Those
// whose name is "bad" are refused here.
func TestSendUsageRefused(t *testing.T) {
	tests := []struct {
		name  string
		size  int
		bad   []int
		names bool // the answer says which
		most  int  // requests
	}{
		{"named", 1000, []int{3, 700}, true, 1},
		{"one found by halving (U2)", 1000, []int{617}, false, 21},
		{"the last one", 1000, []int{999}, false, 11},
		{"the first one", 1000, []int{0}, false, 21},
		{"the only one", 1, []int{0}, false, 1},
		{"two found by halving", 8, []int{0, 7}, false, 15},
		{"all bad", 200, everyIndex(200), false, 50},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events := batch(tt.size)
			for _, i := range tt.bad {
				events[i].Name = "bad"
			}
			f, p := newFake(t, func(w http.ResponseWriter, r *http.Request) { judge(w, r, tt.names) })
			err := p.SendUsage(context.Background(), events)
			var invalid *billing.InvalidEvents
			if !errors.As(err, &invalid) || !errors.Is(err, billing.ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			if len(f.requests()) > tt.most {
				t.Errorf("%d requests", len(f.requests()))
			}
			if bad := holding(f, "bad"); len(tt.bad) == 1 && bad > 11 { // U2
				t.Errorf("%d requests held the bad event", bad)
			}
			for id := range invalid.Reasons {
				if i := indexOf(events, id); events[i].Name != "bad" {
					t.Errorf("%s was blamed", id)
				}
			}
			if len(tt.bad) < 10 && len(invalid.Reasons) != len(tt.bad) || len(invalid.Reasons) == 0 {
				t.Errorf("found %d of %d", len(invalid.Reasons), len(tt.bad))
			}
		})
	}
}

// judge refuses a batch that holds a bad event, as Polar does.
func judge(w http.ResponseWriter, r *http.Request, names bool) {
	var sent struct {
		Events []struct{ Name string }
	}
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		panic(err)
	}
	var details []any
	for i, e := range sent.Events {
		loc := []any{"body", "events"}
		if names {
			loc = append(loc, i, "EventCreateExternalCustomer", "name")
		}
		if e.Name == "bad" && (names || len(details) == 0) {
			details = append(details, map[string]any{"loc": loc, "msg": "Timestamp must be in the past.", "type": "value_error"})
		}
	}
	if len(details) == 0 {
		reply(w, 200, `{"inserted":1,"duplicates":0}`)
		return
	}
	reply(w, 422, jsonText(map[string]any{"error": "RequestValidationError", "detail": details}))
}

// holding counts the requests that have a text in them.
func holding(f *fakePolar, text string) (n int) {
	for _, r := range f.requests() {
		if strings.Contains(r.body, `"`+text+`"`) {
			n++
		}
	}
	return n
}

func everyIndex(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func indexOf(events []billing.Event, id string) int {
	for i, e := range events {
		if e.ID == id {
			return i
		}
	}
	panic(id)
}

func TestSendUsageLocally(t *testing.T) {
	f, p := newFake(t, always(200, `{"inserted":2,"duplicates":0}`))
	events := batch(3)
	events[1].Metadata = map[string]any{"k": json.Number("0.12345678901234567")}
	events[2].Metadata = map[string]any{"k": 1.5}
	var invalid *billing.InvalidEvents
	if err := p.SendUsage(context.Background(), events); !errors.As(err, &invalid) || len(invalid.Reasons) != 2 {
		t.Errorf("got %v", err)
	}
	if len(f.requests()) != 0 {
		t.Error("the batch was sent")
	}
}

func TestSendUsageWhenPolarFails(t *testing.T) {
	f, p := newFake(t, always(503, ""))
	err := p.SendUsage(context.Background(), batch(2))
	if kindsOf(err) != "provider" || len(f.requests()) != maxAttempts {
		t.Errorf("%d requests, %v; sending again is harmless, so nothing is unknown", len(f.requests()), err)
	}
}
