package polar_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/twin"
	"counterfoil/twin/server"
)

// control calls the twin's own API.
func (w *world) control(method, path, body string, want int) {
	w.t.Helper()
	if status, _, answer := w.call(method, path, "", body); status != want {
		w.t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, status, answer, want)
	}
}

func TestFaultsByRoute(t *testing.T) {
	w := newWorld(t, "")
	token := server.OrganizationToken
	w.control("POST", "/_twin/faults", `{"kind":"status","status":500,"method":"POST","path":"/v1/customers","count":1}`, 200)
	if status, _, _ := w.call("GET", "/v1/customers/", token, ""); status != 200 {
		t.Errorf("another method: %d", status)
	}
	if status, _, _ := w.call("POST", "/v1/customers/", token, `{"email":"kim@example.com"}`); status != 500 {
		t.Errorf("the method: %d", status)
	}
	w.control("POST", "/_twin/faults", `{"kind":"html","count":1}`, 200)
	if status, header, body := w.call("GET", "/v1/products/", token, ""); status != 502 || header.Get("Content-Type") != "text/html" || !strings.Contains(body, "<h1>") {
		t.Errorf("a proxy's page: %d %s", status, body)
	}
	w.control("POST", "/_twin/faults", `{"kind":"truncated","count":1}`, 200)
	if _, _, body := w.call("GET", "/v1/products/", token, ""); json.Valid([]byte(body)) || !strings.HasPrefix(body, `{"items"`) {
		t.Errorf("half an answer: %.80s", body)
	}
	w.control("POST", "/_twin/faults", `{"kind":"enum","count":1}`, 200)
	if _, err := w.api.Subscriptions.List(t.Context(), operations.SubscriptionsListRequest{}); err == nil {
		t.Error("polar-go read a status that nobody knows")
	}
	w.control("POST", "/_twin/faults", `{"kind":"enum","key":"billing_reason","value":"subscription_meter_cycle","count":1}`, 200)
	if _, _, body := w.call("GET", "/v1/orders/", token, ""); strings.Count(body, `"billing_reason":"subscription_meter_cycle"`) != 10 {
		t.Errorf("changed values: %.300s", body)
	}
	w.control("POST", "/_twin/faults", `{"kind":"latency","delay_ms":30,"count":1}`, 200)
	began := time.Now()
	w.get("/v1/products/")
	if took := time.Since(began); took < 30*time.Millisecond {
		t.Errorf("late by %v", took)
	}
	if _, _, body := w.call("GET", "/_twin/faults", "", ""); strings.TrimSpace(body) != "[]" {
		t.Errorf("used up, and still %s", body)
	}
	for _, bad := range []string{`{"kind":"latency","delay_ms":-1}`, `{"kind":"latency","delay_ms":99999999}`, `{"kind":"cut","count":-1}`, `{"type":"cut"}`} {
		w.control("POST", "/_twin/faults", bad, 422)
	}
}

func TestRateLimits(t *testing.T) {
	w := newWorld(t, "")
	token := server.OrganizationToken
	w.control("PUT", "/_twin/limits", `{"per_minute":3}`, 204)
	last := 0
	for i := range 4 {
		status, header, _ := w.call("GET", "/v1/products/", token, "")
		if last = status; i == 3 && header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	if last != 429 {
		t.Errorf("the fourth call: %d", last)
	}
	sam := ok(w.Engine.CreateSession(t.Context(), w.customer("sam@example.com").ID, "", ""))(t)
	if status, _, _ := w.call("GET", "/v1/customer-portal/customers/me", sam.Token, ""); status == 429 {
		t.Error("a customer is limited by itself")
	}
	w.control("POST", "/_twin/clock", `{"by":"1m"}`, 200)
	w.get("/v1/products/")
	c := ok(w.Engine.CreateCheckout(t.Context(), twin.CheckoutInput{ProductIDs: []string{w.product("pro").ID}}))(t)
	for i := range 7 {
		status, _, _ := w.call("POST", "/v1/checkouts/client/"+c.ClientSecret+"/confirm", "", `{}`)
		if want := map[bool]int{true: 429, false: 422}[i == 6]; status != want {
			t.Errorf("confirmation %d: %d", i+1, status)
		}
	}
	w.control("PUT", "/_twin/limits", `{"per_minute":-1}`, 422)
	w.control("PUT", "/_twin/limits", `{"per_minute":0}`, 204)
	for range 20 {
		w.get("/v1/products/")
	}
}

// TestWebhookFaults: what is said twice, late, out of order or never.
func TestWebhookFaults(t *testing.T) {
	tests := []struct {
		name  string
		fault string
		want  string
	}{
		{"duplicate", `{"kind":"webhook_duplicate","event":"customer.created","count":1}`,
			"customer.created customer.created customer.state_changed member.created"},
		{"delay", `{"kind":"webhook_delay","delay_ms":600000,"event":"customer.created","count":1}`,
			"customer.state_changed member.created customer.created"},
		{"reorder", `{"kind":"webhook_reorder"}`, "member.created customer.state_changed customer.created"},
		{"drop", `{"kind":"webhook_drop","event":"customer.state_changed","count":1}`, "customer.created member.created"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			shop := newReceiver(t, nil)
			w := newWorld(t, shop.URL)
			w.control("POST", "/_twin/faults", test.fault, 200)
			w.createCustomer("kim@example.com")
			want := strings.Fields(test.want)
			if test.name == "delay" { // its time comes once the others are there
				shop.await(t, func(a []arrival) bool { return len(a) >= len(want)-1 })
				must(t, w.Engine.Advance(t.Context(), 10*time.Minute))
			}
			got := shop.await(t, func(a []arrival) bool { return len(a) >= len(want) })
			if kinds := kinds(t, got); !slices.Equal(kinds, want) {
				t.Errorf("heard %v", kinds)
			}
			if test.name == "duplicate" && got[0].header.Get("webhook-id") != got[1].header.Get("webhook-id") {
				t.Error("a duplicate under another id")
			}
		})
	}
}

// TestDroppedIsSentAgain: what never arrived is there to be sent by hand.
func TestDroppedIsSentAgain(t *testing.T) {
	shop := newReceiver(t, nil)
	w := newWorld(t, shop.URL)
	w.control("POST", "/_twin/faults", `{"kind":"webhook_drop"}`, 200)
	w.createCustomer("kim@example.com")
	w.until(func() bool { return w.Engine.Summary().Waiting == 0 })
	w.control("DELETE", "/_twin/faults", "", 204)
	var dropped string
	must(t, w.Engine.Read(func(v *twin.View) error {
		dropped = v.WebhookEvents()[0].ID
		return nil
	}))
	w.json("POST", "/_twin/webhooks/"+dropped+"/resend", http.StatusAccepted)
	if got := shop.await(t, func(a []arrival) bool { return len(a) == 1 }); got[0].header.Get("webhook-id") != dropped {
		t.Errorf("heard %v", got[0].header)
	}
}

// TestDeclineByHTTP: the next renewal of a customer fails once.
func TestDeclineByHTTP(t *testing.T) {
	w := newWorld(t, "")
	sam := w.customer("sam@example.com").ID
	w.json("POST", "/_twin/customers/"+sam+"/decline", http.StatusNoContent)
	sub := w.Engine.SubscriptionsOf(sam)[0]
	must(t, w.Engine.AdvanceTo(t.Context(), sub.PeriodEnd.Add(time.Hour)))
	if got := w.Engine.SubscriptionsOf(sam)[0].Status; got != twin.PastDue {
		t.Errorf("after the renewal: %s", got)
	}
	must(t, w.Engine.Advance(t.Context(), 48*time.Hour))
	if got := w.Engine.SubscriptionsOf(sam)[0].Status; got != twin.Active {
		t.Errorf("after the retry: %s", got)
	}
	w.control("PUT", "/_twin/customers/"+sam+"/card", `{"card":"`+twin.CardFailsLate+`"}`, 204)
	w.json("POST", "/_twin/customers/nobody/decline", http.StatusUnprocessableEntity)
}

// createCustomer makes a customer.
func (w *world) createCustomer(email string) {
	w.t.Helper()
	ok(w.Engine.CreateCustomer(w.t.Context(), twin.CustomerInput{Email: &email}))(w.t)
}

// json sends an empty JSON request to the twin's own API.
func (w *world) json(method, path string, want int) {
	w.t.Helper()
	w.control(method, path, "{}", want)
}

// until waits for a state of the engine.
func (w *world) until(done func() bool) {
	w.t.Helper()
	ctx, stop := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer stop()
	for {
		changed := w.Engine.Changed()
		if done() {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			w.t.Fatal(fmt.Errorf("waited: %w", ctx.Err()))
		}
	}
}
