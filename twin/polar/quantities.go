package polar

import (
	"net/http"
	"time"

	"counterfoil/twin"
)

// quantities answers what a meter counted.
type quantities struct {
	Quantities []quantity    `json:"quantities"`
	Total      twin.Quantity `json:"total"`
}

type quantity struct {
	Timestamp instant       `json:"timestamp"`
	Quantity  twin.Quantity `json:"quantity"`
}

// getQuantities: GET /v1/meters/{id}/quantities
func (s *Server) getQuantities(v *twin.View, r *http.Request, q query) (any, error) {
	m, err := v.Meter(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	ask := twin.QuantityQuery{
		From: q.moment("start_timestamp"), To: q.moment("end_timestamp"), Interval: twin.Interval(q.Get("interval")), Zone: time.UTC,
		Customers: append([]string{}, q.all("customer_id")...),
	}
	for _, key := range []string{"start_timestamp", "end_timestamp", "interval"} {
		if q.Get(key) == "" {
			q.say(key, "missing", "Field required", nil)
		}
	}
	switch ask.Interval {
	case "", twin.Hour, twin.Day, twin.Week, twin.Month, twin.Year:
	default:
		q.say("interval", "enum", "Input should be 'year', 'month', 'week', 'day' or 'hour'", ask.Interval)
	}
	if name := q.Get("timezone"); name != "" {
		if ask.Zone, err = time.LoadLocation(name); err != nil {
			q.say("timezone", "value_error", "Invalid timezone", name)
		}
	}
	for _, external := range q.all("external_customer_id") {
		ask.Customers = append(ask.Customers, v.ExternalOwner(external))
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	buckets, total := v.Quantities(*m, ask)
	out := quantities{Quantities: []quantity{}, Total: total}
	for _, b := range buckets {
		out.Quantities = append(out.Quantities, quantity{instant(b.Start), b.Quantity})
	}
	return out, nil
}
