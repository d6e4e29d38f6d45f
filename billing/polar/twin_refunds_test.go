package polar_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/twin"
)

// paid makes a customer who buys a product with a card, and answers the order.
func paid(t *testing.T, w *world, slug, ours, card string) billing.Order {
	t.Helper()
	products, _ := catalog(t, w)
	c, err := w.CreateCustomer(t.Context(), billing.NewCustomer{CustomerID: ours, Email: ours + "@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := w.CreateCheckout(t.Context(), billing.CheckoutRequest{ProviderProductID: products[slug].ProviderID, ProviderCustomerID: c.ProviderID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.twin.Engine.ConfirmCheckout(t.Context(), opened.ProviderID, twin.CheckoutEdit{}, card); err != nil {
		t.Fatal(err)
	}
	objects, err := w.CustomerObjects(t.Context(), c.ProviderID)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if order, ok := o.(billing.Order); ok {
			return order
		}
	}
	t.Fatal("no order")
	return billing.Order{}
}

func give(o billing.Order, key string, amount int64) billing.RefundRequest {
	return billing.RefundRequest{Key: key, ProviderOrderID: o.ProviderID, Amount: amount, Reason: "customer_request"}
}

// TestRefundsWithTwin gives an order back in parts, is refused what is too much, and is
// told by webhooks that are handled together with the order.
func TestRefundsWithTwin(t *testing.T) {
	w := newWorld(t)
	order := paid(t, w, "credits-1000", "buyer", twin.CardSucceeds)
	net := order.Subtotal - order.Discount
	first, err := w.CreateRefund(t.Context(), give(order, "k1", net/2))
	if err != nil || first.Status != billing.RefundSucceeded || first.Amount != net/2 || first.ProviderOrderID != order.ProviderID {
		t.Fatalf("first: %+v, %v", first, err)
	}
	for name, tt := range map[string]struct {
		request  billing.RefundRequest
		kind     error
		sentence string
	}{
		"too much":      {give(order, "k2", net), billing.ErrInvalid, "more than what is left"},
		"unknown order": {give(billing.Order{Source: billing.Source{ProviderID: "0198c0de-0000-7000-8000-000000000000"}}, "k3", 1), billing.ErrNotFound, "does not know the order"},
	} {
		if _, err := w.CreateRefund(t.Context(), tt.request); !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.sentence) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.CreateRefund(t.Context(), give(order, "k4", net-net/2)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateRefund(t.Context(), give(order, "k5", 1)); !errors.Is(err, billing.ErrConflict) || !strings.Contains(err.Error(), "refunded in full") {
		t.Errorf("once more: %v", err)
	}
	now, err := w.Fetch(t.Context(), order.Ref())
	if err != nil || now.(billing.Order).Status != billing.OrderRefunded || now.(billing.Order).Refunded != order.Total {
		t.Errorf("the order: %+v, %v", now, err)
	}
	w.await(t, order.ProviderCustomerID, "refund.created", "order.refunded")
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.changes {
		if r, ok := c.Object.(billing.Refund); ok && (len(c.Also) != 1 || c.Also[0] != order.Ref() || r.ProviderOrderID != order.ProviderID || c.ToldAt.IsZero()) {
			t.Errorf("told %+v", c)
		}
	}
}

// TestLostRefundsAreFound: a refund whose answer was lost is there once, under its key;
// one that never reached Polar is not there.
func TestLostRefundsAreFound(t *testing.T) {
	w := newWorld(t)
	order := paid(t, w, "credits-1000", "buyer", twin.CardSucceeds)
	for _, tt := range []struct {
		fault string
		there int
	}{{"lost", 1}, {"truncated", 1}, {"enum", 1}, {"cut", 0}, {"html", 0}} {
		t.Run(tt.fault, func(t *testing.T) {
			fault := twin.Fault{Kind: tt.fault, Method: "POST", Path: "/v1/refunds", Count: 1}
			if err := w.twin.Engine.AddFault(fault); err != nil {
				t.Fatal(err)
			}
			_, err := w.CreateRefund(t.Context(), give(order, "key-"+tt.fault, 10))
			if !errors.Is(err, billing.ErrUnknown) || !errors.Is(err, billing.ErrProvider) {
				t.Errorf("answer: %v", err)
			}
			refunds, err := w.Refunds(t.Context(), order.ProviderID)
			if err != nil {
				t.Fatal(err)
			}
			there := 0
			for _, r := range refunds {
				if r.Metadata[billing.RefundKey] == "key-"+tt.fault {
					there++
				}
			}
			if there != tt.there {
				t.Errorf("it is there %d times, want %d", there, tt.there)
			}
		})
	}
}

// TestPendingRefundsWithTwin: one that the card network takes its time for stands in the
// way of another, and ends as it is told.
func TestPendingRefundsWithTwin(t *testing.T) {
	for card, end := range map[string]billing.RefundStatus{
		twin.CardRefundsLate: billing.RefundSucceeded, twin.CardRefundFails: billing.RefundFailed,
	} {
		w := newWorld(t)
		order := paid(t, w, "credits-1000", "buyer", card)
		made, err := w.CreateRefund(t.Context(), give(order, "k1", 100))
		if err != nil || made.Status != billing.RefundPending {
			t.Fatalf("made %+v, %v", made, err)
		}
		if _, err := w.CreateRefund(t.Context(), give(order, "k2", 100)); !errors.Is(err, billing.ErrConflict) || !strings.Contains(err.Error(), "is being made") {
			t.Errorf("another: %v", err)
		}
		if err := w.twin.Engine.Advance(context.WithoutCancel(t.Context()), 2*time.Hour); err != nil {
			t.Fatal(err)
		}
		now, err := w.Fetch(t.Context(), made.Ref())
		if err != nil || now.(billing.Refund).Status != end || now.ObjectVersion() <= made.ObjectVersion() {
			t.Errorf("in the end: %+v, %v", now, err)
		}
	}
}
