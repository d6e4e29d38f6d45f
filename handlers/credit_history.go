package handlers

import (
	"net/http"
	"net/url"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// creditHistory fills in the days, the filters and the way to older days.
func (s *Server) creditHistory(r *http.Request, t *views.Translator, who auth.Visitor, wallet db.Wallet, model *views.Credits) error {
	query := r.URL.Query()
	cause := billing.Cause(query.Get("cause"))
	if _, known := causeViews[cause]; !known {
		cause = ""
	}
	before, err := time.Parse(time.DateOnly, query.Get("before"))
	if err != nil && query.Get("before") != "" {
		return say(billing.ErrInvalid, "range.no_date")
	}
	days, err := s.Store.CreditDays(r.Context(), who.CustomerID, wallet.Meter, cause, before, creditDaysPerPage)
	if err != nil {
		return err
	}
	address := func(cause billing.Cause, before string) string {
		v := url.Values{"meter": {wallet.Meter.ProviderID}}
		if cause != "" {
			v.Set("cause", string(cause))
		}
		if before != "" {
			v.Set("before", before)
		}
		return "/credits?" + v.Encode()
	}
	model.Causes = []views.Link{{URL: address("", ""), Text: t.T("credits.all"), Current: cause == ""}}
	for _, c := range []billing.Cause{billing.CauseGranted, billing.CauseUsed, billing.CauseCarriedOver, billing.CauseExpired, billing.CauseRevoked} {
		model.Causes = append(model.Causes, views.Link{URL: address(c, ""), Text: t.T("credits.cause." + string(causeViews[c])), Current: cause == c})
	}
	for _, d := range days {
		model.Days = append(model.Days, creditDay(t, wallet, d))
	}
	if !before.IsZero() {
		model.NewerURL = address(cause, "")
	}
	if len(days) == creditDaysPerPage {
		model.OlderURL = address(cause, days[len(days)-1].Day.Format(time.DateOnly))
	}
	return nil
}

// creditDay is a day of history, its latest line first.
func creditDay(t *views.Translator, wallet db.Wallet, d db.CreditDay) views.CreditDay {
	day := views.CreditDay{
		Day: t.Day(d.Day), Net: t.SignedCredits(int64(d.Net())), Closing: t.Credits(int64(d.Closing)),
		URL: "/credits/" + d.Day.Format(time.DateOnly) + "?meter=" + url.QueryEscape(wallet.Meter.ProviderID),
	}
	for i := len(d.Lines) - 1; i >= 0; i-- {
		line := d.Lines[i]
		entry := views.CreditEntry{
			Cause: causeViews[line.Cause], Amount: t.SignedCredits(int64(line.Credits)), Added: line.Credits > 0,
			Balance: t.Credits(int64(line.Balance)),
		}
		if line.Cause == billing.CauseUsed {
			entry.Detail = t.N("credits.events", line.Entries)
		}
		day.Entries = append(day.Entries, entry)
	}
	return day
}

// showCreditDay handles GET /credits/{day}?meter=...: each movement of one day, and
// the events behind what was used.
func (s *Server) showCreditDay(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.customerFrame(r, who, "credits.title", views.NavCredits)
	if err != nil {
		return err
	}
	day, err := time.Parse(time.DateOnly, r.PathValue("day"))
	if err != nil {
		return billing.ErrNotFound
	}
	wallet, _, err := s.wallet(r, page.T, who)
	if err != nil {
		return err
	}
	if wallet == nil {
		return billing.ErrNotFound
	}
	ctx, t := r.Context(), page.T
	moved, entries, err := s.Store.CreditDay(ctx, who.CustomerID, wallet.Meter, day)
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	events, next, err := s.Store.DayEvents(ctx, who.CustomerID, wallet.Meter, day, before, eventsPerPage)
	if err != nil {
		return err
	}
	back := "/credits?meter=" + url.QueryEscape(wallet.Meter.ProviderID)
	model := views.CreditDayDetail{Meter: wallet.MeterName, BackURL: back, Day: creditDay(t, *wallet, moved), Opening: t.Credits(int64(moved.Opening))}
	model.Day.URL = ""
	timeOfEntries(t, &model.Day, moved, entries)
	for _, e := range events {
		model.Events = append(model.Events, eventRow(t, e))
	}
	if next != "" {
		query := url.Values{"meter": {wallet.Meter.ProviderID}, "before": {next}}
		model.More = r.URL.Path + "?" + query.Encode()
	}
	page.Title = t.Date(day).Text
	return s.render(w, r, http.StatusOK, views.CreditDayPage(page, model))
}

// timeOfEntries says when a cause moved the wallet, where it did so once that day.
func timeOfEntries(t *views.Translator, day *views.CreditDay, moved db.CreditDay, entries []db.CreditEntry) {
	for i := range day.Entries {
		line := moved.Lines[len(moved.Lines)-1-i]
		for _, e := range entries {
			if e.Cause == line.Cause && line.Entries == 1 {
				day.Entries[i].At = t.Clock(e.At)
			}
		}
	}
}
