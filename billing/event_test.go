package billing_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
)

func TestEventValidate(t *testing.T) {
	keys := func(n int) map[string]any {
		m := make(map[string]any)
		for i := range n {
			m[fmt.Sprintf("k%02d", i)] = true
		}
		return m
	}
	tests := []struct {
		name          string
		change        func(*billing.Event)
		field, reason string // empty: valid
	}{
		{"plain", func(*billing.Event) {}, "", ""},
		{"all types", func(e *billing.Event) {
			e.Metadata = map[string]any{"s": "x", "i": int64(1), "b": false, "n": json.Number("1.5")}
		}, "", ""},
		{"at this instant", func(e *billing.Event) { e.OccurredAt = noon }, "", ""},
		{"long name in characters", func(e *billing.Event) { e.Name = strings.Repeat("é", 128) }, "", ""},
		{"no id", func(e *billing.Event) { e.ID = "" }, "id", billing.ReasonMissing},
		{"no customer", func(e *billing.Event) { e.CustomerID = "" }, "customer_id", billing.ReasonMissing},
		{"no time", func(e *billing.Event) { e.OccurredAt = time.Time{} }, "occurred_at", billing.ReasonMissing},
		{"future", func(e *billing.Event) { e.OccurredAt = noon.Add(time.Millisecond) }, "occurred_at", billing.ReasonInFuture},
		{"before 1970", func(e *billing.Event) { e.OccurredAt = time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC) }, "occurred_at", billing.ReasonTooOld},
		{"the first moment of 1970", func(e *billing.Event) { e.OccurredAt = time.UnixMilli(0) }, "occurred_at", billing.ReasonTooOld},
		{"NUL in the id", func(e *billing.Event) { e.ID = "a\x00" }, "id", billing.ReasonBadText},
		{"customer not text", func(e *billing.Event) { e.CustomerID = "a\xff" }, "customer_id", billing.ReasonBadText},
		{"no name", func(e *billing.Event) { e.Name = "" }, "name", billing.ReasonMissing},
		{"name too long", func(e *billing.Event) { e.Name = strings.Repeat("é", 129) }, "name", billing.ReasonTooLong},
		{"name not text", func(e *billing.Event) { e.Name = "a\xff" }, "name", billing.ReasonBadText},
		{"as many keys as fit", func(e *billing.Event) { e.Metadata = keys(49) }, "", ""},
		{"too many keys", func(e *billing.Event) { e.Metadata = keys(50) }, "metadata", billing.ReasonTooMany},
		{"empty key", func(e *billing.Event) { e.Metadata = map[string]any{"": 1} }, "metadata.", billing.ReasonMissing},
		{"long key", func(e *billing.Event) { e.Metadata = map[string]any{strings.Repeat("k", 41): "x"} },
			"metadata." + strings.Repeat("k", 41), billing.ReasonTooLong},
		{"empty value", func(e *billing.Event) { e.Metadata = map[string]any{"k": ""} }, "metadata.k", billing.ReasonMissing},
		{"long value", func(e *billing.Event) { e.Metadata = map[string]any{"k": strings.Repeat("v", 501)} }, "metadata.k", billing.ReasonTooLong},
		{"NUL", func(e *billing.Event) { e.Metadata = map[string]any{"k": "a\x00"} }, "metadata.k", billing.ReasonBadText},
		{"float", func(e *billing.Event) { e.Metadata = map[string]any{"k": 1.5} }, "metadata.k", billing.ReasonWrongType},
		{"null", func(e *billing.Event) { e.Metadata = map[string]any{"k": nil} }, "metadata.k", billing.ReasonWrongType},
		{"object", func(e *billing.Event) { e.Metadata = map[string]any{"k": map[string]any{}} }, "metadata.k", billing.ReasonWrongType},
		{"not a number", func(e *billing.Event) { e.Metadata = map[string]any{"k": json.Number("NaN")} }, "metadata.k", billing.ReasonBadNumber},
		{"number too large", func(e *billing.Event) { e.Metadata = map[string]any{"k": json.Number("1e999")} }, "metadata.k", billing.ReasonBadNumber},
		{"first bad key is named", func(e *billing.Event) { e.Metadata = map[string]any{"z": nil, "b": 1.5, "m": ""} },
			"metadata.b", billing.ReasonWrongType},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := billing.Event{ID: "e1", CustomerID: "c1", Name: "ai_usage", OccurredAt: noon.Add(-time.Minute)}
			tt.change(&e)
			err := e.Validate(noon)
			if tt.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var invalid *billing.InvalidEvent
			if !errors.As(err, &invalid) || !errors.Is(err, billing.ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			if invalid.Field != tt.field || invalid.Reason != tt.reason {
				t.Errorf("got %s %s, want %s %s", invalid.Field, invalid.Reason, tt.field, tt.reason)
			}
		})
	}
}
