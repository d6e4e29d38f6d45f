package twin

import (
	"fmt"
	"testing"
	"time"
)

// TestMetrics: a small business over three months, counted by hand.
func TestMetrics(t *testing.T) {
	w := newWorld(t)
	w.pass(time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC))
	month, year := w.product(Month, 1000, nil), w.product(Year, 12000, nil)
	pack := w.product("", 500, nil)
	ada := w.buy(month, "ada@example.com")
	w.buy(year, "bob@example.com")
	sold := w.buy(pack, "cy@example.com")
	ok(w.CreateCheckout(t.Context(), CheckoutInput{ProductIDs: []string{pack.ID}}))(t) // left open
	ok(w.CreateRefund(t.Context(), RefundInput{OrderID: sold.Checkout.OrderID, Reason: "other", Amount: 100}))(t)
	w.use(ada.Checkout.CustomerID, "1")
	_, _, err := w.Ingest(t.Context(), []EventInput{{Name: "call", CustomerID: ada.Checkout.CustomerID,
		Metadata: Metadata{"_cost": map[string]any{"amount": "12.5", "currency": "usd"}}}})
	must(t, err)
	w.pass(time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC))
	ok(w.CancelSubscription(t.Context(), ada.Checkout.SubscriptionID, Cancellation{Reason: "unused"}))(t)
	w.pass(time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC))

	q := MetricsQuery{From: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), To: w.Now(), Interval: Month, Zone: time.UTC}
	var periods []Metrics
	var totals Metrics
	must(t, w.Read(func(v *View) error {
		periods, totals = v.Metrics(q)
		return nil
	}))
	for name, want := range map[string]string{
		"orders": "3 1 0 | 4", "revenue": "13500 1000 0 | 14500", "cumulative_revenue": "13500 14500 14500 | 14500",
		"new_subscriptions": "2 0 0 | 2", "renewed_subscriptions": "0 1 0 | 1", "one_time_products_revenue": "500 0 0 | 500",
		"active_subscriptions": "2 2 1 | 1", "monthly_recurring_revenue": "2000 2000 1000 | 1000",
		"committed_subscriptions": "1 1 1 | 1", "churned_subscriptions": "0 0 1 | 1", "churn_rate": "0 0 0.5 | 0",
		"canceled_subscriptions_unused": "0 1 0 | 1", "checkouts": "4 0 0 | 4", "checkouts_conversion": "0.75 0 0 | 0.75",
		"average_order_value": "4500 1000 0 | 3625", "costs": "12.5 0 0 | 12.5", "gross_margin": "13487.5 14487.5 14487.5 | 14487.5",
		"active_user_by_event": "1 0 0 | 1", "ltv": "0 0 2000 | 0",
	} {
		got := ""
		for _, p := range periods {
			got += p.Values[name].String() + " "
		}
		if got += "| " + totals.Values[name].String(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	q.Products = []string{pack.ID}
	must(t, w.Read(func(v *View) error {
		if _, totals := v.Metrics(q); fmt.Sprint(totals.Values["orders"], totals.Values["active_subscriptions"]) != "1 0" {
			t.Errorf("of the pack: %v", totals.Values)
		}
		return nil
	}))
}
