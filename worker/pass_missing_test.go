package worker

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"counterfoil/billing"
	"counterfoil/db"
)

const emptyList = `{"items":[],"pagination":{"total_count":0,"max_page":0}}`

// alive counts the copies of a kind that are not deleted.
func (s *stage) alive(kind billing.Kind) int {
	s.t.Helper()
	ids, err := s.Store.Living(s.t.Context(), "polar", kind, "", s.now(), 10_000)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(ids)
}

// census counts the living copies of every kind.
func (s *stage) census() map[billing.Kind]int {
	counts := map[billing.Kind]int{}
	for _, kind := range s.Provider.Lists() {
		counts[kind] = s.alive(kind)
	}
	return counts
}

// TestR8NothingIsDeletedForBeingAbsent: whatever a wrong provider answers, for as many
// passes as one likes, every copy stays.
func TestR8NothingIsDeletedForBeingAbsent(t *testing.T) {
	lists := func(body, kind string) func(*http.Request) (string, string) {
		return func(r *http.Request) (string, string) {
			if r.URL.Query().Get("page") == "" {
				return "", "" // not a list
			}
			return body, kind
		}
	}
	tests := []struct {
		name string
		lie  func(*http.Request) (string, string)
		note string // in what the pass says
	}{
		{"a page of a proxy", lists("<html>Sign in to the network</html>", "text/html"), "instead of JSON"},
		{"half of the JSON", lists(`{"items":[{"id":"0`, "application/json"), "EOF"},
		{"another shape", lists(`{"data":[]}`, "application/json"), "not a list"},
		{"lists that are empty", lists(emptyList, "application/json"), "Nothing is deleted"},
		{"a list of many that is empty, and nothing is found alone", func(r *http.Request) (string, string) {
			if strings.HasPrefix(r.URL.Path, "/v1/orders") {
				return emptyList, "application/json"
			}
			return "", ""
		}, "too many to be believed"},
		{"a list that shows less than it counts", func(r *http.Request) (string, string) {
			if strings.HasPrefix(r.URL.Path, "/v1/benefits") {
				return `{"items":[{"id":"strange"}],"pagination":{"total_count":1,"max_page":1}}`, "application/json"
			}
			return "", ""
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, true)
			w := s.tap()
			s.pass()
			before := s.census()
			if before[billing.KindOrder] <= missingMost || before[billing.KindBenefit] == 0 {
				t.Fatalf("too few copies to lose any: %v", before)
			}
			w.lie = tt.lie
			for range 4 {
				s.pass()
			}
			passes, err := s.Store.Passes(t.Context(), 1)
			if err != nil || !strings.Contains(passes[0].Error, tt.note) {
				t.Errorf("the pass says %q (%v), want %q", passes[0].Error, err, tt.note)
			}
			if after := s.census(); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("copies %v, want %v", after, before)
			}
		})
	}
}

// TestR8GoneIsDeletedAfterTwoPassesAndAnExplicitAnswer is the other side: without a webhook
// a deletion still arrives, in the third step and not before.
func TestR8GoneIsDeletedAfterTwoPassesAndAnExplicitAnswer(t *testing.T) {
	s := newStage(t, true)
	told := s.listen(s.now())
	s.pass()
	customer := s.has("gone@example.com", "")
	s.pass()
	if err := s.twin.Engine.DeleteCustomer(t.Context(), customer.ID, false); err != nil {
		t.Fatal(err)
	}
	all := s.alive(billing.KindCustomer)
	changes := func() (list []string) {
		for _, d := range s.drifts(s.pass()) {
			if d.Ref.ProviderID == customer.ID {
				list = append(list, d.Change)
			}
		}
		return list
	}
	if got := changes(); len(got) != 1 || got[0] != db.DriftMissing || s.alive(billing.KindCustomer) != all {
		t.Fatalf("after one pass %v", got)
	}
	w := s.tap() // a proxy lies in between: the pass breaks, and what was missing is forgotten
	w.lie = func(r *http.Request) (string, string) {
		if strings.HasPrefix(r.URL.Path, "/v1/subscriptions") {
			return "<html>", "text/html"
		}
		return "", ""
	}
	s.pass()
	w.lie = nil
	s.later(circuitLongest)
	s.step("reconcile")
	if s.alive(billing.KindCustomer) != all {
		t.Fatal("deleted by a pass that went wrong")
	}
	if got := changes(); len(got) != 1 || got[0] != db.DriftMissing || s.alive(billing.KindCustomer) != all {
		t.Fatalf("after the first of two passes in a row %v", got)
	}
	if got := changes(); len(got) != 1 || got[0] != db.DriftDeleted || s.alive(billing.KindCustomer) != all-1 {
		t.Fatalf("after the second pass %v", got)
	}
	s.step("hook go")
	if n := told.told("customer.deleted"); n != 1 {
		t.Errorf("%d calls for the deletion, want 1", n)
	}
}

// TestW13NothingComesBackByAPass: a list that still shows what a webhook deleted, as a
// replica of the provider's may, brings nothing back.
func TestW13NothingComesBackByAPass(t *testing.T) {
	s := newStage(t, false)
	s.pass()
	customer := s.has("gone@example.com", "")
	s.pass()
	data := customerData(customer, "", customer.CreatedAt)
	s.deliver("d1", "customer.deleted", s.customerRef(customer), data)
	s.step("inbox")
	if n := s.alive(billing.KindCustomer); n != 0 {
		t.Fatalf("%d customers after the deletion", n)
	}
	s.named(customer, "Back Again") // the twin never deleted him: its list has a newer version
	for range 2 {
		s.pass()
	}
	if n := s.alive(billing.KindCustomer); n != 0 {
		t.Error("a pass brought a deleted customer back")
	}
}

// TestW12OneEffectByEndpointsAndPasses: one change told at two endpoints and found by a
// pass is one call of a hook.
func TestW12OneEffectByEndpointsAndPasses(t *testing.T) {
	s := newStage(t, false)
	told := s.listen(s.now().Add(-1))
	s.pass()
	c := s.named(s.has("noor@example.com", ""), "Noor")
	if got := s.pass(); got.Healed != 1 {
		t.Fatalf("pass %+v, want the customer healed", got)
	}
	for _, id := range []string{"one endpoint", "another endpoint"} {
		s.deliver(id, "customer.updated", s.customerRef(c), customerData(c, "Noor", c.ModifiedAt))
	}
	s.step("inbox")
	s.pass()
	s.step("hook go")
	for _, factType := range []string{"customer.created", "customer.updated"} {
		if n := told.told(factType); n != 1 {
			t.Errorf("%d calls for %s, want 1", n, factType)
		}
	}
}
