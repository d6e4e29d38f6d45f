package views

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// calendar holds the names of months and days in one language.
type calendar struct {
	months, shortMonths, weekdays []string
}

func newCalendar(texts map[string]text) calendar {
	return calendar{
		months:      strings.Fields(texts["calendar.months"].plain),
		shortMonths: strings.Fields(texts["calendar.months_short"].plain),
		weekdays:    strings.Fields(texts["calendar.weekdays"].plain),
	}
}

// name returns the i-th name, and "" when the catalogue lists too few.
func name(names []string, i int) string {
	if i < 0 || i >= len(names) {
		return ""
	}
	return names[i]
}

// Date is a day in the reader's zone: "3 December 2026". The zero time gives
// the zero Time, here and below.
func (t *Translator) Date(at time.Time) Time {
	return t.moment(at, "time.date")
}

// DateTime is a moment to the minute: "3 Dec 2026, 14:05".
func (t *Translator) DateTime(at time.Time) Time {
	return t.moment(at, "time.datetime")
}

// Instant is a moment to the minute with its zone, for readers who compare it with logs:
// "3 Dec 2026, 14:05 UTC".
func (t *Translator) Instant(at time.Time) Time {
	instant := t.moment(at, "time.datetime")
	if !at.IsZero() {
		instant.Text += " " + at.In(t.zone).Format("MST")
	}
	return instant
}

// Clock is the time of day: "14:05".
func (t *Translator) Clock(at time.Time) Time {
	return t.moment(at, "time.clock")
}

// Day is a whole day as a heading: "Thursday, 3 December 2026". Its machine
// form is the date.
func (t *Translator) Day(at time.Time) Time {
	day := t.moment(at, "time.day")
	if !at.IsZero() {
		day.Machine, day.Title = at.In(t.zone).Format(time.DateOnly), ""
	}
	return day
}

// ShortDay is a day on an axis: "3 Dec".
func (t *Translator) ShortDay(at time.Time) string {
	return t.moment(at, "time.short_day").Text
}

// ShortMonth is a month on an axis: "Dec 2026".
func (t *Translator) ShortMonth(at time.Time) string {
	return t.moment(at, "time.short_month").Text
}

// Ago says how long before now a moment was, up to a week; then it is a date.
// A moment after now counts as now: clocks differ a little.
func (t *Translator) Ago(at, now time.Time) Time {
	full := t.moment(at, "time.datetime")
	if at.IsZero() {
		return full
	}
	switch d := now.Sub(at); {
	case d < time.Minute:
		full.Text = t.T("time.now")
	case d < time.Hour:
		full.Text = t.N("time.minutes_ago", int64(d/time.Minute))
	case d < 24*time.Hour:
		full.Text = t.N("time.hours_ago", int64(d/time.Hour))
	case d < 7*24*time.Hour:
		full.Text = t.N("time.days_ago", int64(d/(24*time.Hour)))
	default:
		full.Text = t.Date(at).Text
	}
	return full
}

func (t *Translator) moment(at time.Time, pattern string) Time {
	if at.IsZero() {
		return Time{}
	}
	at = at.In(t.zone)
	month := int(at.Month()) - 1
	text := t.T(pattern,
		"Day", strconv.Itoa(at.Day()),
		"Month", name(t.tongue.calendar.months, month),
		"ShortMonth", name(t.tongue.calendar.shortMonths, month),
		"Year", strconv.Itoa(at.Year()),
		"Weekday", name(t.tongue.calendar.weekdays, int(at.Weekday())),
		"Clock", at.Format("15:04"),
	)
	return Time{
		Machine: at.Format(time.RFC3339),
		Text:    text,
		Title:   at.Format("2006-01-02 15:04:05 MST"),
	}
}

// upper returns letters in upper case as a string.
func upper(letters []rune) string {
	for i, r := range letters {
		letters[i] = unicode.ToUpper(r)
	}
	return string(letters)
}
