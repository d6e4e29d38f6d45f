package polar_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/billing/polar"
	"counterfoil/twin"
	"counterfoil/twin/server"
)

// world is the twin, seeded, and a provider that talks to it and receives its webhooks.
type world struct {
	*polar.Provider
	twin *server.Server

	mu      sync.Mutex
	changes []billing.Change
	refused []error
	arrived chan struct{}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{arrived: make(chan struct{}, 1)}
	hook := httptest.NewServer(w)
	t.Cleanup(hook.Close)
	var err error
	w.twin, err = server.Start(t.Context(), server.Config{
		Addr: "127.0.0.1:0", WebhookURL: hook.URL, Seed: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.twin.Close(); err != nil {
			t.Error(err)
		}
	})
	p, err := polar.New(polar.Config{
		Token: server.OrganizationToken, WebhookSecrets: []string{server.WebhookSecret}, Server: w.twin.BaseURL,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Provider = p
	return w
}

// ServeHTTP receives a webhook.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.Provider == nil {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	delivery, err := w.Verify(r.Header, body, time.Now())
	if err == nil {
		var change billing.Change
		if change, err = w.Decode(delivery); err == nil {
			w.changes = append(w.changes, change)
		}
	}
	if err != nil {
		w.refused = append(w.refused, fmt.Errorf("%s: %w", body, err))
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	select {
	case w.arrived <- struct{}{}:
	default:
	}
}

// await waits until webhooks of all types about a customer have come.
func (w *world) await(t *testing.T, providerCustomerID string, types ...string) {
	t.Helper()
	deadline := time.After(10 * time.Minute)
	for {
		missing := w.missing(providerCustomerID, types)
		if len(missing) == 0 {
			return
		}
		select {
		case <-w.arrived:
		case <-deadline:
			w.mu.Lock()
			defer w.mu.Unlock()
			t.Fatalf("no webhook %v; refused: %v", missing, w.refused)
		}
	}
}

func (w *world) missing(providerCustomerID string, types []string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var missing []string
	for _, want := range types {
		found := false
		for _, c := range w.changes {
			found = found || c.Type == want && c.ProviderCustomerID == providerCustomerID
		}
		if !found {
			missing = append(missing, want)
		}
	}
	return missing
}

// TestWithTwin goes through what a customer does, over real HTTP.
func TestWithTwin(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	const ours = "0198c0de-0000-7000-8000-00000000abcd"

	products, meters := catalog(t, w)
	customer, err := w.CreateCustomer(ctx, billing.NewCustomer{CustomerID: ours, Email: "New@Example.com", Name: "New Comer"})
	if err != nil || customer.ExternalID != ours || customer.Email != "new@example.com" {
		t.Fatalf("created %+v, %v", customer, err)
	}
	for name, again := range map[string]billing.NewCustomer{
		"address": {CustomerID: "another", Email: "new@example.com"}, "id": {CustomerID: ours, Email: "another@example.com"},
	} {
		if _, err := w.CreateCustomer(ctx, again); !errors.Is(err, billing.ErrConflict) {
			t.Errorf("the same %s again: %v", name, err)
		}
	}
	if found, err := w.Customer(ctx, ours); err != nil || found.ProviderID != customer.ProviderID {
		t.Errorf("by our id: %+v, %v", found, err)
	}
	if _, err := w.Customer(ctx, "nobody"); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}

	checkout := buy(t, w, products["pro"], ours)
	if checkout.Status != billing.CheckoutSucceeded || checkout.ProviderCustomerID != customer.ProviderID {
		t.Errorf("paid checkout: %+v", checkout)
	}
	w.await(t, customer.ProviderID, "checkout.updated", "order.paid", "subscription.active", "benefit_grant.created", "customer.state_changed")
	subscription := bought(t, w, customer.ProviderID)
	cancelAndResume(t, w, subscription)
	use(t, w, ours, customer.ProviderID)
	checkLedger(t, w, customer.ProviderID, meters)

	page, err := w.PortalURL(ctx, customer.ProviderID, "http://localhost/portal")
	if err != nil || !strings.HasPrefix(page, w.twin.BaseURL+"/") {
		t.Errorf("portal %q, %v", page, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.refused) > 0 {
		t.Errorf("refused webhooks: %v", w.refused)
	}
}

// catalog reads products by slug and meters by id.
func catalog(t *testing.T, w *world) (map[string]billing.Product, map[string]billing.Meter) {
	t.Helper()
	objects, err := w.Catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	products, meters := map[string]billing.Product{}, map[string]billing.Meter{}
	for _, o := range objects {
		switch o := o.(type) {
		case billing.Product:
			products[o.Slug] = o
		case billing.Meter:
			meters[o.ProviderID] = o
		}
		again, err := w.Fetch(t.Context(), o.Ref())
		if err != nil || again.Ref() != o.Ref() || again.ObjectVersion() != o.ObjectVersion() {
			t.Errorf("%v read alone: %+v, %v", o.Ref(), again, err)
		}
	}
	for _, slug := range []string{"free", "pro", "pro-yearly", "credits-1000"} {
		if p := products[slug]; !p.Public || len(p.Prices) == 0 || len(p.Benefits) == 0 {
			t.Errorf("product %s: %+v", slug, p)
		}
	}
	if len(meters) != 2 {
		t.Errorf("meters: %+v", meters)
	}
	return products, meters
}

func buy(t *testing.T, w *world, p billing.Product, ours string) billing.Checkout {
	t.Helper()
	opened, err := w.CreateCheckout(t.Context(), billing.CheckoutRequest{
		ProviderProductID: p.ProviderID, CustomerID: ours, SuccessURL: "http://localhost/checkout/success?checkout_id={CHECKOUT_ID}"})
	if err != nil || opened.Status != billing.CheckoutOpen || opened.ExternalCustomerID != ours {
		t.Fatalf("opened %+v, %v", opened, err)
	}
	if _, err := w.twin.Engine.ConfirmCheckout(t.Context(), opened.ProviderID, twin.CheckoutEdit{}, twin.CardSucceeds); err != nil {
		t.Fatal(err)
	}
	paid, err := w.Fetch(t.Context(), opened.Ref())
	if err != nil {
		t.Fatal(err)
	}
	return paid.(billing.Checkout)
}

// bought checks what a purchase left and gives the subscription.
func bought(t *testing.T, w *world, providerCustomerID string) billing.Subscription {
	t.Helper()
	objects, err := w.CustomerObjects(t.Context(), providerCustomerID)
	if err != nil {
		t.Fatal(err)
	}
	count := map[billing.Kind]int{}
	var subscription billing.Subscription
	for _, o := range objects {
		count[o.Ref().Kind]++
		switch o := o.(type) {
		case billing.Subscription:
			subscription = o
		case billing.Order:
			if o.Status != billing.OrderPaid || o.Subtotal-o.Discount+o.Tax != o.Total || len(o.Items) == 0 {
				t.Errorf("order: %+v", o)
			}
		}
	}
	if subscription.Status != billing.Active || count[billing.KindOrder] != 1 || count[billing.KindGrant] != 4 || count[billing.KindBalance] != 2 {
		t.Errorf("%v, %+v", count, subscription)
	}
	return subscription
}

func cancelAndResume(t *testing.T, w *world, s billing.Subscription) {
	t.Helper()
	canceled, err := w.CancelSubscription(t.Context(), s.ProviderID, billing.Cancellation{Reason: "unused", Comment: "perhaps later"})
	if err != nil || !canceled.CancelAtPeriodEnd || canceled.Status != billing.Active || !canceled.EndsAt.Equal(s.PeriodEnd) || canceled.CancelReason != "unused" {
		t.Errorf("canceled: %+v, %v", canceled, err)
	}
	if canceled.Version <= s.Version {
		t.Error("the canceled copy is not newer")
	}
	resumed, err := w.ResumeSubscription(t.Context(), s.ProviderID)
	if err != nil || resumed.CancelAtPeriodEnd || !resumed.EndsAt.IsZero() {
		t.Errorf("resumed: %+v, %v", resumed, err)
	}
	if _, err := w.CancelSubscription(t.Context(), "0198c0de-0000-7000-8000-000000000000", billing.Cancellation{}); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("somebody else's subscription: %v", err)
	}
	w.await(t, s.ProviderCustomerID, "subscription.canceled", "subscription.uncanceled")
}

// use sends events, repeats them, and lets one of a batch be bad.
func use(t *testing.T, w *world, ours, providerCustomerID string) {
	t.Helper()
	var events []billing.Event
	for i, credits := range []json.Number{"3", "0.1", "12.345678"} {
		events = append(events, billing.Event{ID: fmt.Sprint("event-", i), CustomerID: ours, Name: "ai_usage",
			Metadata: map[string]any{"credits": credits, "model": "small"}, OccurredAt: time.Now().Add(-time.Second)})
	}
	for range 2 {
		if err := w.SendUsage(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	late := events[0]
	late.ID, late.OccurredAt = "event-late", time.Now().Add(time.Hour)
	var invalid *billing.InvalidEvents
	if err := w.SendUsage(t.Context(), append(events, late)); !errors.As(err, &invalid) || len(invalid.Reasons) != 1 || invalid.Reasons["event-late"] == "" {
		t.Errorf("an event of the future: %v", err)
	}
	back, _, err := w.UsageEvents(t.Context(), providerCustomerID, time.Time{}, 100_000)
	if err != nil || len(back) != len(events) {
		t.Fatalf("back came %+v, %v", back, err)
	}
	for _, e := range back {
		if !strings.HasPrefix(e.ExternalID, "event-") || len(e.Metadata) != 2 {
			t.Errorf("came back as %+v", e)
		}
	}
}

// checkLedger folds the provider's record of a customer and compares the sums with its
// own figures.
func checkLedger(t *testing.T, w *world, providerCustomerID string, meters map[string]billing.Meter) {
	t.Helper()
	credits, err := w.CreditEvents(t.Context(), providerCustomerID, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	events, _, err := w.UsageEvents(t.Context(), providerCustomerID, time.Time{}, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := w.CustomerObjects(t.Context(), providerCustomerID)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, o := range objects {
		figure, ok := o.(billing.Balance)
		if !ok {
			continue
		}
		var own []billing.CreditEvent
		for _, e := range credits {
			if e.ProviderMeterID == figure.ProviderMeterID {
				own = append(own, e)
			}
		}
		var uses []billing.Use
		for _, e := range events {
			if meter := meters[figure.ProviderMeterID]; meter.Matches(e.Event()) {
				if units, additive := meter.Units(e.Event()); additive {
					uses = append(uses, billing.Use{EventID: e.ProviderID, Units: units, OccurredAt: e.OccurredAt})
				}
			}
		}
		wallet, movements, err := billing.Fold(own, uses)
		if err != nil {
			t.Fatal(err)
		}
		left, err := wallet.Balance()
		if err != nil || left != figure.Balance || wallet.Credited != figure.Credited || wallet.Consumed != figure.Consumed {
			t.Errorf("meter %s after %d movements: %+v, %v; the provider says %+v", figure.ProviderMeterID, len(movements), wallet, err, figure)
		}
		checked++
	}
	if checked == 0 {
		t.Error("the customer has no balance to compare")
	}
}

// TestHistoryOfASubscriber folds fourteen months of renewals, resets and usage, and
// links the customer that was there before us.
func TestHistoryOfASubscriber(t *testing.T) {
	w := newWorld(t)
	_, meters := catalog(t, w)
	sam, err := w.CustomerByEmail(t.Context(), "SAM@example.com")
	if err != nil || sam.ExternalID != "" {
		t.Fatalf("got %+v, %v", sam, err)
	}
	checkLedger(t, w, sam.ProviderID, meters)
	for range 2 { // linking may be repeated
		if linked, err := w.LinkCustomer(t.Context(), sam.ProviderID, "ours"); err != nil || linked.ExternalID != "ours" {
			t.Fatalf("linked %+v, %v", linked, err)
		}
	}
	if _, err := w.LinkCustomer(t.Context(), sam.ProviderID, "theirs"); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("linked twice: %v", err)
	}
	if found, err := w.Customer(t.Context(), "ours"); err != nil || found.ProviderID != sam.ProviderID {
		t.Errorf("by our id: %+v, %v", found, err)
	}
	pat, err := w.CustomerByEmail(t.Context(), "pat@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.LinkCustomer(t.Context(), pat.ProviderID, "ours"); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("an id that another customer has: %v", err)
	}
	if _, err := w.CustomerByEmail(context.Background(), "noor@example.com"); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("a newcomer: %v", err)
	}
}
