package twin

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestOneTrialEach(t *testing.T) {
	w := newWorld(t)
	o := ok(w.UpdateOrganization(t.Context(), func(o *Organization) { o.PreventTrialAbuse = true }))(t)
	p := w.product(Month, 2000, nil)
	two, days := 14, Day
	ok(w.UpdateProduct(t.Context(), p.ID, ProductInput{TrialInterval: &days, TrialCount: &two}))(t)
	done := w.buy(p, "ada@example.com")
	ok(w.RevokeSubscription(t.Context(), done.Checkout.SubscriptionID, Cancellation{}))(t)
	c := ok(w.CreateCheckout(t.Context(), CheckoutInput{ProductIDs: []string{p.ID}, AllowTrial: true}))(t)
	email := "Ada@example.com"
	if _, err := w.ConfirmCheckout(t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email}, CardSucceeds); !IsRefused(err, "TrialAlreadyRedeemed") {
		t.Errorf("a second trial at %s: %v", o.Name, err)
	}
	ok(w.ConfirmCheckout(t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email, RefuseTrial: true}, CardSucceeds))(t)
}

func TestDeclinedOnce(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product(Month, 2000, []string{w.credits(100, false)}), "ada@example.com")
	must(t, w.DeclineNextCharge(t.Context(), done.Checkout.CustomerID))
	w.pass(w.subscription(done).PeriodEnd)
	w.take()
	w.pass(w.Now().Add(2 * day))
	w.expect("order.updated paid", "order.paid paid", "subscription.updated active", "subscription.active active",
		"benefit_grant.cycled", "customer.state_changed")
}

// TestVoidedOrder: what an order that is given up had used of the customer's balance is owed again.
func TestVoidedOrder(t *testing.T) {
	w := newWorld(t)
	big, small := w.product(Month, 5600, nil), w.product(Month, 2800, nil)
	done := w.buy(big, "ada@example.com")
	id := done.Checkout.CustomerID
	w.pass(w.Now().Add(14 * day))
	ok(w.ChangeProduct(t.Context(), done.Checkout.SubscriptionID, small.ID, Invoice))(t)
	owed := ok(w.Customer(id))(t).Balance
	must(t, w.SetCard(t.Context(), id, CardFailsLate))
	w.pass(w.subscription(done).PeriodEnd)
	if o := w.last(done); owed == 0 || o.AppliedBalance != owed || o.Status != OrderPending {
		t.Errorf("owed %d, order %+v", owed, o)
	}
	w.pass(w.Now().Add(21 * day))
	if o := w.last(done); o.Status != OrderVoid || !o.NextPaymentAt.IsZero() || ok(w.Customer(id))(t).Balance != owed {
		t.Errorf("given up: %+v", o)
	}
}

func TestPendingRefunds(t *testing.T) {
	for card, want := range map[string][]string{
		CardRefundsLate: {"refund.updated", "order.updated refunded", "order.refunded refunded", "benefit_grant.revoked", "customer.state_changed"},
		CardRefundFails: {"refund.updated"},
	} {
		w := newWorld(t)
		p := w.product("", 1200, []string{w.credits(100, true)})
		c := ok(w.CreateCheckout(t.Context(), CheckoutInput{ProductIDs: []string{p.ID}}))(t)
		email := "ada@example.com"
		done := ok(w.ConfirmCheckout(t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email}, card))(t)
		w.take()
		in := RefundInput{OrderID: done.Checkout.OrderID, Reason: "other", Amount: 1200, RevokeBenefits: true}
		r := ok(w.CreateRefund(t.Context(), in))(t)
		w.expect("refund.created")
		if _, err := w.CreateRefund(t.Context(), in); !IsRefused(err, "RefundPendingCreation") || r.Status != "pending" {
			t.Errorf("%s: a second refund: %v", card, err)
		}
		w.pass(w.Now().Add(refundDelay))
		w.expect(want...)
	}
}

// TestMerchantChanges: what a merchant does to the catalogue is told too.
func TestMerchantChanges(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	benefit := w.credits(100, false)
	p := w.product(Month, 2000, []string{benefit})
	w.buy(p, "ada@example.com")
	w.take()
	name := "Renamed"
	ok(w.UpdateProduct(ctx, p.ID, ProductInput{Name: &name}))(t)
	w.expect("product.updated")
	ok(w.UpdateBenefit(ctx, benefit, func(b *Benefit) { b.Units = 300 }))(t)
	w.expect("benefit.updated", "benefit_grant.updated", "customer.state_changed")
	d := ok(w.CreateDiscount(ctx, DiscountInput{Discount{Name: "Offer", Kind: "percentage", BasisPoints: 1000, Duration: "once"}}))(t)
	ok(w.UpdateDiscount(ctx, d.ID, func(d *Discount) { d.Name = "Better offer" }))(t)
	ok(w.UpdateDiscount(ctx, d.ID, func(d *Discount) { d.Deleted = true }))(t)
	w.expect("discount.created", "discount.updated", "discount.deleted")
	ok(w.UpdateOrganization(ctx, func(o *Organization) { o.GraceDays = 14 }))(t)
	w.expect("organization.updated")
	if _, err := w.UpdateOrganization(ctx, func(o *Organization) { o.GraceDays = 3 }); err == nil {
		t.Error("a grace period of three days")
	}
	w.product(Month, 100, nil)
	ok(w.CreateBenefit(ctx, Benefit{Type: BenefitCustom, Description: "Support"}))(t)
	w.expect("product.created", "product.updated", "benefit.created")
}

// TestGracePeriods: benefits of an unpaid subscription go when the organization says, or at the end.
func TestGracePeriods(t *testing.T) {
	for _, days := range []int{0, 2, 7, 14, 21} {
		t.Run(fmt.Sprint(days), func(t *testing.T) {
			w := newWorld(t)
			ok(w.UpdateOrganization(t.Context(), func(o *Organization) { o.GraceDays = days }))(t)
			done := w.buy(w.product(Month, 2000, []string{w.credits(100, false)}), "ada@example.com")
			must(t, w.SetCard(t.Context(), done.Checkout.CustomerID, CardFailsLate))
			failed := w.subscription(done).PeriodEnd
			w.pass(failed.Add(time.Duration(days)*day - time.Minute))
			if g := w.GrantsOf(done.Checkout.CustomerID)[0]; !g.Granted() && days > 0 {
				t.Errorf("revoked at %v, due after %d days", g.RevokedAt, days)
			}
			w.pass(failed.Add(time.Duration(days)*day + time.Minute))
			if g := w.GrantsOf(done.Checkout.CustomerID)[0]; g.Granted() || !g.RevokedAt.Equal(failed.Add(time.Duration(days)*day)) {
				t.Errorf("granted %v, revoked at %v", g.Granted(), g.RevokedAt)
			}
			w.pass(failed.Add(22 * day))
			if sub := w.subscription(done); sub.Status != Canceled || !sub.EndedAt.Equal(failed.Add(21*day)) {
				t.Errorf("ended: %+v", sub)
			}
			if n := strings.Count(strings.Join(w.take(), "\n"), "benefit_grant.revoked"); n != 1 {
				t.Errorf("%d revocations", n)
			}
		})
	}
}

// TestEditsAreTold: a customer edited, an order edited, and an invoice that is ready a moment later.
func TestEditsAreTold(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product("", 1200, nil), "ada@example.com")
	w.take()
	name := "Ada Lovelace"
	ok(w.UpdateCustomer(t.Context(), done.Checkout.CustomerID, CustomerInput{Name: &name}))(t)
	w.expect("customer.updated", "customer.state_changed")
	ok(w.UpdateOrder(t.Context(), done.Checkout.OrderID, &name, &Address{Country: "GB"}))(t)
	w.expect("order.updated paid")
	must(t, w.GenerateInvoice(t.Context(), done.Checkout.OrderID))
	w.expect()
	w.pass(w.Now().Add(invoiceDelay))
	w.expect("order.updated paid")
	if o := ok(w.Order(done.Checkout.OrderID))(t); !o.InvoiceGenerated {
		t.Errorf("order %+v", o)
	}
}
