package polar

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"counterfoil/billing"
)

func refundRequest() billing.RefundRequest {
	return billing.RefundRequest{Key: "r1", ProviderOrderID: "order-1", Amount: 500, Reason: "customer_request", Comment: "asked on the phone"}
}

// TestCreateRefund: the key travels along, and amounts are without tax.
func TestCreateRefund(t *testing.T) {
	f, p := newFake(t, always(201, fixture(t, "refund", nil)))
	got, err := p.CreateRefund(context.Background(), refundRequest())
	if err != nil || got.ProviderID != "refund-1" || got.Metadata[billing.RefundKey] != "r1" || got.Amount != 500 || got.Tax != 50 {
		t.Fatalf("got %+v, %v", got, err)
	}
	want := map[string]any{"order_id": "order-1", "reason": "customer_request", "amount": float64(500), "comment": "asked on the phone",
		"revoke_benefits": false, "metadata": map[string]any{"counterfoil_refund": "r1"}}
	if r := f.requests()[0]; r.method != http.MethodPost || r.path != "/v1/refunds/" || !reflect.DeepEqual(body(t, r), want) {
		t.Errorf("sent %s %s %s", r.method, r.path, r.body)
	}
}

// TestCreateRefundChecksFirst: what could do harm or get lost is never sent.
func TestCreateRefundChecksFirst(t *testing.T) {
	f, p := newFake(t, always(201, fixture(t, "refund", nil)))
	for name, change := range map[string]func(*billing.RefundRequest){
		"no key":       func(r *billing.RefundRequest) { r.Key = "" },
		"endless key":  func(r *billing.RefundRequest) { r.Key = strings.Repeat("k", 101) },
		"nothing":      func(r *billing.RefundRequest) { r.Amount = 0 },
		"a charge":     func(r *billing.RefundRequest) { r.Amount = -1 },
		"no reason":    func(r *billing.RefundRequest) { r.Reason = "" },
		"own reason":   func(r *billing.RefundRequest) { r.Reason = "bored" },
		"no order":     func(r *billing.RefundRequest) { r.ProviderOrderID = "" },
		"another path": func(r *billing.RefundRequest) { r.ProviderOrderID = "../x" },
	} {
		r := refundRequest()
		change(&r)
		if _, err := p.CreateRefund(context.Background(), r); kindsOf(err) != "invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(f.requests()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestRefundRefusals: each has a kind that callers branch on, and a sentence.
func TestRefundRefusals(t *testing.T) {
	tests := []struct {
		status               int
		body, kind, sentence string
	}{
		{403, `{"error":"RefundedAlready","detail":"Order is already fully refunded."}`, "conflict", "the order is refunded in full already"},
		{409, `{"error":"RefundPendingCreation","detail":"no"}`, "conflict", "another refund of the order is being made"},
		{403, `{"error":"RefundDisputedPayment","detail":"no"}`, "conflict", "the payment is disputed"},
		{403, `{"error":"RefundsBlocked","detail":"no"}`, "denied", "blocked at Polar"},
		{400, `{"error":"RevokeSubscriptionBenefitsProhibited","detail":"no"}`, "invalid", "revoked by ending it"},
		{422, `{"error":"PolarRequestValidationError","detail":[{"loc":["body","amount"],"msg":"Refund amount exceeds refundable amount","type":"value_error"}]}`,
			"invalid", "more than what is left of the order"},
		{422, `{"error":"PolarRequestValidationError","detail":[{"loc":["body","order_id"],"msg":"Order not found","type":"value_error"}]}`,
			"not found", "Polar does not know the order"},
		{422, `{"error":"RequestValidationError","detail":[{"loc":["body","reason"],"msg":"Input should be one of a list","type":"enum"}]}`, "invalid", "body.reason"},
		{403, `{"error":"insufficient_scope","error_description":"refunds:write"}`, "provider", "insufficient_scope"},
		{401, `{"error":"invalid_token","error_description":"expired"}`, "provider", "POLAR_ACCESS_TOKEN"},
		{429, ``, "provider", "429"},
		{500, `{"error":"Internal","detail":"no"}`, "provider, unknown", "500"},
		{201, `{"id":"refund-1"`, "provider, unknown", "read the answer"},
		{201, fixture(t, "refund", map[string]any{"status": "levitating"}), "provider, unknown", "unknown status"},
	}
	for _, tt := range tests {
		f, p := newFake(t, always(tt.status, tt.body))
		_, err := p.CreateRefund(context.Background(), refundRequest())
		if kindsOf(err) != tt.kind || !strings.Contains(err.Error(), tt.sentence) {
			t.Errorf("%d %.60s: %v (%s)", tt.status, tt.body, err, kindsOf(err))
		}
		if n := len(f.requests()); n != 1 {
			t.Errorf("%d %.60s: sent %d times", tt.status, tt.body, n)
		}
	}
}

// TestRefundsAreLookedUpStrictly: what a lost answer is looked up in hides nothing, and
// shows nobody else's.
func TestRefundsAreLookedUpStrictly(t *testing.T) {
	ours, theirs := fixture(t, "refund", nil), fixture(t, "refund", map[string]any{"id": "refund-2", "order_id": "order-2"})
	f, p := newFake(t, always(200, list(1, ours, theirs, ours)))
	got, err := p.Refunds(context.Background(), "order-1")
	if err != nil || len(got) != 1 || got[0].ProviderID != "refund-1" {
		t.Errorf("got %+v, %v", got, err)
	}
	if q := f.requests()[0].query; !strings.Contains(q, "order_id=order-1") || !strings.Contains(q, "sorting=created_at") {
		t.Errorf("asked %s", q)
	}
	_, p = newFake(t, always(200, list(1, ours, fixture(t, "refund", map[string]any{"status": "levitating"}))))
	if got, err := p.Refunds(context.Background(), "order-1"); kindsOf(err) != "provider" {
		t.Errorf("one that nobody understands: %+v, %v", got, err)
	}
	if _, err := p.Refunds(context.Background(), ""); kindsOf(err) != "invalid" {
		t.Errorf("the refunds of everybody: %v", err)
	}
}

// TestFetchRefund: Polar reads no refund alone; one that its list lacks is not taken for
// one that is gone.
func TestFetchRefund(t *testing.T) {
	ref := billing.Ref{Provider: "polar", Kind: billing.KindRefund, ProviderID: "refund-1"}
	f, p := newFake(t, always(200, list(1, fixture(t, "refund", map[string]any{"id": "refund-2"}), fixture(t, "refund", nil))))
	if got, err := p.Fetch(context.Background(), ref); err != nil || got.Ref() != ref {
		t.Errorf("got %+v, %v", got, err)
	}
	if q := f.requests()[0].query; !strings.Contains(q, "id=refund-1") {
		t.Errorf("asked %s", q)
	}
	_, p = newFake(t, always(200, list(0)))
	if _, err := p.Fetch(context.Background(), ref); kindsOf(err) != "provider" {
		t.Errorf("an empty list: %v", err)
	}
}
