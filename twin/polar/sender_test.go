package polar

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"counterfoil/twin"
)

// TestWebhookSeenTwiceIsSentOnce: the sender lists what is due and only then learns whether the endpoint is
// busy. An attempt that ends in between leaves a list that is out of date, and is not made again.
func TestWebhookSeenTwiceIsSentOnce(t *testing.T) {
	var calls atomic.Int64
	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer shop.Close()
	engine, err := twin.Open(t.Context(), twin.Config{Path: filepath.Join(t.TempDir(), "twin.db"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	d := newSender(New(engine, Config{BaseURL: "http://twin", Log: slog.New(slog.DiscardHandler)}))
	if _, err := engine.CreateEndpoint(t.Context(), twin.EndpointInput{URL: &shop.URL, Events: []string{"customer.created"}}); err != nil {
		t.Fatal(err)
	}
	email := "kim@example.com"
	if _, err := engine.CreateCustomer(t.Context(), twin.CustomerInput{Email: &email}); err != nil {
		t.Fatal(err)
	}
	listed := engine.DueWebhooks()
	if len(listed) != 1 {
		t.Fatalf("%d webhooks are due, want 1", len(listed))
	}
	for range 2 { // the second as if it had been listed before the first ended
		d.deliver(t.Context(), listed[0].Endpoint.ID)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("sent %d times, want once", n)
	}
	if waiting := engine.Summary().Waiting; waiting != 0 {
		t.Errorf("%d webhooks wait", waiting)
	}
}
