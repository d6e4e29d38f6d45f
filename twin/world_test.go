package twin

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// began is when the tests' world begins.
var began = time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)

// world is an engine of its own file on a clock that only tests move.
type world struct {
	*Engine
	t     *testing.T
	path  string
	facts []string // emitted types, in order, with a note of the object's state
	meter Meter
}

// newWorld opens an empty engine that notes every fact as "type" or "type status".
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, path: filepath.Join(t.TempDir(), "twin.db")}
	w.open()
	t.Cleanup(func() { must(t, w.Close()) })
	w.meter = ok(w.CreateMeter(t.Context(), Meter{Name: "Credits", Func: "sum", Property: "credits", Filter: named("use")}))(t)
	return w
}

// open opens the engine's file.
func (w *world) open() {
	w.t.Helper()
	w.Engine = ok(Open(w.t.Context(), Config{Path: w.path, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return began }}))(w.t)
	w.SetRenderer(func(v *View, kind, id string, _ time.Time, _ *GrantProperties) (json.RawMessage, error) {
		w.facts = append(w.facts, strings.TrimSpace(kind+" "+statusOf(v, kind, id)))
		return json.RawMessage(`{}`), nil
	})
	if len(w.Engine.data.endpoints.rows) == 0 {
		address := "http://127.0.0.1:9/"
		ok(w.CreateEndpoint(w.t.Context(), EndpointInput{URL: &address, Events: EventTypes}))(w.t)
	}
}

// statusOf is the status that a body built now would show.
func statusOf(v *View, kind, id string) string {
	switch {
	case strings.HasPrefix(kind, "checkout."):
		return string(v.checkouts.rows[id].Status)
	case strings.HasPrefix(kind, "subscription."):
		return v.subscriptions.rows[id].Status
	case strings.HasPrefix(kind, "order."):
		return v.orders.rows[id].Status
	}
	return ""
}

// take returns the facts since the last call.
func (w *world) take() []string {
	facts := w.facts
	w.facts = nil
	return facts
}

// expect compares the facts since the last call.
func (w *world) expect(want ...string) {
	w.t.Helper()
	if got := w.take(); !slices.Equal(got, want) {
		w.t.Errorf("facts\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// credits makes a meter_credit benefit on the world's meter.
func (w *world) credits(units int64, rollover bool) string {
	w.t.Helper()
	return ok(w.CreateBenefit(w.t.Context(), Benefit{
		Type: BenefitMeterCredit, Description: "Credits", Units: units, Rollover: rollover, MeterID: w.meter.ID,
	}))(w.t).ID
}

// product makes a product with one fixed price; more prices may follow.
func (w *world) product(every Interval, amount int64, benefits []string, more ...Price) Product {
	w.t.Helper()
	name := "Product"
	p := ok(w.CreateProduct(w.t.Context(), ProductInput{
		Name: &name, Interval: every, Prices: append([]Price{{Kind: Fixed, Amount: amount}}, more...),
	}))(w.t)
	return ok(w.SetBenefits(w.t.Context(), p.ID, benefits))(w.t)
}

// buy pays for a product and returns the outcome.
func (w *world) buy(p Product, email string) Confirmed {
	w.t.Helper()
	c := ok(w.CreateCheckout(w.t.Context(), CheckoutInput{ProductIDs: []string{p.ID}, AllowTrial: true, AllowDiscountCodes: true}))(w.t)
	return ok(w.ConfirmCheckout(w.t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email}, CardSucceeds))(w.t)
}

// subscription is the current form of the subscription that a checkout made.
func (w *world) subscription(done Confirmed) Subscription {
	w.t.Helper()
	return ok(w.Subscription(done.Checkout.SubscriptionID))(w.t)
}

// use ingests events of the world's meter, one per amount.
func (w *world) use(customerID string, amounts ...string) {
	w.t.Helper()
	var batch []EventInput
	for _, amount := range amounts {
		batch = append(batch, EventInput{Name: "use", CustomerID: customerID, Metadata: Metadata{"credits": json.Number(amount)}})
	}
	_, _, err := w.Ingest(w.t.Context(), batch)
	must(w.t, err)
}

// standing is the customer's row on the world's meter.
func (w *world) standing(customerID string) CustomerMeter {
	w.t.Helper()
	for _, m := range w.MetersOf(customerID) {
		if m.MeterID == w.meter.ID {
			return m
		}
	}
	return CustomerMeter{}
}

// pass moves the clock to the moment and does what is due.
func (w *world) pass(to time.Time) {
	w.t.Helper()
	must(w.t, w.AdvanceTo(w.t.Context(), to))
}

// ok turns a result with an error into a value that fails the test.
func ok[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// must fails the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
