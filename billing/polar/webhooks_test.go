package polar

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"counterfoil/billing"
)

// event is a webhook body around data.
func event(kind, data string) billing.Delivery {
	return billing.Delivery{Provider: "polar", ID: "d1", Type: kind,
		Body: []byte(`{"type":"` + kind + `","timestamp":"2026-05-04T10:00:00.123456Z","data":` + data + `}`)}
}

// TestDecode goes through every type that Polar sends (its reference, 41 of 2026-08).
func TestDecode(t *testing.T) {
	p := verifier(t, testSecret)
	checkout := fixture(t, "checkout", map[string]any{"customer_id": "customer-1"})
	customer, order := fixture(t, "customer", nil), fixture(t, "order", nil)
	state := fixture(t, "customer", map[string]any{"active_subscriptions": []any{}, "granted_benefits": []any{}, "active_meters": []any{}})
	deleted := fixture(t, "customer", map[string]any{"external_id": nil, "deleted_at": "2026-05-04T09:00:00Z", "metadata": map[string]any{"__external_id": "c1"}})
	subscription, product := fixture(t, "subscription", nil), fixture(t, "product", nil)
	grant := fixture(t, "grant", map[string]any{"previous_properties": nil})
	custom := fixture(t, "grant", map[string]any{"benefit": map[string]any{"id": "b", "type": "custom", "description": "d", "properties": map[string]any{"note": nil}}})
	other := `{"id":"x1","customer_id":"customer-1","anything":[{"at":"all"}]}`
	tests := []struct {
		types   string
		data    string
		kind    billing.Kind // empty: no object
		id      string
		credits bool
		deleted bool
	}{
		{"checkout.created checkout.updated checkout.expired", checkout, billing.KindCheckout, "checkout-1", false, false},
		{"customer.created customer.updated", customer, billing.KindCustomer, "customer-1", false, false},
		{"customer.deleted", deleted, billing.KindCustomer, "customer-1", false, true},
		{"customer.state_changed", state, billing.KindCustomer, "customer-1", true, false},
		{"order.created order.updated order.refunded", order, billing.KindOrder, "order-1", false, false},
		{"order.paid", order, billing.KindOrder, "order-1", true, false},
		{"subscription.created subscription.updated subscription.active subscription.revoked subscription.cycled subscription.resumed",
			subscription, billing.KindSubscription, "subscription-1", true, false},
		{"subscription.canceled subscription.uncanceled subscription.past_due subscription.paused", subscription, billing.KindSubscription, "subscription-1", false, false},
		{"subscription.levitated", subscription, billing.KindSubscription, "subscription-1", false, false},
		{"product.created product.updated", product, billing.KindProduct, "6f0c9a52-0000-4000-8000-000000000001", false, false},
		{"benefit_grant.created benefit_grant.cycled benefit_grant.updated benefit_grant.revoked", grant, billing.KindGrant, "grant-1", true, false},
		{"benefit_grant.created", custom, billing.KindGrant, "grant-1", false, false},
		{"customer_seat.assigned customer_seat.claimed customer_seat.revoked", fixture(t, "seat", nil), billing.KindSeat, "seat-1", false, false},
		{"member.created member.updated member.deleted", other, "", "", false, false},
		{"refund.created refund.updated", fixture(t, "refund", nil), billing.KindRefund, "refund-1", false, false},
		{"benefit.created benefit.updated", fixture(t, "benefit", nil), billing.KindBenefit, "benefit-1", false, false},
		{"organization.updated", fixture(t, "organization", nil), billing.KindOrganization, "organization-1", false, false},
		{"discount.created discount.updated discount.deleted planet.discovered customer.teleported", other, "", "", false, false},
	}
	for _, tt := range tests {
		for name := range strings.FieldsSeq(tt.types) {
			t.Run(name, func(t *testing.T) {
				got, err := p.Decode(event(name, tt.data))
				if err != nil {
					t.Fatal(err)
				}
				if !got.ToldAt.Equal(at("2026-05-04T10:00:00.123456Z")) || string(got.Raw) != tt.data || got.ToldID == "" ||
					!reflect.DeepEqual(got.Told, got.Object) {
					t.Errorf("told %+v at %v as %s of %q", got.Told, got.ToldAt, got.Raw, got.ToldID)
				}
				if got.Type != name || got.CreditsMoved != tt.credits || got.Deleted != tt.deleted {
					t.Errorf("got %+v", got)
				}
				if tt.kind == "" {
					if got.Object != nil || got.ProviderCustomerID != "customer-1" {
						t.Errorf("got %+v", got)
					}
					return
				}
				if want := (billing.Ref{Provider: "polar", Kind: tt.kind, ProviderID: tt.id}); got.Object == nil || got.Object.Ref() != want {
					t.Fatalf("object %+v", got.Object)
				}
				owner := "customer-1"
				if tt.kind == billing.KindProduct || tt.kind == billing.KindBenefit || tt.kind == billing.KindOrganization {
					owner = ""
				}
				if got.ProviderCustomerID != owner {
					t.Errorf("customer %q", got.ProviderCustomerID)
				}
			})
		}
	}
}

// TestDecodeRefund: a refund is handled together with its order, which it changes.
func TestDecodeRefund(t *testing.T) {
	p := verifier(t, testSecret)
	got, err := p.Decode(event("refund.created", fixture(t, "refund", nil)))
	if err != nil {
		t.Fatal(err)
	}
	order := billing.Ref{Provider: "polar", Kind: billing.KindOrder, ProviderID: "order-1"}
	if !slices.Equal(got.Also, []billing.Ref{order}) {
		t.Errorf("also %v", got.Also)
	}
	made := at("2026-05-05T10:00:00.123456Z")
	want := billing.Refund{
		Source:          billing.Source{Provider: "polar", ProviderID: "refund-1", Version: made.UnixMicro(), CreatedAt: made},
		ProviderOrderID: "order-1", ProviderCustomerID: "customer-1", Status: billing.RefundPending, Reason: "customer_request",
		Amount: 500, Tax: 50, Currency: "usd", Metadata: map[string]string{"counterfoil_refund": "r1"},
	}
	if !reflect.DeepEqual(got.Object, want) {
		t.Errorf("got  %+v\nwant %+v", got.Object, want)
	}
}

func TestDecodeDeletedCustomer(t *testing.T) {
	p := verifier(t, testSecret)
	data := fixture(t, "customer", map[string]any{"external_id": nil, "deleted_at": "2026-05-04T09:00:00Z", "metadata": map[string]any{"__external_id": "c1"}})
	got, err := p.Decode(event("customer.deleted", data))
	if err != nil {
		t.Fatal(err)
	}
	c := got.Object.(billing.Customer)
	if c.ExternalID != "c1" || !c.Deleted || c.Version != at("2026-05-04T09:00:00Z").UnixMicro() {
		t.Errorf("got %+v", c)
	}
}

func TestDecodeWhatCannotBeTaken(t *testing.T) {
	p := verifier(t, testSecret)
	for name, d := range map[string]billing.Delivery{
		"status of the future": event("subscription.updated", fixture(t, "subscription", map[string]any{"status": "levitating"})),
		"amount as text":       event("order.paid", fixture(t, "order", map[string]any{"total_amount": "2200"})),
		"fraction of a cent":   event("order.paid", fixture(t, "order", map[string]any{"total_amount": 2200.5})),
		"time without zone":    event("order.paid", fixture(t, "order", map[string]any{"created_at": "2026-05-04T10:00:00"})),
		"no JSON":              {Body: []byte("{")},
	} {
		if got, err := p.Decode(d); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for name, d := range map[string]billing.Delivery{
		"data without id": event("order.paid", `{}`), "data as list": event("order.paid", `[]`), "no data": {Body: []byte(`{"type":"order.paid"}`)},
	} {
		if got, err := p.Decode(d); err != nil || got.Object != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// FuzzDecode: whatever the bytes are, Decode answers and does not panic, and an
// object it gives has a name and an owner that agree with it.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"checkout", "customer", "order", "subscription", "product", "grant", "refund", "benefit", "organization"} {
		kind := map[string]string{"grant": "benefit_grant"}[name]
		if kind == "" {
			kind = name
		}
		f.Add(string(event(kind+".updated", fixture(f, name, nil)).Body))
	}
	p := verifier(f, testSecret)
	f.Fuzz(func(t *testing.T, body string) {
		change, err := p.Decode(billing.Delivery{Body: []byte(body)})
		if err != nil || change.Object == nil {
			return
		}
		if ref := change.Object.Ref(); ref.Provider != "polar" || ref.ProviderID == "" || change.Object.ObjectVersion() == 0 {
			t.Fatalf("%q became %+v", body, change.Object)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	p := verifier(b, testSecret)
	d := event("subscription.updated", fixture(b, "subscription", nil))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Decode(d); err != nil {
			b.Fatal(err)
		}
	}
}
