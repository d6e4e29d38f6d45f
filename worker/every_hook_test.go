package worker

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/hooks"
	"counterfoil/twin"
	"counterfoil/twin/server"
)

// seedTypes are the events that Polar's Better Auth adapter has handlers for, and with
// them all that a hook of ours must hear.
var seedTypes = []string{
	"checkout.created", "checkout.updated", "order.created", "order.paid", "order.refunded", "order.updated",
	"refund.created", "refund.updated", "subscription.created", "subscription.updated", "subscription.active",
	"subscription.canceled", "subscription.revoked", "subscription.uncanceled", "subscription.past_due",
	"product.created", "product.updated", "organization.updated", "benefit.created", "benefit.updated",
	"benefit_grant.created", "benefit_grant.updated", "benefit_grant.revoked", "benefit_grant.cycled",
	"customer.created", "customer.updated", "customer.deleted", "customer.state_changed",
}

// TestEveryEventOfTheSeedHasItsHook: a year at the provider, told by its real webhooks,
// calls every typed hook with an object, and OnPayload for everything.
func TestEveryEventOfTheSeedHasItsHook(t *testing.T) {
	s := newStage(t, true)
	var mu sync.Mutex // hooks are called for several objects at once
	heard, objects := map[string]int{}, map[string]int{}
	count := func(in map[string]int, factType string) error {
		mu.Lock()
		defer mu.Unlock()
		in[factType]++
		return nil
	}
	h := hooks.Hooks{OnPayload: func(_ context.Context, e billing.FactBody) error { return count(heard, e.Type) }}
	h.OnSubscriptionCanceled = func(_ context.Context, e hooks.Event[billing.Subscription]) error {
		if e.Object.CanceledAt.IsZero() || e.Object.ProviderID != e.ProviderID {
			t.Errorf("canceled: %+v", e)
		}
		return count(objects, e.Type)
	}
	h.OnOrderPaid = func(_ context.Context, e hooks.Event[billing.Order]) error {
		if e.Object.Total <= 0 || e.Object.Status == billing.OrderPending {
			t.Errorf("paid: %+v", e.Object)
		}
		return count(objects, e.Type)
	}
	hook := GoHook(h.Table().Wants, h.Table().Call)
	s.loops = append(s.loops, s.hookLoop(hook))
	if err := s.Store.CallHooks(t.Context(), time.Now(), 0, db.HookTarget{Name: hook.Name, Wants: hook.Wants}); err != nil {
		t.Fatal(err)
	}
	inbox := httptest.NewServer(http.HandlerFunc(s.receive))
	defer inbox.Close()
	secret := server.WebhookSecret
	if _, err := s.twin.Engine.CreateEndpoint(t.Context(), twin.EndpointInput{URL: &inbox.URL, Secret: &secret, Events: twin.EventTypes}); err != nil {
		t.Fatal(err)
	}
	s.yearAtTheProvider()
	missing := func() (list []string) {
		for _, kind := range seedTypes {
			if heard[kind] == 0 {
				list = append(list, kind)
			}
		}
		return list
	}
	for end := time.Now().Add(10 * time.Minute); len(missing()) > 0 && time.Now().Before(end); {
		s.step("inbox")
		s.step("hook go")
	}
	if list := missing(); len(list) > 0 {
		t.Errorf("nobody was told of %v", list)
	}
	if objects["subscription.canceled"] == 0 || objects["order.paid"] == 0 {
		t.Errorf("typed hooks were called %v times", objects)
	}
}

// receive keeps a webhook as the portal does. The twin's clock runs ahead, so its own
// time of signing is taken for now.
func (s *stage) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	seconds, bad := strconv.ParseInt(r.Header.Get("Webhook-Timestamp"), 10, 64)
	if err != nil || bad != nil {
		http.Error(w, "no webhook", http.StatusBadRequest)
		return
	}
	d, err := s.Provider.Verify(r.Header, body, time.Unix(seconds, 0))
	if err == nil {
		_, err = s.Store.Receive(r.Context(), d, r.URL.Path, s.now())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// yearAtTheProvider is a merchant at work, and a customer who does all that one can.
func (s *stage) yearAtTheProvider() {
	s.t.Helper()
	ctx, e, name := s.t.Context(), s.twin.Engine, "Something new"
	check := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	var pro twin.Product
	for _, p := range e.Products() {
		if p.Name == "Pro" {
			pro = p
		}
	}
	_, err := e.CreateProduct(ctx, twin.ProductInput{Name: &name, Prices: []twin.Price{{Kind: twin.Fixed, Amount: 100}}})
	check(err)
	_, err = e.UpdateProduct(ctx, pro.ID, twin.ProductInput{Description: &name})
	check(err)
	_, err = e.CreateBenefit(ctx, twin.Benefit{Type: twin.BenefitCustom, Description: name})
	check(err)
	_, err = e.UpdateBenefit(ctx, pro.BenefitIDs[0], func(b *twin.Benefit) { b.Metadata = twin.Metadata{"seen": true} })
	check(err)
	_, err = e.UpdateOrganization(ctx, func(o *twin.Organization) { o.Website = "https://lumen.example/new" })
	check(err)

	email := "kim@example.com"
	c, err := e.CreateCheckout(ctx, twin.CheckoutInput{ProductIDs: []string{pro.ID}})
	check(err)
	done, err := e.ConfirmCheckout(ctx, c.ID, twin.CheckoutEdit{CustomerEmail: &email}, twin.CardRefundsLate)
	check(err)
	sub, customer := done.Checkout.SubscriptionID, done.Checkout.CustomerID
	_, err = e.CancelSubscription(ctx, sub, twin.Cancellation{})
	check(err)
	_, err = e.UncancelSubscription(ctx, sub)
	check(err)
	_, err = e.CreateRefund(ctx, twin.RefundInput{OrderID: done.Checkout.OrderID, Amount: 100, Reason: "other"})
	check(err)
	check(e.Advance(ctx, 32*24*time.Hour)) // renewed, and the refund confirmed
	_, err = e.UpdateCustomer(ctx, customer, twin.CustomerInput{Name: &name})
	check(err)
	check(e.SetCard(ctx, customer, twin.CardFailsLate))
	check(e.Advance(ctx, 60*24*time.Hour)) // past due, and given up
	check(e.DeleteCustomer(ctx, customer, false))
}
