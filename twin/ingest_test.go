package twin

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestIngestion(t *testing.T) {
	many := Metadata{}
	for i := range 51 {
		many[fmt.Sprint("key", i)] = true
	}
	tests := []struct {
		name string
		bad  EventInput
		loc  string
	}{
		{"no name", EventInput{ExternalCustomer: "u"}, "[body events 1 name]"},
		{"a long name", EventInput{Name: strings.Repeat("n", 129), ExternalCustomer: "u"}, "[body events 1 name]"},
		{"no customer", EventInput{Name: "use"}, "[body events 1 external_customer_id]"},
		{"two customers", EventInput{Name: "use", CustomerID: "known", ExternalCustomer: "u"}, "[body events 1 external_customer_id]"},
		{"an unknown customer", EventInput{Name: "use", CustomerID: newID()}, "[body events 1 customer_id]"},
		{"the future", EventInput{Name: "use", ExternalCustomer: "u", Timestamp: began.Add(time.Hour)}, "[body events 1 timestamp]"},
		{"an unknown parent", EventInput{Name: "use", ExternalCustomer: "u", ParentID: "nobody"}, "[body events 1 parent_id]"},
		{"an empty value", EventInput{Name: "use", ExternalCustomer: "u", Metadata: Metadata{"k": ""}}, "[body events 1 metadata k]"},
		{"a long value", EventInput{Name: "use", ExternalCustomer: "u", Metadata: Metadata{"k": strings.Repeat("v", 501)}}, "[body events 1 metadata k]"},
		{"a list", EventInput{Name: "use", ExternalCustomer: "u", Metadata: Metadata{"k": []any{}}}, "[body events 1 metadata k]"},
		{"an object", EventInput{Name: "use", ExternalCustomer: "u", Metadata: Metadata{"k": map[string]any{}}}, "[body events 1 metadata k]"},
		{"many keys", EventInput{Name: "use", ExternalCustomer: "u", Metadata: many}, "[body events 1 metadata]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			email := "ada@example.com"
			known := ok(w.CreateCustomer(t.Context(), CustomerInput{Email: &email}))(t)
			if test.bad.CustomerID == "known" {
				test.bad.CustomerID = known.ID
			}
			before := len(w.data.events.rows)
			_, _, err := w.Ingest(t.Context(), []EventInput{{Name: "use", CustomerID: known.ID}, test.bad})
			var wrong *Invalid
			if !errors.As(err, &wrong) || fmt.Sprint(wrong.Fields[0].Loc) != test.loc {
				t.Fatalf("answer %v, want a complaint about %s", err, test.loc)
			}
			if got := len(w.data.events.rows); got != before {
				t.Errorf("%d events of a refused batch were kept", got-before)
			}
		})
	}
}

func TestRepeatedEventsAreSkipped(t *testing.T) {
	w := newWorld(t)
	event := EventInput{Name: "use", ExternalCustomer: "user-1", ExternalID: "e-1", Metadata: Metadata{"credits": json.Number("5")}}
	for i, want := range []string{"1 1", "0 2"} {
		inserted, duplicates, err := w.Ingest(t.Context(), []EventInput{event, event})
		must(t, err)
		if got := fmt.Sprint(inserted, " ", duplicates); got != want {
			t.Errorf("ingestion %d: %s, want %s", i, got, want)
		}
	}
	email, external := "ada@example.com", "user-1"
	c := ok(w.CreateCustomer(t.Context(), CustomerInput{Email: &email, ExternalID: &external}))(t)
	if m := w.standing(c.ID); m.Consumed != Units(5) {
		t.Errorf("events that waited for their customer count %s, want 5", m.Consumed)
	}
}

func TestAggregations(t *testing.T) {
	and := func(clauses ...Clause) Filter { return Filter{Conjunction: "and", Clauses: clauses} }
	tests := []struct {
		name  string
		meter Meter
		want  string
	}{
		{"count", Meter{Func: "count"}, "4"},
		{"sum", Meter{Func: "sum", Property: "n"}, "10.5"},
		{"max", Meter{Func: "max", Property: "metadata.n"}, "7"},
		{"min", Meter{Func: "min", Property: "n"}, "0.5"},
		{"avg of those that have it", Meter{Func: "avg", Property: "n"}, "3.5"},
		{"unique", Meter{Func: "unique", Property: "model"}, "2"},
		{"into an object", Meter{Func: "sum", Property: "_llm.total_tokens"}, "99"},
		{"equal", Meter{Func: "count", Filter: and(Clause{Property: "model", Operator: "eq", Value: "a"})}, "2"},
		{"not equal needs the property", Meter{Func: "count", Filter: and(Clause{Property: "model", Operator: "ne", Value: "a"})}, "1"},
		{"greater", Meter{Func: "count", Filter: and(Clause{Property: "n", Operator: "gt", Value: json.Number("3")})}, "1"},
		{"another type never matches", Meter{Func: "count", Filter: and(Clause{Property: "n", Operator: "eq", Value: "7"})}, "0"},
		{"like", Meter{Func: "count", Filter: and(Clause{Property: "name", Operator: "like", Value: "us%"})}, "3"},
		{"or, nested", Meter{Func: "count", Filter: Filter{Conjunction: "or", Clauses: []Clause{
			{Property: "model", Operator: "eq", Value: "b"},
			{Nested: &Filter{Conjunction: "and", Clauses: []Clause{{Property: "n", Operator: "lte", Value: json.Number("3")}}}},
		}}}, "2"},
	}
	w := newWorld(t)
	email := "ada@example.com"
	c := ok(w.CreateCustomer(t.Context(), CustomerInput{Email: &email}))(t)
	for i := range tests {
		tests[i].meter.Name = "Meter " + tests[i].name
		tests[i].meter = ok(w.CreateMeter(t.Context(), tests[i].meter))(t)
	}
	_, _, err := w.Ingest(t.Context(), []EventInput{
		{Name: "use", CustomerID: c.ID, Metadata: Metadata{"n": json.Number("3"), "model": "a"}},
		{Name: "use", CustomerID: c.ID, Metadata: Metadata{"n": json.Number("7"), "model": "a"}},
		{Name: "used", CustomerID: c.ID, Metadata: Metadata{"n": json.Number("0.5"), "model": "b"}},
		{Name: "other", CustomerID: c.ID, Metadata: Metadata{"_llm": map[string]any{"total_tokens": json.Number("99")}}},
	})
	must(t, err)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := "0"
			for _, m := range w.MetersOf(c.ID) {
				if m.MeterID == test.meter.ID {
					got = m.Consumed.String()
				}
			}
			if got != test.want {
				t.Errorf("consumed %s, want %s", got, test.want)
			}
			must(t, w.Read(func(v *View) error {
				_, total := v.Quantities(test.meter, QuantityQuery{From: began.Add(-time.Hour), To: began.Add(time.Hour), Interval: Day, Zone: time.UTC})
				if total.String() != test.want {
					t.Errorf("quantities say %s, want %s", total, test.want)
				}
				return nil
			}))
		})
	}
}
