package server

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/operations"
)

// start runs a seeded twin for a test.
func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	cfg.Addr, cfg.Seed, cfg.Log = "127.0.0.1:0", true, slog.New(slog.DiscardHandler)
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSeedTellsTheStoryOfSamAndPat(t *testing.T) {
	began := time.Now()
	s := start(t, Config{})
	t.Logf("seeded in %v", time.Since(began))
	c := polargo.New(polargo.WithServerURL(s.BaseURL), polargo.WithSecurity(OrganizationToken))
	for _, who := range []struct {
		email, status string
		orders        int
	}{{"sam@example.com", "active", 15}, {"pat@example.com", "past_due", 6}} {
		customers, err := c.Customers.List(t.Context(), operations.CustomersListRequest{Email: &who.email})
		if err != nil {
			t.Fatal(err)
		}
		customer := customers.ListResourceCustomer.Items[0]
		id := operations.CreateOrdersListQueryParamCustomerIDFilterStr(customer.ID)
		orders, err := c.Orders.List(t.Context(), operations.OrdersListRequest{CustomerID: &id, Limit: polargo.Int64(100)})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range orders.ListResourceOrder.Items {
			t.Log(who.email, o.InvoiceNumber, o.CreatedAt.Format(time.DateOnly), o.Status, o.BillingReason, o.TotalAmount, o.RefundedAmount)
		}
		if got := len(orders.ListResourceOrder.Items); got != who.orders {
			t.Errorf("%s has %d orders, want %d", who.email, got, who.orders)
		}
		subID := operations.CreateCustomerIDFilterStr(customer.ID)
		subs, err := c.Subscriptions.List(t.Context(), operations.SubscriptionsListRequest{CustomerID: &subID})
		if err != nil {
			t.Fatal(err)
		}
		for _, sub := range subs.ListResourceSubscription.Items {
			t.Log(who.email, sub.Status, sub.CurrentPeriodStart, sub.CurrentPeriodEnd)
		}
		state, err := c.Customers.GetState(t.Context(), customer.ID)
		if err != nil {
			t.Fatal(err)
		}
		_ = state
	}
	res, err := http.Get(s.BaseURL + "/_twin/state.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	t.Log(strings.TrimSpace(string(body)))
}
