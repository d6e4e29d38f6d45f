package twin

import (
	"strings"
	"testing"
	"time"
)

func TestConfirmations(t *testing.T) {
	email := "ada@example.com"
	tests := []struct {
		name  string
		card  string
		then  func(w *world, id string) error // after confirming
		class string                          // of the refusal
		facts []string
	}{
		{"declined", CardDeclined, nil, "PaymentError", []string{
			"customer.created", "customer.state_changed", "member.created", "checkout.updated confirmed", "checkout.updated open"}},
		{"no such card", "1234", nil, "PaymentError", nil},
		{"the bank asks, approved", CardChallenge, func(w *world, id string) error {
			_, err := w.AnswerChallenge(w.t.Context(), id, true)
			return err
		}, "", []string{
			"customer.created", "customer.state_changed", "member.created", "checkout.updated confirmed",
			"order.created paid", "order.updated paid", "order.paid paid", "checkout.updated succeeded", "customer.state_changed"}},
		{"the bank asks, refused", CardChallenge, func(w *world, id string) error {
			_, err := w.AnswerChallenge(w.t.Context(), id, false)
			return err
		}, "PaymentError", []string{
			"customer.created", "customer.state_changed", "member.created", "checkout.updated confirmed", "checkout.updated open"}},
		{"the bank asks, nobody answers", CardChallenge, func(w *world, _ string) error {
			w.pass(began.Add(25 * time.Hour))
			return nil
		}, "", []string{
			"customer.created", "customer.state_changed", "member.created", "checkout.updated confirmed", "checkout.expired expired"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			c := ok(w.CreateCheckout(t.Context(), CheckoutInput{ProductIDs: []string{w.product("", 1000, nil).ID}}))(t)
			w.take()
			_, err := w.ConfirmCheckout(t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email}, test.card)
			if err == nil && test.then != nil {
				err = test.then(w, c.ID)
			}
			if test.class == "" && err != nil || test.class != "" && !IsRefused(err, test.class) {
				t.Errorf("answer %v, want %q", err, test.class)
			}
			w.expect(test.facts...)
		})
	}
}

func TestCheckoutExpires(t *testing.T) {
	w := newWorld(t)
	c := ok(w.CreateCheckout(t.Context(), CheckoutInput{ProductIDs: []string{w.product("", 1000, nil).ID}}))(t)
	w.take()
	w.pass(c.ExpiresAt)
	w.expect("checkout.expired expired")
	if _, err := w.UpdateCheckout(t.Context(), c.ID, CheckoutEdit{}); !IsRefused(err, "ExpiredCheckoutError") {
		t.Errorf("an expired checkout was changed: %v", err)
	}
}

func TestSecondSubscriptionIsRefused(t *testing.T) {
	w := newWorld(t)
	p, email := w.product(Month, 1000, nil), "ada@example.com"
	w.buy(p, email)
	c := ok(w.CreateCheckout(t.Context(), CheckoutInput{ProductIDs: []string{p.ID}}))(t)
	w.take()
	_, err := w.ConfirmCheckout(t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email}, CardSucceeds)
	if !IsRefused(err, "AlreadyActiveSubscriptionError") {
		t.Errorf("a second subscription: %v", err)
	}
	w.expect()
}

func TestFreeToPaid(t *testing.T) {
	w := newWorld(t)
	free, paid := w.product(Month, 0, []string{w.credits(10, false)}), w.product(Month, 1000, []string{w.credits(100, false)})
	first := w.buy(free, "ada@example.com")
	w.pass(began.Add(48 * time.Hour))
	c := ok(w.CreateCheckout(t.Context(), CheckoutInput{
		ProductIDs: []string{paid.ID}, CustomerID: first.Checkout.CustomerID, UpgradeID: first.Checkout.SubscriptionID,
	}))(t)
	w.take()
	done := ok(w.ConfirmCheckout(t.Context(), c.ID, CheckoutEdit{}, CardSucceeds))(t)
	w.expect("checkout.updated confirmed", "order.created paid", "order.updated paid", "order.paid paid",
		"checkout.updated succeeded", "subscription.updated active", "benefit_grant.revoked", "benefit_grant.created", "customer.state_changed")
	sub := w.subscription(done)
	if sub.ID != first.Checkout.SubscriptionID || sub.Amount != 1000 || !sub.PeriodStart.Equal(w.Now()) {
		t.Errorf("upgraded %+v", sub)
	}
	if o := ok(w.Order(done.Checkout.OrderID))(t); o.Reason != "subscription_update" {
		t.Errorf("reason %s", o.Reason)
	}
	if done.Token == "" {
		t.Error("a customer named by the merchant gets a session token")
	}
	_, err := w.CreateCheckout(t.Context(), CheckoutInput{ProductIDs: []string{paid.ID}, UpgradeID: sub.ID})
	if err == nil || !strings.Contains(err.Error(), "Only free subscriptions can be upgraded.") {
		t.Errorf("a paid subscription was upgraded: %v", err)
	}
}

func TestExternalCustomerOfACheckout(t *testing.T) {
	w := newWorld(t)
	p, email := w.product("", 1000, nil), "ada@example.com"
	open := func(external string) Checkout {
		return ok(w.CreateCheckout(t.Context(), CheckoutInput{ProductIDs: []string{p.ID}, ExternalCustomerID: external}))(t)
	}
	done := ok(w.ConfirmCheckout(t.Context(), open("user-1").ID, CheckoutEdit{CustomerEmail: &email}, CardSucceeds))(t)
	if c := ok(w.Customer(done.Checkout.CustomerID))(t); c.ExternalID != "user-1" {
		t.Errorf("external id %q", c.ExternalID)
	}
	if c := open("user-1"); c.CustomerID != done.Checkout.CustomerID || c.CustomerEmail != email {
		t.Errorf("a known external id was not recognised: %+v", c)
	}
	_, err := w.ConfirmCheckout(t.Context(), open("user-2").ID, CheckoutEdit{CustomerEmail: &email}, CardSucceeds)
	if !IsRefused(err, "CheckoutCustomerExternalIdMismatch") {
		t.Errorf("another external id for a known address: %v", err)
	}
}

func TestSuccessAddress(t *testing.T) {
	c := Checkout{ID: "c-1", SuccessURL: "https://shop.example/done?checkout_id={CHECKOUT_ID}&x=1"}
	if got := c.SuccessAddress("", "polar_cst_1"); got != "https://shop.example/done?checkout_id=c-1&customer_session_token=polar_cst_1&x=1" {
		t.Error(got)
	}
	if got := c.SuccessAddress("", ""); got != "https://shop.example/done?checkout_id=c-1&x=1" {
		t.Error(got)
	}
	c.SuccessURL = ""
	if got := c.SuccessAddress("https://twin.example/checkout/s", ""); got != "https://twin.example/checkout/s/confirmation" {
		t.Error(got)
	}
}
