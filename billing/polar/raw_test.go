package polar

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"counterfoil/billing"
)

// bare is an object without the words that it was read from.
func bare(object billing.Object) billing.Object {
	v := reflect.New(reflect.TypeOf(object)).Elem()
	v.Set(reflect.ValueOf(object))
	v.FieldByName("Raw").SetString("")
	return v.Interface().(billing.Object)
}

// TestOwnWords: what is kept of an object in Polar's own words is the same whoever told
// it, and holds no other object that has a copy of its own.
func TestOwnWords(t *testing.T) {
	p := verifier(t, testSecret)
	of := func(kind billing.Kind, raw string) string {
		t.Helper()
		object, err := p.object(kind, []byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		return object.ObjectRaw()
	}
	for _, kind := range []billing.Kind{billing.KindCheckout, billing.KindRefund} {
		if raw := of(kind, fixture(t, string(kind), nil)); raw != "" {
			t.Errorf("a %s is kept: %s", kind, raw)
		}
	}
	for kind, drop := range apart {
		name := map[billing.Kind]string{billing.KindGrant: "grant"}[kind]
		if name == "" {
			name = string(kind)
		}
		more := map[string]any{"a_new_field": "x < y"}
		for _, field := range drop {
			more[field] = map[string]any{"id": "another"}
		}
		if kind == billing.KindGrant {
			delete(more, "benefit") // the grant is read with it
		}
		text := fixture(t, name, more)
		var want map[string]any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		for _, field := range drop {
			delete(want, field)
		}
		var got map[string]any
		raw := of(kind, text)
		if err := json.Unmarshal([]byte(raw), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: kept %s (%v) of %s", kind, raw, err, text)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			t.Fatal(err)
		}
		var other strings.Builder // the same in another order, with spaces
		other.WriteString("{ ")
		names := slices.Sorted(maps.Keys(fields))
		slices.Reverse(names)
		for i, name := range names {
			if i > 0 {
				other.WriteString(" ,\n")
			}
			quoted, _ := json.Marshal(name)
			other.Write(quoted)
			other.WriteString(" : ")
			other.Write(fields[name])
		}
		other.WriteString("}")
		if again := of(kind, other.String()); again != raw {
			t.Errorf("%s in another order: kept %s, and %s before", kind, again, raw)
		}
	}
	if raw := of(billing.KindCustomer, fixture(t, "customer", map[string]any{"name": strings.Repeat("x", maxRaw)})); raw != "" {
		t.Errorf("%d bytes are kept", len(raw))
	}
}

// TestReference: whom a subscription is for is text in its metadata, and nothing else.
func TestReference(t *testing.T) {
	p := verifier(t, testSecret)
	for _, tt := range []struct {
		metadata map[string]any
		want     string
	}{
		{map[string]any{}, ""},
		{map[string]any{"referenceId": "org-1", "seat": 3}, "org-1"},
		{map[string]any{"referenceId": 7}, ""},
		{nil, ""},
	} {
		object, err := p.object(billing.KindSubscription, []byte(fixture(t, "subscription", map[string]any{"metadata": tt.metadata})))
		if err != nil {
			t.Fatal(err)
		}
		if got := object.(billing.Subscription).ReferenceID; got != tt.want {
			t.Errorf("%v is for %q, want %q", tt.metadata, got, tt.want)
		}
	}
}
