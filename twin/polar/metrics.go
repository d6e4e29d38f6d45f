package polar

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"counterfoil/twin"
)

// metricKinds are the metrics of the twin, with their type on the wire.
var metricKinds = map[string]string{
	"orders": "scalar", "revenue": "currency", "net_revenue": "currency", "cumulative_revenue": "currency",
	"net_cumulative_revenue": "currency", "average_order_value": "currency", "net_average_order_value": "currency",
	"one_time_products": "scalar", "one_time_products_revenue": "currency", "one_time_products_net_revenue": "currency",
	"new_subscriptions": "scalar", "new_subscriptions_revenue": "currency", "new_subscriptions_net_revenue": "currency",
	"renewed_subscriptions": "scalar", "renewed_subscriptions_revenue": "currency", "renewed_subscriptions_net_revenue": "currency",
	"active_subscriptions": "scalar", "committed_subscriptions": "scalar", "monthly_recurring_revenue": "currency",
	"committed_monthly_recurring_revenue": "currency", "average_revenue_per_user": "currency",
	"churned_subscriptions": "scalar", "churn_rate": "percentage", "ltv": "currency", "canceled_subscriptions": "scalar",
	"canceled_subscriptions_customer_service": "scalar", "canceled_subscriptions_low_quality": "scalar",
	"canceled_subscriptions_missing_features": "scalar", "canceled_subscriptions_switched_service": "scalar",
	"canceled_subscriptions_too_complex": "scalar", "canceled_subscriptions_too_expensive": "scalar",
	"canceled_subscriptions_unused": "scalar", "canceled_subscriptions_other": "scalar",
	"checkouts": "scalar", "succeeded_checkouts": "scalar", "checkouts_conversion": "percentage",
	"costs": "currency_sub_cent", "cumulative_costs": "currency_sub_cent", "cost_per_user": "currency_sub_cent",
	"active_user_by_event": "scalar", "gross_margin": "currency", "gross_margin_percentage": "percentage", "cashflow": "currency",
}

// metric describes one metric.
type metric struct {
	Slug        string `json:"slug"`
	DisplayName string `json:"display_name"`
	Type        string `json:"type"`
}

// metrics answers how business went. A period is an object of metrics with its timestamp.
type metrics struct {
	Periods []map[string]any         `json:"periods"`
	Totals  map[string]twin.Quantity `json:"totals"`
	Metrics map[string]metric        `json:"metrics"`
}

// daysLimit is how many days one answer may span.
type daysLimit struct {
	Min int `json:"min_days"`
	Max int `json:"max_days"`
}

// metricLimits are the spans that the provider allows for each interval.
var metricLimits = map[twin.Interval]daysLimit{
	twin.Hour: {0, 7}, twin.Day: {0, 366}, twin.Week: {7, 1461}, twin.Month: {28, 3653}, twin.Year: {365, 3653},
}

// metricsBegin is the first day that can be asked for.
const metricsBegin = "2023-05-24"

// getMetrics: GET /v1/metrics/
func (s *Server) getMetrics(v *twin.View, _ *http.Request, q query) (any, error) {
	ask := twin.MetricsQuery{
		Zone: time.UTC, Interval: twin.Interval(q.Get("interval")),
		Products: q.all("product_id"), Customers: q.all("customer_id"), BillingType: q.all("billing_type"),
	}
	if name := q.Get("timezone"); name != "" {
		zone, err := time.LoadLocation(name)
		if err != nil {
			q.say("timezone", "value_error", "Invalid timezone", name)
		} else {
			ask.Zone = zone
		}
	}
	ask.From, ask.To = q.date("start_date", ask.Zone), q.date("end_date", ask.Zone)
	limit, known := metricLimits[ask.Interval]
	switch days := int(ask.To.Sub(ask.From) / (24 * time.Hour)); {
	case !known:
		q.say("interval", "enum", "Input should be 'year', 'month', 'week', 'day' or 'hour'", ask.Interval)
	case ask.To.Before(ask.From):
		q.say("end_date", "value_error", "End date must be after start date.", q.Get("end_date"))
	case days > limit.Max:
		q.say("interval", "value_error", "The interval is too small for the given date range.", ask.Interval)
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	ask.To = ask.To.AddDate(0, 0, 1).Add(-time.Microsecond) // the last day counts
	periods, totals := v.Metrics(ask)
	return shapeMetrics(periods, totals, q.all("metrics")), nil
}

// shapeMetrics shows the wanted metrics, or all of them.
func shapeMetrics(periods []twin.Metrics, totals twin.Metrics, wanted []string) metrics {
	out := metrics{Periods: []map[string]any{}, Totals: map[string]twin.Quantity{}, Metrics: map[string]metric{}}
	for slug, kind := range metricKinds {
		if len(wanted) > 0 && !slices.Contains(wanted, slug) {
			continue
		}
		words := strings.ReplaceAll(slug, "_", " ")
		out.Metrics[slug] = metric{slug, strings.ToUpper(words[:1]) + words[1:], kind}
		out.Totals[slug] = totals.Values[slug]
	}
	for _, p := range periods {
		row := map[string]any{"timestamp": instant(p.Start)}
		for slug := range out.Metrics {
			row[slug] = p.Values[slug]
		}
		out.Periods = append(out.Periods, row)
	}
	return out
}

// date reads a required day, which begins at midnight in zone.
func (q query) date(key string, zone *time.Location) time.Time {
	text := q.Get(key)
	if text == "" {
		q.say(key, "missing", "Field required", nil)
		return time.Time{}
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil || text < metricsBegin {
		q.say(key, "date_from_datetime_parsing", "Input should be a valid date", text)
	}
	return day
}

// getMetricsLimits: GET /v1/metrics/limits
func (s *Server) getMetricsLimits(*twin.View, *http.Request, query) (any, error) {
	return struct {
		MinDate   string                      `json:"min_date"`
		Intervals map[twin.Interval]daysLimit `json:"intervals"`
	}{metricsBegin, metricLimits}, nil
}
