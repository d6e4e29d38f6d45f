package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// showMeter handles GET /usage/{meter}?days=30 or ?from=2026-11-01&to=2026-11-21.
func (s *Server) showMeter(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.customerFrame(r, who, "usage.title", views.NavUsage)
	if err != nil {
		return err
	}
	return s.meterPage(w, r, who, page, http.StatusOK, nil)
}

// meterPage shows a meter; send, when given, is the form as it came back.
func (s *Server) meterPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, page views.Page, status int, send *views.SendEvent) error {
	ctx, t := r.Context(), page.T
	sh, err := s.shelf(ctx)
	if err != nil {
		return err
	}
	meter, ok := sh.meters[r.PathValue("meter")]
	if !ok {
		return billing.ErrNotFound
	}
	span := spanOf(r.URL.Query(), s.Now().UTC())
	days, err := s.Store.UsageByDay(ctx, who.CustomerID, meter.Ref(), span.from, span.to)
	if err != nil {
		return err
	}
	events, next, err := s.Store.RecentEvents(ctx, who.CustomerID, meter.Ref(), r.URL.Query().Get("before"), eventsPerPage)
	if err != nil {
		return err
	}
	model := views.MeterDetail{
		From: span.from.Format(time.DateOnly), To: span.to.Format(time.DateOnly), Send: s.sendForm(meter),
		Ranges: span.links(t, meter.ProviderID), Chart: usageChart(t, meter, days),
	}
	if span.problem != "" {
		status, model.Error = http.StatusBadRequest, t.T(span.problem)
	}
	if send != nil {
		model.Send = *send
	}
	if model.Meter, err = s.oneMeter(ctx, t, sh, who, meter); err != nil {
		return err
	}
	sumUp(t, &model, days)
	for _, e := range events {
		model.Events = append(model.Events, eventRow(t, e))
	}
	if next != "" {
		query := span.query()
		query.Set("before", next)
		model.Older = "/usage/" + url.PathEscape(meter.ProviderID) + "?" + query.Encode()
	}
	page.Title = meter.Name
	return s.render(w, r, status, views.MeterPage(page, model))
}

// oneMeter is the card of one meter; empty while it never moved.
func (s *Server) oneMeter(ctx context.Context, t *views.Translator, sh shelf, who auth.Visitor, meter billing.Meter) (views.Meter, error) {
	wallets, err := s.wallets(ctx, who.CustomerID)
	if err != nil {
		return views.Meter{}, err
	}
	i := slices.IndexFunc(wallets, func(w db.Wallet) bool { return w.Meter == meter.Ref() })
	if i < 0 {
		return views.Meter{ID: meter.ProviderID, Name: meter.Name, Consumed: t.Credits(0)}, nil
	}
	subs, err := s.Store.Subscriptions(ctx, who.CustomerID)
	if err != nil {
		return views.Meter{}, err
	}
	return s.trended(ctx, t, who.CustomerID, wallets[i], meterCard(t, sh, wallets[i], subs))
}

// sumUp adds the figures above the chart.
func sumUp(t *views.Translator, model *views.MeterDetail, days []db.UsageDay) {
	var total, peak billing.Credits
	var busiest time.Time
	for _, d := range days {
		total += d.Units
		if d.Units > peak {
			peak, busiest = d.Units, d.Day
		}
	}
	model.Total = t.Credits(int64(total))
	average := total / billing.Credits(max(1, len(days)))
	model.Average = t.Credits(int64((average / 10_000) * 10_000)) // to two decimals
	if peak > 0 {
		model.Peak = t.T("meter.peak_on", "Units", t.Credits(int64(peak)), "Day", t.ShortDay(busiest))
	}
}

// barsAtMost is how many bars fit; a longer span is drawn by week.
const barsAtMost = 100

func usageChart(t *views.Translator, meter billing.Meter, days []db.UsageDay) views.BarChart {
	chart := views.BarChart{ID: "usage", Title: t.T("meter.chart", "Meter", meter.Name), Unit: meterNoun(meter.Name), Scale: int64(billing.CreditScale)}
	step := 1
	if len(days) > barsAtMost {
		step, chart.Title = 7, t.T("meter.chart_weeks", "Meter", meter.Name)
	}
	for i := 0; i < len(days); i += step {
		week := days[i:min(i+step, len(days))]
		var units billing.Credits
		for _, d := range week {
			units += d.Units
		}
		name := t.Day(week[0].Day).Text
		if step > 1 {
			name = t.T("meter.week", "From", t.ShortDay(week[0].Day), "To", t.Date(week[len(week)-1].Day).Text)
		}
		chart.Bars = append(chart.Bars, views.Bar{
			Label: t.ShortDay(week[0].Day), Name: name, Value: int64(units), Text: t.Credits(int64(units)),
		})
	}
	return chart
}

// eventStates translates where an event stands into the reader's words.
var eventStates = map[db.UsageState]views.EventState{
	db.UsageWaiting: views.EventQueued, db.UsageLeased: views.EventQueued, db.UsageSent: views.EventSent,
	db.UsageForeign: views.EventSent, db.UsageParked: views.EventFailed, db.UsageDismissed: views.EventFailed,
}

func eventRow(t *views.Translator, e db.UsageEvent) views.EventRow {
	row := views.EventRow{
		At: t.DateTime(e.OccurredAt), Name: e.Name, Metadata: metadataText(e.Metadata), State: eventStates[e.State],
	}
	if e.State == db.UsageParked || e.State == db.UsageDismissed {
		row.Error = t.T("event.refused") // the kept reason is for operators: it may hold addresses and names of ours
	}
	if e.NextCycle {
		row.Note = t.T("event.next_cycle")
	}
	if e.Units != 0 {
		row.Quantity = t.Credits(int64(e.Units))
	}
	return row
}

// metadataText writes metadata as "model=large, tokens=812", keys in order.
func metadataText(metadata map[string]any) string {
	pairs := make([]string, 0, len(metadata))
	for key, value := range metadata {
		text, ok := value.(string)
		if !ok {
			raw, err := json.Marshal(value)
			if err != nil {
				continue
			}
			text = string(raw)
		}
		pairs = append(pairs, fmt.Sprintf("%s=%s", key, text))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ", ")
}
