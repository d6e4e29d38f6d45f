package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
)

// TestEveryHookIsCalled: each function of Hooks is called for exactly one type of fact,
// with the object, and OnPayload for every type. A function that is not in the table
// would never be called, which this finds by reflection.
func TestEveryHookIsCalled(t *testing.T) {
	fields := reflect.VisibleFields(reflect.TypeFor[Hooks]())
	called := map[string]string{}
	for _, field := range fields {
		if field.Name == "OnPayload" {
			continue
		}
		h := Hooks{}
		var got string
		reflect.ValueOf(&h).Elem().FieldByIndex(field.Index).Set(reflect.MakeFunc(field.Type, func(args []reflect.Value) []reflect.Value {
			got = args[1].FieldByName("Key").String()
			return []reflect.Value{reflect.Zero(reflect.TypeFor[error]())}
		}))
		if len(h.typed()) != 1 || !h.Table().Any() {
			t.Fatalf("%s is called for %d types of facts, want 1", field.Name, len(h.typed()))
		}
		for factType := range h.typed() {
			if other := called[factType]; other != "" {
				t.Errorf("%s and %s are called for %s", field.Name, other, factType)
			}
			called[factType] = field.Name
			body := billing.FactBody{Key: "fact_1", Type: factType, Data: json.RawMessage("null")}
			if err := h.Table().Call(t.Context(), body); err != nil || got != "fact_1" {
				t.Errorf("%s: called with %q, %v", field.Name, got, err)
			}
			if want := strings.NewReplacer(".", "", "_", "").Replace(factType); !strings.EqualFold("On"+want, field.Name) {
				t.Errorf("%s is called for %s", field.Name, factType)
			}
		}
	}
	if len(called) != len(fields)-1 {
		t.Errorf("%d functions, %d types", len(fields)-1, len(called))
	}
}

// TestHookIsGivenTheObject: what db writes down is what the function gets.
func TestHookIsGivenTheObject(t *testing.T) {
	order := billing.Order{
		Source: billing.Source{Provider: "polar", ProviderID: "o1", Version: 7, CreatedAt: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)},
		Status: billing.OrderPaid, Total: 1900, Currency: "eur", Items: []billing.OrderItem{{Label: "Pro", Amount: 1900}},
	}
	facts := billing.FactsOf(nil, billing.Change{Object: order})
	body, err := facts[1].Body()
	if err != nil || body.Type != "order.updated" && body.Type != "order.paid" {
		t.Fatalf("body %+v, %v", body, err)
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var back billing.FactBody
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	var got []string
	h := Hooks{
		OnOrderPaid: func(_ context.Context, e Event[billing.Order]) error {
			got = append(got, "paid")
			if !reflect.DeepEqual(e.Object, order) {
				t.Errorf("object %+v, want %+v", e.Object, order)
			}
			return nil
		},
		OnPayload: func(_ context.Context, e billing.FactBody) error { got = append(got, e.Type); return nil },
	}
	back.Type = "order.paid"
	if err := h.Table().Call(t.Context(), back); err != nil || strings.Join(got, " ") != "paid order.paid" {
		t.Errorf("called %q, %v", got, err)
	}
	if !h.Table().Wants("anything.new") || (Hooks{}).Table().Wants("order.paid") || (Hooks{}).Table().Any() {
		t.Error("Wants or Any does not follow from the functions")
	}
}

// TestHookFailureIsNamed: an error says which hook failed, and keeps its kind.
func TestHookFailureIsNamed(t *testing.T) {
	down := errors.New("down")
	h := Hooks{OnRefundCreated: func(context.Context, Event[billing.Refund]) error { return down }}
	err := h.Table().Call(t.Context(), billing.FactBody{Type: "refund.created", Data: json.RawMessage("{}")})
	if !errors.Is(err, down) || !strings.Contains(err.Error(), "refund.created") {
		t.Errorf("error %v", err)
	}
	if err := h.Table().Call(t.Context(), billing.FactBody{Type: "refund.created", Data: json.RawMessage("[")}); err == nil {
		t.Error("an object that cannot be read was taken")
	}
}
