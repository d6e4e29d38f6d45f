package polar_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"
	polartypes "github.com/polarsource/polar-go/types"

	"counterfoil/twin"
	"counterfoil/twin/server"
)

// TestExports: the three tables, by polar-go and by a CSV reader.
func TestExports(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	for name, test := range map[string]struct {
		text *string
		rows int
		cell string
	}{
		"customers":     {ok(w.api.Customers.Export(ctx, nil))(t).Res, 2, "sam@example.com"},
		"subscriptions": {ok(w.api.Subscriptions.Export(ctx, nil))(t).Res, 2, "24.00"},
		"orders":        {ok(w.api.Orders.Export(ctx, nil, nil))(t).Res, len(w.Engine.OrdersOf(w.customer("sam@example.com").ID)) + len(w.Engine.OrdersOf(w.customer("pat@example.com").ID)), "LUMEN-0001"},
	} {
		if test.text == nil {
			t.Errorf("%s: nothing", name)
			continue
		}
		rows := ok(csv.NewReader(strings.NewReader(*test.text)).ReadAll())(t)
		if len(rows) != test.rows+1 || !strings.Contains(*test.text, test.cell) {
			t.Errorf("%s: %d rows\n%s", name, len(rows), *test.text)
		}
	}
	if status, _, _ := w.call("GET", "/v1/orders/export", "", ""); status != 401 {
		t.Errorf("without a token: %d", status)
	}
}

// TestMetrics by polar-go: the demo's business of the last months.
func TestMetrics(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	now := w.Engine.Now()
	half := time.Date(now.Year(), now.Month()-6, 1, 0, 0, 0, 0, time.UTC) // not every month has a 31st
	ask := operations.MetricsGetRequest{
		StartDate: polartypes.DateFromTime(half), EndDate: polartypes.DateFromTime(now), Interval: components.TimeIntervalMonth,
	}
	got := ok(w.api.Metrics.Get(ctx, ask))(t).MetricsResponse
	if n := len(got.Periods); n != 7 || got.Totals.Orders.Integer == nil || *got.Totals.Orders.Integer < 10 {
		t.Errorf("%d periods, totals %+v", n, got.Totals.Orders)
	}
	if m := got.Metrics.Revenue; m == nil || m.Type != components.MetricTypeCurrency || m.DisplayName != "Revenue" {
		t.Errorf("revenue is %+v", m)
	}
	ask.Interval = components.TimeIntervalHour
	if _, err := w.api.Metrics.Get(ctx, ask); err == nil {
		t.Error("hours of half a year")
	}
	if limits := ok(w.api.Metrics.Limits(ctx))(t).MetricsLimits; limits.Intervals.Day.MaxDays != 366 {
		t.Errorf("limits %+v", limits)
	}
	day := now.Format(time.DateOnly)
	only := w.get("/v1/metrics/?metrics=orders&interval=day&start_date=" + day + "&end_date=" + day)
	if period := only["periods"].([]any)[0].(map[string]any); len(period) != 2 || len(only["metrics"].(map[string]any)) != 1 {
		t.Errorf("one metric: %v", only)
	}
	for _, bad := range []string{"", "?interval=day&start_date=2020-01-01&end_date=" + day, "?interval=moon&start_date=" + day + "&end_date=" + day} {
		if status, _, _ := w.call("GET", "/v1/metrics/"+bad, server.OrganizationToken, ""); status != 422 {
			t.Errorf("%q: %d", bad, status)
		}
	}
}

// TestCheckoutStream: somebody watches a checkout until its webhook has arrived.
func TestCheckoutStream(t *testing.T) {
	shop := newReceiver(t, nil)
	w := newWorld(t, shop.URL)
	c := ok(w.Engine.CreateCheckout(t.Context(), twin.CheckoutInput{ProductIDs: []string{w.product("pro").ID}}))(t)
	if status, _, body := w.call("POST", "/v1/checkouts/client/"+c.ClientSecret+"/opened", "", "{}"); status != 200 || !strings.Contains(body, `"status":"open"`) {
		t.Errorf("opened: %d %.100s", status, body)
	}
	res := ok(http.Get(w.BaseURL + "/v1/checkouts/client/" + c.ClientSecret + "/stream"))(t)
	defer res.Body.Close()
	if res.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("header %v", res.Header)
	}
	ok(w.Engine.ConfirmCheckout(t.Context(), c.ID, twin.CheckoutEdit{CustomerEmail: polargo.String("noor@example.com")}, twin.CardSucceeds))(t)
	var keys []string
	for lines := bufio.NewScanner(res.Body); lines.Scan(); { // the stream ends by itself
		data, isData := strings.CutPrefix(lines.Text(), "data: ")
		if !isData {
			continue
		}
		var news struct {
			Key     string
			Payload struct{ Status string }
		}
		must(t, json.Unmarshal([]byte(data), &news))
		keys = append(keys, news.Key+" "+news.Payload.Status)
	}
	want := "checkout.updated succeeded, checkout.order_created succeeded, checkout.subscription_created succeeded, checkout.webhook_event_delivered succeeded"
	if got := strings.Join(keys, ", "); got != want {
		t.Errorf("told %s", got)
	}
	if status, _, _ := w.call("GET", "/v1/checkouts/client/polar_c_x/stream", "", ""); status != 404 {
		t.Errorf("an unknown secret: %d", status)
	}
}
