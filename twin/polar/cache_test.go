package polar_test

import (
	"strings"
	"testing"

	polargo "github.com/polarsource/polar-go"

	"counterfoil/twin"
	"counterfoil/twin/server"
)

// TestKeptAnswersAreNew: an order and a subscription are shown as they are now, whatever was shown before and
// whichever of their parts changed.
func TestKeptAnswersAreNew(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	sam, pro := w.customer("sam@example.com").ID, w.product("pro").ID
	sub := w.Engine.SubscriptionsOf(sam)[0].ID
	order := w.Engine.OrdersOf(sam)[0].ID
	shown := func() string {
		t.Helper()
		var all strings.Builder
		for _, path := range []string{"/v1/orders/" + order, "/v1/subscriptions/" + sub, "/v1/orders/?limit=100", "/v1/subscriptions/"} {
			status, _, body := w.call("GET", path, server.OrganizationToken, "")
			if status != 200 {
				t.Fatalf("%s: %d", path, status)
			}
			all.WriteString(body)
		}
		return all.String()
	}
	if first := shown(); first != shown() {
		t.Error("the same question has two answers")
	}
	changes := map[string]func(){
		"A better name": func() {
			ok(w.Engine.UpdateProduct(ctx, pro, twin.ProductInput{Name: polargo.String("A better name")}))(t)
		},
		"Samuel Okafor": func() {
			ok(w.Engine.UpdateCustomer(ctx, sam, twin.CustomerInput{Name: polargo.String("Samuel Okafor")}))(t)
		},
		"too_expensive": func() {
			ok(w.Engine.CancelSubscription(ctx, sub, twin.Cancellation{Reason: "too_expensive"}))(t)
		},
		"Lane 3": func() {
			ok(w.Engine.UpdateOrder(ctx, order, polargo.String("Lane 3"), nil))(t)
		},
		"Kinder support": func() {
			for _, b := range w.Engine.Products()[1].BenefitIDs {
				if held := ok(w.Engine.Benefit(b))(t); held.Type == twin.BenefitCustom {
					ok(w.Engine.UpdateBenefit(ctx, b, func(b *twin.Benefit) { b.Description = "Kinder support" }))(t)
				}
			}
		},
	}
	for word, change := range changes {
		change()
		if !strings.Contains(shown(), word) {
			t.Errorf("%s is not shown", word)
		}
	}
}
