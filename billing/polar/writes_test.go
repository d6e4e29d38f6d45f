package polar

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"testing"

	"counterfoil/billing"
)

// body parses what was sent.
func body(t *testing.T, r asked) map[string]any {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal([]byte(r.body), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCreateCustomer(t *testing.T) {
	f, p := newFake(t, always(201, fixture(t, "customer", nil)))
	got, err := p.CreateCustomer(context.Background(), billing.NewCustomer{
		CustomerID: "c1", Email: "sam@example.com", Name: "Sam", Metadata: map[string]string{"from": "portal"}})
	if err != nil || got.ProviderID != "customer-1" {
		t.Fatalf("got %+v, %v", got, err)
	}
	r := f.requests()[0]
	want := map[string]any{"email": "sam@example.com", "external_id": "c1", "name": "Sam", "metadata": map[string]any{"from": "portal"}}
	if r.method != "POST" || r.path != "/v1/customers/" || !reflect.DeepEqual(body(t, r), want) {
		t.Errorf("sent %s %s %s", r.method, r.path, r.body)
	}
	if _, err := p.CreateCustomer(context.Background(), billing.NewCustomer{CustomerID: "a/b", Email: "x@example.com"}); kindsOf(err) != "invalid" {
		t.Errorf("an external id that no path can name: %v", err)
	}
}

func TestLinkCustomer(t *testing.T) {
	tests := []struct {
		name  string
		now   map[string]any // the customer as it is
		kinds string
		sent  bool
	}{
		{"free", map[string]any{"external_id": nil}, "", true},
		{"ours already", map[string]any{"external_id": "c1"}, "", false},
		{"somebody else's", map[string]any{"external_id": "c2"}, "conflict", false},
		{"deleted", map[string]any{"external_id": nil, "deleted_at": "2026-04-01T00:00:00Z"}, "conflict", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, p := newFake(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPatch {
					reply(w, 200, fixture(t, "customer", map[string]any{"external_id": "c1"}))
					return
				}
				reply(w, 200, fixture(t, "customer", tt.now))
			})
			got, err := p.LinkCustomer(context.Background(), "customer-1", "c1")
			if kindsOf(err) != tt.kinds || err == nil && got.ExternalID != "c1" {
				t.Errorf("got %+v, %v", got, err)
			}
			if sent := len(f.requests()) == 2; sent != tt.sent {
				t.Errorf("sent: %t", sent)
			} else if sent && f.requests()[1].body != `{"external_id":"c1"}` {
				t.Errorf("sent %s", f.requests()[1].body)
			}
		})
	}
}

func TestCreateCheckout(t *testing.T) {
	f, p := newFake(t, always(201, fixture(t, "checkout", nil)))
	got, err := p.CreateCheckout(context.Background(), billing.CheckoutRequest{
		ProviderProductID: "product-1", CustomerID: "c1", Email: "sam@example.com",
		SuccessURL: "https://portal.example/checkout/success?checkout_id={CHECKOUT_ID}", Metadata: map[string]any{"plan": "pro"}})
	if err != nil || got.Status != billing.CheckoutOpen || got.URL == "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	want := map[string]any{
		"products": []any{"product-1"}, "external_customer_id": "c1", "customer_email": "sam@example.com", "metadata": map[string]any{"plan": "pro"},
		"success_url":          "https://portal.example/checkout/success?checkout_id={CHECKOUT_ID}",
		"allow_discount_codes": true, "require_billing_address": false, "allow_trial": true, "is_business_customer": false,
	}
	if sent := body(t, f.requests()[0]); !reflect.DeepEqual(sent, want) {
		t.Errorf("sent %v", sent)
	}
}

// TestSubscriptionUpdateBodies: Polar's update is a strict union, one key too many is
// refused.
func TestSubscriptionUpdateBodies(t *testing.T) {
	ctx := context.Background()
	tests := []struct {
		name string
		call func(*Provider) (billing.Subscription, error)
		want map[string]any
	}{
		{"cancel", func(p *Provider) (billing.Subscription, error) {
			return p.CancelSubscription(ctx, "s1", billing.Cancellation{Reason: "unused", Comment: "bye"})
		}, map[string]any{"cancel_at_period_end": true, "customer_cancellation_reason": "unused", "customer_cancellation_comment": "bye"}},
		{"cancel without a word", func(p *Provider) (billing.Subscription, error) {
			return p.CancelSubscription(ctx, "s1", billing.Cancellation{})
		}, map[string]any{"cancel_at_period_end": true}},
		{"resume", func(p *Provider) (billing.Subscription, error) { return p.ResumeSubscription(ctx, "s1") },
			map[string]any{"cancel_at_period_end": false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, p := newFake(t, always(200, fixture(t, "subscription", nil)))
			if got, err := tt.call(p); err != nil || got.ProviderID != "subscription-1" {
				t.Fatalf("got %+v, %v", got, err)
			}
			r := f.requests()[0]
			if r.method != "PATCH" || r.path != "/v1/subscriptions/s1" || !reflect.DeepEqual(body(t, r), tt.want) {
				t.Errorf("sent %s %s %s", r.method, r.path, r.body)
			}
		})
	}
	_, p := newFake(t, always(200, `{}`))
	if _, err := p.CancelSubscription(ctx, "s1", billing.Cancellation{Reason: "bored"}); kindsOf(err) != "invalid" {
		t.Errorf("a reason that Polar does not know: %v", err)
	}
	_, p = newFake(t, always(200, fixture(t, "subscription", map[string]any{"status": "levitating"})))
	if _, err := p.ResumeSubscription(ctx, "s1"); kindsOf(err) != "provider, unknown" {
		t.Errorf("an answer nobody understands: %v", err)
	}
}

func TestPortalURL(t *testing.T) {
	f, p := newFake(t, always(201, `{"id":"s","token":"polar_cst_x","customer_portal_url":"https://polar.example/lumen/portal?customer_session_token=x"}`))
	got, err := p.PortalURL(context.Background(), "customer-1", "https://portal.example/portal")
	if err != nil || got != "https://polar.example/lumen/portal?customer_session_token=x" {
		t.Fatalf("got %q, %v", got, err)
	}
	want := map[string]any{"customer_id": "customer-1", "return_url": "https://portal.example/portal"}
	if sent := body(t, f.requests()[0]); !reflect.DeepEqual(sent, want) {
		t.Errorf("sent %v", sent)
	}
	_, p = newFake(t, always(201, `{}`))
	if _, err := p.PortalURL(context.Background(), "customer-1", ""); kindsOf(err) != "provider" {
		t.Errorf("no page: %v", err)
	}
}
