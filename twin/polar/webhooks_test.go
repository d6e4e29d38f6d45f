package polar_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"counterfoil/twin"
	"counterfoil/twin/server"
)

// buy pays for a product with the good card.
func (w *world) buy(slug, email string) twin.Confirmed {
	w.t.Helper()
	c := ok(w.Engine.CreateCheckout(w.t.Context(), twin.CheckoutInput{ProductIDs: []string{w.product(slug).ID}}))(w.t)
	return ok(w.Engine.ConfirmCheckout(w.t.Context(), c.ID, twin.CheckoutEdit{CustomerEmail: &email}, twin.CardSucceeds))(w.t)
}

// kinds are the types of the calls, in order of arrival.
func kinds(t testing.TB, arrivals []arrival) []string {
	var out []string
	for _, a := range arrivals {
		out = append(out, a.kind(t))
	}
	return out
}

// TestPurchaseArrives: the sequence of a new subscription, as a merchant hears it.
func TestPurchaseArrives(t *testing.T) {
	shop := newReceiver(t, nil)
	w := newWorld(t, shop.URL+"/hooks")
	done := w.buy("pro", "noor@example.com")
	want := []string{
		"checkout.created", "customer.created", "customer.state_changed", "member.created", "checkout.updated",
		"subscription.created", "subscription.active", "subscription.updated", "order.created", "order.updated", "order.paid",
		"checkout.updated", "benefit_grant.created", "benefit_grant.created", "benefit_grant.created", "benefit_grant.created",
		"customer.state_changed",
	}
	got := shop.await(t, func(a []arrival) bool { return len(a) >= len(want) })
	if kinds := kinds(t, got); !slices.Equal(kinds, want) {
		t.Errorf("heard\n%v, want\n%v", kinds, want)
	}
	if !w.Engine.WaitDelivered(t.Context(), "checkout.updated", done.Checkout.ID, time.Minute) {
		t.Error("checkout.updated was not delivered")
	}
	statuses := []any{}
	for _, a := range got {
		data := decoded(t, a.body)["data"].(map[string]any)
		if strings.HasPrefix(a.kind(t), "checkout.") {
			statuses = append(statuses, data["status"])
		}
	}
	if fmt.Sprint(statuses) != "[open confirmed succeeded]" {
		t.Errorf("checkout bodies show %v: each must be of its moment", statuses)
	}
	last := decoded(t, got[len(got)-1].body)["data"].(map[string]any)
	if n := len(last["granted_benefits"].([]any)); n != 4 {
		t.Errorf("the last state has %d benefits, want 4", n)
	}
}

// TestSignatures checks both schemes by our own computation and by the library of Standard Webhooks.
func TestSignatures(t *testing.T) {
	shop := newReceiver(t, nil)
	w := newWorld(t, "")
	standard := true
	modern := ok(w.Engine.CreateEndpoint(t.Context(), twin.EndpointInput{URL: polargo.String(shop.URL + "/standard"), Events: []string{"customer.created"}, Standard: &standard}))(t)
	address := shop.URL + "/legacy"
	must(t, w.Engine.EnsureEndpoint(t.Context(), address, server.WebhookSecret))
	email := "kim@example.com"
	ok(w.Engine.CreateCustomer(t.Context(), twin.CustomerInput{Email: &email}))(t)
	got := shop.await(t, func(a []arrival) bool {
		return len(a) >= 4 // three types at the legacy endpoint, one at the other
	})
	decodedKey := ok(base64.StdEncoding.DecodeString(strings.TrimPrefix(modern.Secret, "whsec_")))(t)
	library := map[bool]*standardwebhooks.Webhook{
		false: ok(standardwebhooks.NewWebhookRaw([]byte(server.WebhookSecret)))(t),
		true:  ok(standardwebhooks.NewWebhook(modern.Secret))(t),
	}
	seen := map[bool]int{}
	for _, a := range got {
		isModern := library[true].Verify(a.body, a.header) == nil
		seen[isModern]++
		key := []byte(server.WebhookSecret)
		if isModern {
			key = decodedKey
		}
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", a.header.Get("webhook-id"), a.header.Get("webhook-timestamp"), a.body)
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); a.header.Get("webhook-signature") != want {
			t.Errorf("%s signed %s, want %s", a.kind(t), a.header.Get("webhook-signature"), want)
		}
		if err := library[isModern].Verify(a.body, a.header); err != nil {
			t.Errorf("library: %v", err)
		}
		at := ok(strconv.ParseInt(a.header.Get("webhook-timestamp"), 10, 64))(t)
		if age := time.Since(time.Unix(at, 0)); age < -time.Second || age > time.Minute {
			t.Errorf("timestamp is %v old", age)
		}
		if a.header.Get("user-agent") != "polar.sh webhooks" || a.header.Get("content-type") != "application/json" {
			t.Errorf("headers %v", a.header)
		}
	}
	if seen[true] != 1 || seen[false] != 3 {
		t.Errorf("calls by scheme: %v", seen)
	}
}

// TestRetries: an event is tried ten times under one id, redirects count as failures, and its deliveries are
// kept; then it can be sent again by hand.
func TestRetries(t *testing.T) {
	tests := []struct {
		name     string
		reply    func(n int, w http.ResponseWriter)
		attempts int
		success  bool
	}{
		{"the third attempt succeeds", func(n int, w http.ResponseWriter) {
			w.WriteHeader(map[bool]int{true: 500, false: 200}[n < 3])
		}, 3, true},
		{"redirects all the way", func(_ int, w http.ResponseWriter) {
			w.Header().Set("Location", "http://127.0.0.1:9/")
			w.WriteHeader(http.StatusFound)
		}, 10, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			shop := newReceiver(t, test.reply)
			w := newWorld(t, "")
			ok(w.Engine.CreateEndpoint(t.Context(), twin.EndpointInput{URL: &shop.URL, Events: []string{"customer.created"}}))(t)
			email := "kim@example.com"
			c := ok(w.Engine.CreateCustomer(t.Context(), twin.CustomerInput{Email: &email}))(t)
			got := shop.await(t, func(a []arrival) bool { return len(a) >= test.attempts })
			if !w.Engine.WaitDelivered(t.Context(), "customer.created", c.ID, time.Minute) {
				t.Fatal("not done")
			}
			id := got[0].header.Get("webhook-id")
			for _, a := range got {
				if a.header.Get("webhook-id") != id {
					t.Errorf("attempt under another id")
				}
			}
			list := ok(w.api.Webhooks.ListWebhookDeliveries(t.Context(), operations.WebhooksListWebhookDeliveriesRequest{Limit: polargo.Int64(100)}))(t).ListResourceWebhookDelivery
			if len(list.Items) != test.attempts || list.Items[0].Succeeded != test.success || list.Items[0].WebhookEvent.ID != id {
				t.Errorf("%d deliveries kept, newest %+v", len(list.Items), list.Items[0])
			}
			ok(w.api.Webhooks.RedeliverWebhookEvent(t.Context(), id))(t)
			shop.await(t, func(a []arrival) bool { return len(a) > test.attempts })
		})
	}
}

// TestEndpointIsSwitchedOff after ten events in a row that failed for good.
func TestEndpointIsSwitchedOff(t *testing.T) {
	shop := newReceiver(t, func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) })
	w := newWorld(t, "")
	made := ok(w.api.Webhooks.CreateWebhookEndpoint(t.Context(), components.WebhookEndpointCreate{
		URL: shop.URL, Format: components.WebhookFormatRaw, Events: []components.WebhookEventType{components.WebhookEventTypeCustomerCreated},
	}))(t).WebhookEndpoint
	for i := range 11 {
		email := fmt.Sprintf("kim%d@example.com", i)
		ok(w.Engine.CreateCustomer(t.Context(), twin.CustomerInput{Email: &email}))(t)
	}
	limit := time.Now().Add(5 * time.Minute)
	for {
		changed := w.Engine.Changed()
		if got := ok(w.api.Webhooks.GetWebhookEndpoint(t.Context(), made.ID))(t).WebhookEndpoint; !got.Enabled {
			break
		}
		if time.Now().After(limit) {
			t.Fatal("still enabled")
		}
		<-changed
	}
	if got := w.Engine.Summary().Waiting; got != 0 {
		t.Errorf("%d events still wait for an endpoint that is off", got)
	}
	ok(w.api.Webhooks.UpdateWebhookEndpoint(t.Context(), made.ID, components.WebhookEndpointUpdate{Enabled: polargo.Bool(true)}))(t)
	reset := ok(w.api.Webhooks.ResetWebhookEndpointSecret(t.Context(), made.ID))(t).WebhookEndpoint
	if !reset.Enabled || reset.Secret == made.Secret {
		t.Errorf("after the reset: %+v", reset)
	}
	if got := ok(w.api.Webhooks.ListWebhookEndpoints(t.Context(), nil, nil, nil))(t).ListResourceWebhookEndpoint; len(got.Items) != 1 {
		t.Errorf("endpoints %+v", got)
	}
	ok(w.api.Webhooks.DeleteWebhookEndpoint(t.Context(), made.ID))(t)
}

// TestBodiesByPolarGo decodes every body of a busy day into the type that polar-go has for it.
func TestBodiesByPolarGo(t *testing.T) {
	shop := newReceiver(t, nil)
	w := newWorld(t, shop.URL)
	ctx := t.Context()
	done := w.buy("pro", "noor@example.com")
	ok(w.Engine.CancelSubscription(ctx, done.Checkout.SubscriptionID, twin.Cancellation{}))(t)
	ok(w.Engine.UncancelSubscription(ctx, done.Checkout.SubscriptionID))(t)
	must(t, w.Engine.Advance(ctx, 32*24*time.Hour))
	ok(w.Engine.CreateRefund(ctx, twin.RefundInput{OrderID: done.Checkout.OrderID, Amount: 100, Reason: "other"}))(t)
	ok(w.Engine.UpdateProduct(ctx, w.product("free").ID, twin.ProductInput{Description: polargo.String("Free")}))(t)
	ok(w.Engine.UpdateCustomer(ctx, done.Checkout.CustomerID, twin.CustomerInput{ExternalID: polargo.String("user-1")}))(t)
	must(t, w.Engine.SetCard(ctx, done.Checkout.CustomerID, twin.CardFailsLate))
	must(t, w.Engine.Advance(ctx, 30*24*time.Hour))
	must(t, w.Engine.DeleteCustomer(ctx, done.Checkout.CustomerID, false))
	ok(w.Engine.CreateCheckout(ctx, twin.CheckoutInput{ProductIDs: []string{w.product("free").ID}}))(t)
	w.teamDay(w.team(twin.Month, "boss@example.com", 2, w.feature()))
	must(t, w.Engine.Advance(ctx, 25*time.Hour))
	got := shop.await(t, func(a []arrival) bool {
		return len(a) > 0 && a[len(a)-1].kind(t) == "checkout.expired"
	})
	for _, a := range got {
		kind := a.kind(t)
		into, known := payloads[kind]
		if !known {
			t.Errorf("no type for %s", kind)
			continue
		}
		if err := into(a.body); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if data := decoded(t, a.body)["data"].(map[string]any); strings.HasPrefix(kind, "benefit_grant.") {
			for key, value := range data["properties"].(map[string]any) {
				if value == nil { // a key of a grant's properties may be missing, but not null
					t.Errorf("%s: %s is null", kind, key)
				}
			}
		}
	}
}
