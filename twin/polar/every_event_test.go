package polar_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/twin"
	"counterfoil/twin/server"
)

// patch changes an object through the API and returns the answer.
func (w *world) patch(path, body string, want int) map[string]any {
	w.t.Helper()
	status, _, answer := w.call("PATCH", path, server.OrganizationToken, body)
	if status != want {
		w.t.Fatalf("PATCH %s %s: %d %s, want %d", path, body, status, answer, want)
	}
	return decoded(w.t, []byte(answer))
}

// TestPauseByHTTP: what clients of early 2026 have no method for.
func TestPauseByHTTP(t *testing.T) {
	w := newWorld(t, "")
	sub := w.Engine.SubscriptionsOf(w.customer("sam@example.com").ID)[0]
	path, resumes := "/v1/subscriptions/"+sub.ID, sub.PeriodEnd.Add(72*time.Hour).Format(time.RFC3339)
	got := w.patch(path, `{"pause_at_period_end":true,"resumes_at":"`+resumes+`"}`, 200)
	if got["pause_at_period_end"] != true || got["resumes_at"] == nil || got["status"] != "active" {
		t.Errorf("scheduled: %v", got)
	}
	w.patch(path, `{"pause_at_period_end":true}`, 409)
	if got = w.patch(path, `{"pause_at_period_end":false}`, 200); got["resumes_at"] != nil {
		t.Errorf("taken back: %v", got)
	}
	w.patch(path, `{"pause_at_period_end":false}`, 409)
	w.patch(path, `{"resume":true}`, 409)
	w.patch(path, `{"resume":false}`, 422)
	w.patch(path, `{"pause_at_period_end":true,"seats":3}`, 422)
	w.patch(path, `{"pause_at_period_end":true}`, 200)
	must(t, w.Engine.AdvanceTo(t.Context(), sub.PeriodEnd))
	if got = w.get(path); got["status"] != "paused" || got["paused_at"] == nil {
		t.Errorf("paused: %v", got)
	}
	if got = w.patch(path, `{"resume":true}`, 200); got["status"] != "active" || got["paused_at"] != nil {
		t.Errorf("resumed: %v", got)
	}
}

// TestPendingUpdateByHTTP: a change that waits for the end of the period, and is forgotten again.
func TestPendingUpdateByHTTP(t *testing.T) {
	w := newWorld(t, "")
	sub := w.Engine.SubscriptionsOf(w.customer("sam@example.com").ID)[0]
	path, yearly := "/v1/subscriptions/"+sub.ID, w.product("pro-yearly").ID
	got := w.patch(path, `{"product_id":"`+yearly+`","proration_behavior":"next_period"}`, 200)
	update, _ := got["pending_update"].(map[string]any)
	for _, key := range []string{"id", "created_at", "applies_at", "product_id"} {
		if update[key] == nil {
			t.Errorf("pending update lacks %s: %v", key, update)
		}
	}
	if update["applies_at"] != got["current_period_end"] || got["product_id"] == yearly {
		t.Errorf("waiting: %v", got)
	}
	if got = w.patch(path, `{"pending_update":null}`, 200); got["pending_update"] != nil {
		t.Errorf("forgotten: %v", got)
	}
	w.patch(path, `{"pending_update":{}}`, 422)
	if got = w.patch(path, `{"product_id":"`+yearly+`","proration_behavior":"reset"}`, 200); got["product_id"] != yearly {
		t.Errorf("at once: %v", got)
	}
}

// TestPendingRefundByPolarGo: a refund that the card network has to confirm first.
func TestPendingRefundByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	c := ok(w.Engine.CreateCheckout(ctx, twin.CheckoutInput{ProductIDs: []string{w.product("credits-1000").ID}}))(t)
	done := ok(w.Engine.ConfirmCheckout(ctx, c.ID, twin.CheckoutEdit{CustomerEmail: polargo.String("kim@example.com")}, twin.CardRefundsLate))(t)
	ask := components.RefundCreate{OrderID: done.Checkout.OrderID, Amount: 200, Reason: components.RefundReasonOther}
	if made := ok(w.api.Refunds.Create(ctx, ask))(t).Refund; made.Status != components.RefundStatusPending {
		t.Errorf("made %+v", made)
	}
	must(t, w.Engine.Advance(ctx, time.Hour))
	list := ok(w.api.Refunds.List(ctx, operations.RefundsListRequest{Succeeded: polargo.Bool(true), Limit: polargo.Int64(1)}))(t).ListResourceRefund
	if len(list.Items) != 1 || list.Items[0].OrderID != done.Checkout.OrderID {
		t.Errorf("confirmed %+v", list.Items)
	}
}

// TestEveryEventType: an endpoint that asks for all types of event hears each of them, and polar-go reads those
// that it knows.
func TestEveryEventType(t *testing.T) {
	shop := newReceiver(t, nil)
	w := newWorld(t, "")
	ctx := t.Context()
	ok(w.Engine.CreateEndpoint(ctx, twin.EndpointInput{URL: &shop.URL, Events: twin.EventTypes}))(t)
	w.catalogueDay()
	w.subscriptionYear()
	w.teamDay(w.team(twin.Month, "boss@example.com", 2, w.feature()))
	ok(w.Engine.CreateCheckout(ctx, twin.CheckoutInput{ProductIDs: []string{w.product("free").ID}}))(t)
	must(t, w.Engine.Advance(ctx, 25*time.Hour))

	got := shop.await(t, func(a []arrival) bool { return len(a) > 0 && a[len(a)-1].kind(t) == "checkout.expired" })
	heard := map[string]bool{}
	for _, a := range got {
		body := decoded(t, a.body)
		kind := a.kind(t)
		heard[kind] = true
		if data, isObject := body["data"].(map[string]any); !isObject || data["id"] == nil || body["timestamp"] == nil {
			t.Errorf("%s: %.200s", kind, a.body)
		}
		into, known := payloads[kind]
		paused := strings.Contains(string(a.body), `"status":"paused"`) // a status that polar-go does not know
		if known && !paused {
			if err := into(a.body); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	for _, kind := range twin.EventTypes {
		if !heard[kind] {
			t.Errorf("%s was not heard", kind)
		}
	}
	if n := len(twin.EventTypes); n != 41 || !slices.Contains(twin.EventTypes, "subscription.resumed") {
		t.Errorf("%d types", n)
	}
}

// catalogueDay is a merchant at work.
func (w *world) catalogueDay() {
	w.t.Helper()
	ctx, name := w.t.Context(), "Something new"
	ok(w.Engine.CreateProduct(ctx, twin.ProductInput{Name: &name, Prices: []twin.Price{{Kind: twin.Fixed, Amount: 100}}}))(w.t)
	ok(w.Engine.UpdateProduct(ctx, w.product("free").ID, twin.ProductInput{Description: &name}))(w.t)
	d := ok(w.Engine.CreateDiscount(ctx, twin.DiscountInput{Discount: twin.Discount{Name: name, Kind: "percentage", BasisPoints: 500, Duration: "once"}}))(w.t)
	ok(w.Engine.UpdateDiscount(ctx, d.ID, func(d *twin.Discount) { d.Name = "Something old" }))(w.t)
	ok(w.Engine.UpdateDiscount(ctx, d.ID, func(d *twin.Discount) { d.Deleted = true }))(w.t)
	ok(w.Engine.CreateBenefit(ctx, twin.Benefit{Type: twin.BenefitCustom, Description: name}))(w.t)
	ok(w.Engine.UpdateBenefit(ctx, w.product("pro").BenefitIDs[0], func(b *twin.Benefit) { b.Metadata = twin.Metadata{"seen": true} }))(w.t)
	ok(w.Engine.UpdateOrganization(ctx, func(o *twin.Organization) { o.Website = "https://lumen.example/new" }))(w.t)
}

// subscriptionYear is a customer who does all that one can with a subscription.
func (w *world) subscriptionYear() {
	w.t.Helper()
	ctx := w.t.Context()
	c := ok(w.Engine.CreateCheckout(ctx, twin.CheckoutInput{ProductIDs: []string{w.product("pro").ID}}))(w.t)
	done := ok(w.Engine.ConfirmCheckout(ctx, c.ID, twin.CheckoutEdit{CustomerEmail: polargo.String("noor@example.com")}, twin.CardRefundsLate))(w.t)
	id, customer := done.Checkout.SubscriptionID, done.Checkout.CustomerID
	ok(w.Engine.CancelSubscription(ctx, id, twin.Cancellation{}))(w.t)
	ok(w.Engine.UncancelSubscription(ctx, id))(w.t)
	ok(w.Engine.CreateRefund(ctx, twin.RefundInput{OrderID: done.Checkout.OrderID, Amount: 100, Reason: "other"}))(w.t)
	must(w.t, w.Engine.Advance(ctx, 32*24*time.Hour)) // renewed, and the refund confirmed
	ok(w.Engine.PauseSubscription(ctx, id, time.Time{}))(w.t)
	must(w.t, w.Engine.Advance(ctx, 32*24*time.Hour))
	ok(w.Engine.ResumeSubscription(ctx, id))(w.t)
	ok(w.Engine.UpdateCustomer(ctx, customer, twin.CustomerInput{ExternalID: polargo.String("user-1")}))(w.t)
	must(w.t, w.Engine.SetCard(ctx, customer, twin.CardFailsLate))
	must(w.t, w.Engine.Advance(ctx, 60*24*time.Hour)) // past due, and given up
	must(w.t, w.Engine.DeleteCustomer(ctx, customer, false))
}
