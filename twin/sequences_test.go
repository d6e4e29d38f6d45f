package twin

import (
	"testing"
	"time"
)

func TestOneTimePurchase(t *testing.T) {
	w := newWorld(t)
	p := w.product("", 1200, []string{w.credits(1000, true)})
	w.take()
	done := w.buy(p, "ada@example.com")
	w.expect("checkout.created open",
		"customer.created", "customer.state_changed", "member.created",
		"checkout.updated confirmed",
		"order.created paid", "order.updated paid", "order.paid paid",
		"checkout.updated succeeded", "benefit_grant.created", "customer.state_changed")
	o := ok(w.Order(done.Checkout.OrderID))(t)
	if o.Reason != "purchase" || o.Total != 1200 || o.Number != "LUMEN-0001" {
		t.Errorf("order %+v", o)
	}
	if done.Token == "" {
		t.Error("a new customer gets a session token")
	}
	if again := w.buy(p, "ADA@example.com"); again.Token != "" || again.Checkout.CustomerID != done.Checkout.CustomerID {
		t.Error("a buyer known by e-mail only gets no session token, and is the same customer")
	}
}

func TestLifeOfASubscription(t *testing.T) {
	w := newWorld(t)
	p := w.product(Month, 2000, []string{w.credits(100, false)})
	w.take()
	done := w.buy(p, "ada@example.com")
	w.expect("checkout.created open", "customer.created", "customer.state_changed", "member.created",
		"checkout.updated confirmed",
		"subscription.created active", "subscription.active active", "subscription.updated active",
		"order.created paid", "order.updated paid", "order.paid paid",
		"checkout.updated succeeded", "benefit_grant.created", "customer.state_changed")

	w.pass(w.subscription(done).PeriodEnd)
	w.expect("subscription.cycled active", "subscription.updated active",
		"order.created pending", "order.updated paid", "order.paid paid",
		"benefit_grant.cycled", "customer.state_changed")

	sub := ok(w.CancelSubscription(t.Context(), done.Checkout.SubscriptionID, Cancellation{Reason: "unused"}))(t)
	w.expect("subscription.updated active", "subscription.canceled active", "customer.state_changed")
	if !sub.EndsAt.Equal(sub.PeriodEnd) || !sub.CancelAtPeriodEnd {
		t.Errorf("canceled: %+v", sub)
	}
	ok(w.UncancelSubscription(t.Context(), sub.ID))(t)
	w.expect("subscription.updated active", "subscription.uncanceled active", "customer.state_changed")

	ok(w.CancelSubscription(t.Context(), sub.ID, Cancellation{}))(t)
	w.take()
	w.pass(sub.PeriodEnd)
	w.expect("subscription.updated canceled", "subscription.revoked canceled", "benefit_grant.revoked", "customer.state_changed")
	if again := w.buy(p, "ada@example.com"); again.Checkout.SubscriptionID == sub.ID {
		t.Error("after the end a new subscription is made")
	}
}

func TestRevokeNow(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product(Month, 2000, []string{w.credits(100, false)}), "ada@example.com")
	w.take()
	ok(w.RevokeSubscription(t.Context(), done.Checkout.SubscriptionID, Cancellation{}))(t)
	w.expect("subscription.updated canceled", "subscription.canceled canceled", "subscription.revoked canceled",
		"benefit_grant.revoked", "customer.state_changed")
	if _, err := w.RevokeSubscription(t.Context(), done.Checkout.SubscriptionID, Cancellation{}); !IsRefused(err, "AlreadyCanceledSubscription") {
		t.Errorf("a second revocation: %v", err)
	}
}

func TestFailedRenewal(t *testing.T) {
	day := 24 * time.Hour
	tests := []struct {
		name  string
		then  func(w *world, order Order)
		facts []string
	}{
		{"paid by hand the next day", func(w *world, o Order) {
			w.pass(w.Now().Add(day))
			ok(w.RetryPayment(w.t.Context(), o.ID, CardSucceeds))(w.t)
		}, []string{
			"order.updated paid", "order.paid paid", "subscription.updated active", "subscription.active active",
			"benefit_grant.cycled", "customer.state_changed",
		}},
		{"paid by the first retry", func(w *world, o Order) {
			must(w.t, w.SetCard(w.t.Context(), o.CustomerID, CardSucceeds))
			w.pass(w.Now().Add(2 * day))
		}, []string{
			"order.updated paid", "order.paid paid", "subscription.updated active", "subscription.active active",
			"benefit_grant.cycled", "customer.state_changed",
		}},
		{"never paid", func(w *world, _ Order) { w.pass(w.Now().Add(22 * day)) }, []string{
			"order.updated pending", "customer.state_changed", // after 2 days
			"order.updated pending", "customer.state_changed", // after 7 days
			"benefit_grant.revoked", "customer.state_changed", // the grace period is over as well
			"order.updated pending", "customer.state_changed", // after 14 days
			"subscription.updated canceled", "subscription.canceled canceled", "subscription.revoked canceled",
			"order.updated void", "customer.state_changed",
		}},
		{"paid after the grace period", func(w *world, o Order) {
			w.pass(w.Now().Add(10 * day))
			w.take()
			ok(w.RetryPayment(w.t.Context(), o.ID, CardSucceeds))(w.t)
		}, []string{
			"order.updated paid", "order.paid paid", "subscription.updated active", "subscription.active active",
			"benefit_grant.created", "customer.state_changed",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			done := w.buy(w.product(Month, 2000, []string{w.credits(100, false)}), "ada@example.com")
			must(t, w.SetCard(t.Context(), done.Checkout.CustomerID, CardFailsLate))
			w.take()
			w.pass(w.subscription(done).PeriodEnd)
			w.expect("subscription.cycled active", "subscription.updated active", "order.created pending",
				"subscription.updated past_due", "subscription.past_due past_due", "customer.state_changed")
			orders := w.OrdersOf(done.Checkout.CustomerID)
			test.then(w, orders[len(orders)-1])
			w.expect(test.facts...)
		})
	}
}

func TestRefund(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product("", 1200, []string{w.credits(1000, true)}), "ada@example.com")
	w.take()
	refund := RefundInput{OrderID: done.Checkout.OrderID, Reason: "other", Amount: 200}
	ok(w.CreateRefund(t.Context(), refund))(t)
	w.expect("refund.created", "order.updated partially_refunded", "order.refunded partially_refunded", "customer.state_changed")
	refund.Amount = 1001
	if _, err := w.CreateRefund(t.Context(), refund); err == nil {
		t.Error("more than what is left was refunded")
	}
	refund.Amount, refund.RevokeBenefits = 1000, true
	ok(w.CreateRefund(t.Context(), refund))(t)
	w.expect("refund.created", "order.updated refunded", "order.refunded refunded", "benefit_grant.revoked", "customer.state_changed")
	if m := w.standing(done.Checkout.CustomerID); m.Credited != 0 {
		t.Errorf("credited %d after the benefits were revoked", m.Credited)
	}
	if _, err := w.CreateRefund(t.Context(), refund); !IsRefused(err, "RefundedAlready") {
		t.Errorf("a third refund: %v", err)
	}
}

func TestDeletedCustomer(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product(Month, 2000, []string{w.credits(100, false)}), "ada@example.com")
	external := "user-1"
	ok(w.UpdateCustomer(t.Context(), done.Checkout.CustomerID, CustomerInput{ExternalID: &external}))(t)
	w.take()
	must(t, w.DeleteCustomer(t.Context(), done.Checkout.CustomerID, false))
	w.expect("subscription.updated canceled", "subscription.canceled canceled", "subscription.revoked canceled",
		"benefit_grant.revoked", "customer.deleted", "customer.state_changed")
	c := ok(w.Customer(done.Checkout.CustomerID))(t)
	if c.ExternalID != "" || c.Metadata["__external_id"] != external || c.DeletedAt.IsZero() {
		t.Errorf("deleted customer %+v", c)
	}
	email := "Ada@example.com"
	ok(w.CreateCustomer(t.Context(), CustomerInput{Email: &email, ExternalID: &external}))(t)
}
