package billing_test

import (
	"encoding/json"
	"math/big"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"counterfoil/billing"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func clause(property, operator string, value any) billing.Filter {
	return billing.Filter{Clauses: []billing.Clause{{Property: property, Operator: operator, Value: value}}}
}

func TestMatches(t *testing.T) {
	event := billing.Event{ID: "e1", Name: "ai_usage", OccurredAt: noon, Metadata: map[string]any{
		"model": "small", "tokens": int64(5), "cost": json.Number("1.5"), "cached": true, "a.b": "dotted",
		"_llm": map[string]any{"total_tokens": json.Number("90")}, "huge": json.Number("1e300"),
	}}
	name := clause("name", "eq", "ai_usage").Clauses[0]
	wrong := clause("name", "eq", "other").Clauses[0]
	tests := []struct {
		name   string
		filter billing.Filter
		want   bool
	}{
		{"no clause", billing.Filter{}, true},
		{"any of nothing", billing.Filter{Any: true}, true},
		{"name", clause("name", "eq", "ai_usage"), true},
		{"another name", clause("name", "ne", "ai_usage"), false},
		{"name like", clause("name", "like", "i_us"), true},
		{"name not like", clause("name", "not_like", "i_us"), false},
		{"name is no number", clause("name", "eq", int64(1)), false},
		{"timestamp", clause("timestamp", "gte", noon.Unix()), true},
		{"timestamp after", clause("timestamp", "gt", noon.Unix()), false},
		{"timestamp is no text", clause("timestamp", "eq", strconv.FormatInt(noon.Unix(), 10)), false},
		{"source", clause("source", "eq", "user"), true},
		{"text", clause("model", "eq", "small"), true},
		{"prefix", clause("metadata.model", "eq", "small"), true},
		{"text order", clause("model", "lt", "small2"), true},
		{"number", clause("tokens", "gte", int64(5)), true},
		{"number above", clause("tokens", "gt", int64(5)), false},
		{"number against text", clause("tokens", "eq", "5"), false},
		{"number not text", clause("tokens", "ne", "5"), false},
		{"decimal", clause("cost", "gt", int64(1)), true},
		{"decimal is no integer", clause("cost", "eq", int64(1)), false},
		{"huge number", clause("huge", "gt", int64(2147483647)), true},
		{"number like", clause("tokens", "like", "5"), true},
		{"boolean", clause("cached", "eq", true), true},
		{"boolean against text", clause("cached", "eq", "true"), false},
		{"boolean like", clause("cached", "like", "ru"), true},
		{"missing", clause("nothing", "eq", "x"), false},
		{"missing is not unequal", clause("nothing", "ne", "x"), false},
		{"missing is not unlike", clause("nothing", "not_like", "x"), false},
		{"nested object", clause("_llm.total_tokens", "eq", int64(90)), true},
		{"key with a dot", clause("a.b", "eq", "dotted"), true},
		{"an object", clause("_llm", "eq", "x"), false},
		{"unknown operator", clause("model", "regex", "small"), false},
		{"unknown value", clause("model", "eq", nil), false},
		{"all", billing.Filter{Clauses: []billing.Clause{name, wrong}}, false},
		{"any", billing.Filter{Any: true, Clauses: []billing.Clause{wrong, name}}, true},
		{"all with nested any", billing.Filter{Clauses: []billing.Clause{name},
			Nested: []billing.Filter{{Any: true, Clauses: []billing.Clause{wrong, name}}}}, true},
		{"all with nested that fails", billing.Filter{Clauses: []billing.Clause{name},
			Nested: []billing.Filter{{Clauses: []billing.Clause{wrong}}}}, false},
		{"only nested any", billing.Filter{Any: true, Nested: []billing.Filter{{Clauses: []billing.Clause{wrong}}}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (billing.Meter{Filter: tt.filter}).Matches(event); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestLike(t *testing.T) {
	tests := []struct {
		text, pattern string
		want          bool
	}{
		{"abc", "", true}, {"abc", "b", true}, {"abc", "B", false}, {"abc", "a_c", true}, {"abc", "a%c", true},
		{"abc", "c%a", false}, {"a%c", `\%`, true}, {"abc", `\%`, false}, {"naïve", "a_v", true}, {"", "", true},
		{"aaab", "a%ab", true}, {"", "_", false},
	}
	for _, tt := range tests {
		e := billing.Event{Metadata: map[string]any{"k": tt.text}}
		if got := (billing.Meter{Filter: clause("k", "like", tt.pattern)}).Matches(e); got != tt.want {
			t.Errorf("%q like %q: %t", tt.text, tt.pattern, got)
		}
		if got := (billing.Meter{Filter: clause("k", "not_like", tt.pattern)}).Matches(e); got == tt.want {
			t.Errorf("%q not_like %q: %t", tt.text, tt.pattern, got)
		}
	}
}

// TestNumbersCompareExactly holds the comparison of decimals against math/big.
func TestNumbersCompareExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,9})?([eE]-?[0-9])?`).Draw(t, "number")
		value := int64(rapid.Int32().Draw(t, "value"))
		if rapid.Bool().Draw(t, "near") {
			text = strconv.FormatInt(value, 10) + rapid.StringMatching(`(\.[0-9]{1,9})?`).Draw(t, "rest")
		}
		exact, _ := new(big.Rat).SetString(text)
		order := exact.Cmp(new(big.Rat).SetInt64(value))
		e := billing.Event{Metadata: map[string]any{"n": json.Number(text)}}
		for operator, want := range map[string]bool{
			"eq": order == 0, "ne": order != 0, "gt": order > 0, "gte": order >= 0, "lt": order < 0, "lte": order <= 0,
		} {
			if got := (billing.Meter{Filter: clause("n", operator, value)}).Matches(e); got != want {
				t.Fatalf("%s %s %d: %t", text, operator, value, got)
			}
		}
	})
}

func TestUnits(t *testing.T) {
	e := billing.Event{Metadata: map[string]any{"n": int64(7), "f": json.Number("0.1"), "long": json.Number("0.30000000000000004"),
		"text": "7", "minus": int64(-3), "huge": json.Number("1e40"), "_llm": map[string]any{"total": json.Number("9")}}}
	tests := []struct {
		aggregation billing.Aggregation
		property    string
		want        billing.Credits
		ok          bool
	}{
		{billing.AggregateCount, "", billing.CreditScale, true},
		{billing.AggregateSum, "n", 7_000_000, true},
		{billing.AggregateSum, "metadata.f", 100_000, true},
		{billing.AggregateSum, "long", 300_000, true},
		{billing.AggregateSum, "minus", -3_000_000, true},
		{billing.AggregateSum, "_llm.total", 9_000_000, true},
		{billing.AggregateSum, "text", 0, true},
		{billing.AggregateSum, "missing", 0, true},
		{billing.AggregateSum, "huge", 0, false},
		{billing.AggregateMax, "n", 0, false},
		{billing.AggregateMin, "n", 0, false},
		{billing.AggregateAvg, "n", 0, false},
		{billing.AggregateUnique, "n", 0, false},
	}
	for _, tt := range tests {
		got, ok := billing.Meter{Aggregation: tt.aggregation, Property: tt.property}.Units(e)
		if got != tt.want || ok != tt.ok {
			t.Errorf("%s of %s: %s, %t", tt.aggregation, tt.property, got, ok)
		}
	}
}

func TestClauseJSON(t *testing.T) {
	for text, want := range map[string]any{
		`"x"`: "x", `5`: int64(5), `-1`: int64(-1), `true`: true, `false`: false, `1.5`: nil, `null`: nil, `{}`: nil, `"5"`: "5",
	} {
		var c billing.Clause
		if err := json.Unmarshal([]byte(`{"property":"p","operator":"eq","value":`+text+`}`), &c); err != nil || c.Value != want {
			t.Errorf("%s became %#v, %v", text, c.Value, err)
		}
		back, err := json.Marshal(c)
		var again billing.Clause
		if err != nil || json.Unmarshal(back, &again) != nil || again != c {
			t.Errorf("%s does not survive being stored: %s", text, back)
		}
	}
}

func BenchmarkMatches(b *testing.B) {
	m := billing.Meter{Filter: billing.Filter{Clauses: []billing.Clause{
		{Property: "name", Operator: "eq", Value: "ai_usage"}, {Property: "model", Operator: "ne", Value: "free"}}}}
	e := billing.Event{Name: "ai_usage", Metadata: map[string]any{"model": "small", "credits": int64(3)}}
	b.ReportAllocs()
	for b.Loop() {
		if !m.Matches(e) {
			b.Fatal("no match")
		}
	}
}

func BenchmarkUnits(b *testing.B) {
	m := billing.Meter{Aggregation: billing.AggregateSum, Property: "credits"}
	e := billing.Event{Metadata: map[string]any{"credits": json.Number("12.5")}}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := m.Units(e); !ok {
			b.Fatal("no units")
		}
	}
}
