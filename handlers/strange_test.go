package handlers_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/db"
	"counterfoil/twin/server"
)

// strangeEvents are 500 deliveries that a later version of the provider might send: types
// that nobody has seen, and types that we know whose data has more in it or something less.
func strangeEvents(t *testing.T) (calls []call) {
	t.Helper()
	add := func(kind string, data map[string]any) {
		id := fmt.Sprintf("evt_strange_%03d", len(calls))
		if _, has := data["id"]; has {
			data["id"] = id // an object of its own
		}
		body, err := json.Marshal(map[string]any{"type": kind, "timestamp": "2026-11-22T09:00:00Z", "data": data, "api_version": "2030-01-01"})
		if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, call{path: polarPath, id: id, body: string(body), sentAt: time.Now(), secret: server.WebhookSecret})
	}
	for i := range 100 {
		add(fmt.Sprintf("parcel.teleported_%d", i), map[string]any{"id": "", "deep": []any{map[string]any{"n": i}}})
		add(fmt.Sprintf("customer.cloned_%d", i), map[string]any{"id": "", "email": "clone@example.com"})
	}
	known := map[string]string{
		"checkout": "checkout", "customer": "customer", "order": "order", "subscription": "subscription", "product": "product",
		"benefit_grant": "grant", "refund": "refund", "benefit": "benefit", "organization": "organization",
	}
	for len(calls) < 500 {
		for _, family := range slices.Sorted(maps.Keys(known)) {
			raw, err := os.ReadFile("../billing/polar/testdata/" + known[family] + ".json")
			if err != nil {
				t.Fatal(err)
			}
			read := func() (data map[string]any) {
				if err := json.Unmarshal(raw, &data); err != nil {
					t.Fatal(err)
				}
				return data
			}
			more := read()
			more["of_the_future"] = map[string]any{"nested": []any{1, "two", nil}}
			add(family+".updated", more)
			for _, name := range slices.Sorted(maps.Keys(read())) {
				less := read()
				delete(less, name)
				add(family+".updated", less)
			}
		}
	}
	return calls[:500]
}

// TestW9FiveHundredStrangeEvents: each is answered 2xx and kept; each is applied, or waits
// or is parked with its reason; the operator finds every one of them; and the process goes
// on with what comes after.
func TestW9FiveHundredStrangeEvents(t *testing.T) {
	s := startWith(t, false)
	olive := s.browser()
	olive.signIn("olive@example.com")
	s.stand() // five hundred are signed at once, and each is tried once
	calls := strangeEvents(t)
	for _, c := range calls {
		if status, body, _ := s.post(c); status != http.StatusAccepted {
			t.Fatalf("%.200s was answered %d: %s", c.body, status, body)
		}
	}
	if n := s.received(); n != len(calls) {
		t.Fatalf("%d of %d are kept", n, len(calls))
	}
	var found map[string]db.DeliveryRecord
	s.untilLong("each was tried", func() bool {
		found = map[string]db.DeliveryRecord{}
		for _, state := range []string{db.StateDone, db.StateWaiting, db.StateParked} {
			for _, d := range s.deliveries(db.DeliveryFilter{State: state}) {
				found[d.ID] = d
				if state != db.StateDone && d.Error == "" {
					return false // not tried yet
				}
			}
		}
		return len(found) == len(calls)
	})
	applied, failing := 0, 0
	for _, c := range calls {
		switch d := found[c.id]; {
		case d.State == db.StateDone:
			applied++
		case d.Error != "":
			failing++
		default:
			t.Errorf("%s is %s without a reason", c.id, d.State)
		}
	}
	t.Logf("%d applied, %d not for a reason", applied, failing)
	if applied < 300 || failing == 0 {
		t.Errorf("%d applied and %d not: want most, and some without what they need", applied, failing)
	}

	// The operator sees families that nobody knew in a list of their own, finds every type by
	// its name, and is told why some wait.
	rows := 0
	for path := "/admin/deliveries?state=strange"; path != ""; {
		page := olive.wants(olive.get(path), http.StatusOK)
		rows += page.Find(`main a[href^="/admin/deliveries/"]`).Length()
		path = page.Find(`a[href*="before="]`).Last().AttrOr("href", "")
	}
	if rows < 100 {
		t.Errorf("the operator is shown %d deliveries of families that nobody knows, want 100", rows)
	}
	olive.wants(olive.get("/admin"), http.StatusOK, "kept")
	olive.wants(olive.get("/admin/deliveries?type=customer.cloned_7"), http.StatusOK, "customer.cloned_7", "Applied")
	for _, d := range found {
		if d.Error != "" {
			reason, _, _ := strings.Cut(d.Error, ":")
			olive.wants(olive.get("/admin/deliveries/"+d.RowID), http.StatusOK, d.Type, reason)
			break
		}
	}

	if status, _, _ := s.post(call{path: polarPath, id: "evt_after", body: event, sentAt: s.now(), secret: server.WebhookSecret}); status != http.StatusAccepted {
		t.Errorf("what came after was answered %d", status)
	}
	s.untilLong("what came after is applied", func() bool {
		return slices.ContainsFunc(s.deliveries(db.DeliveryFilter{State: db.StateDone}), func(d db.DeliveryRecord) bool { return d.ID == "evt_after" })
	})
	olive.wants(olive.get("/healthz"), http.StatusOK)
}

// deliveries are all that a filter lets through.
func (s *stack) deliveries(f db.DeliveryFilter) (all []db.DeliveryRecord) {
	s.t.Helper()
	for before := ""; ; {
		list, next, err := s.store.Deliveries(s.t.Context(), f, before, 500)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, list...)
		if before = next; next == "" {
			return all
		}
	}
}

// untilLong is until for what is long under way and costs much to ask for.
func (s *stack) untilLong(what string, holds func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited %s in vain: %s", patience, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
