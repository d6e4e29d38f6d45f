package handlers

import (
	"net/url"
	"strconv"
	"time"

	"counterfoil/views"
)

// span is a range of whole days, both ends included, in UTC.
type span struct {
	from, to time.Time
	days     int    // of the choice; 0 for a range typed in
	problem  string // message about a range that cannot be shown; the default is shown
}

// spanChoices are the ranges offered, in days.
var spanChoices = []int{7, 30, 90, 365}

const (
	defaultDays = 30
	mostDays    = 3650
)

// spanOf reads ?days= or ?from=&to=.
func spanOf(query url.Values, now time.Time) span {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	last := func(days int) span { return span{from: today.AddDate(0, 0, 1-days), to: today, days: days} }
	if query.Get("from") != "" || query.Get("to") != "" {
		from, err1 := time.Parse(time.DateOnly, query.Get("from"))
		to, err2 := time.Parse(time.DateOnly, query.Get("to"))
		s := last(defaultDays)
		switch {
		case err1 != nil || err2 != nil:
			s.problem = "range.no_date"
		case to.Before(from):
			s.problem = "range.backwards"
		case to.Sub(from) > mostDays*24*time.Hour || from.Year() < 2000 || to.After(today.AddDate(1, 0, 0)):
			s.problem = "range.too_long"
		default:
			return span{from: from, to: to}
		}
		return s
	}
	for _, days := range spanChoices {
		if query.Get("days") == strconv.Itoa(days) {
			return last(days)
		}
	}
	return last(defaultDays)
}

// query is the span as the page's address carries it.
func (s span) query() url.Values {
	if s.days > 0 {
		return url.Values{"days": {strconv.Itoa(s.days)}}
	}
	return url.Values{"from": {s.from.Format(time.DateOnly)}, "to": {s.to.Format(time.DateOnly)}}
}

func (s span) links(t *views.Translator, meterID string) []views.Link {
	links := make([]views.Link, len(spanChoices))
	for i, days := range spanChoices {
		links[i] = views.Link{
			URL:     "/usage/" + url.PathEscape(meterID) + "?days=" + strconv.Itoa(days),
			Text:    t.T("range.days_" + strconv.Itoa(days)),
			Current: s.days == days,
		}
	}
	return links
}
