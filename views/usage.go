package views

// Usage is the page of all meters.
type Usage struct {
	Meters []Meter
	Send   SendEvent // shown when there is nothing to show yet
}

// Meter is one meter as a card: what is used, what is included, what is left.
type Meter struct {
	ID       string // the last part of /usage/{ID}
	Name     string
	Consumed string // this period: "1,240"
	Included string // "2,000"; "" when nothing is included
	Balance  string // "760"; with its sign when below zero
	Over     bool   // the balance is below zero
	Checking bool   // nobody may spend by it for the moment; no figures then
	Percent  int    // consumed of included, 0 to 100 and beyond; drawn up to 100
	Resets   Time   // zero: never
	Trend    Sparkline
	Credits  string // link to its wallet; may be ""
}

// MeterDetail is the page of one meter over a range of days.
type MeterDetail struct {
	Meter   Meter
	Ranges  []Link // 7 days, 30 days, 90 days, 12 months
	From    string // 2026-11-01, first day shown, in the reader's zone
	To      string // 2026-11-21, last day shown
	Error   string // about a range that cannot be shown; may be ""
	Total   string // used in the range
	Average string // a day
	Peak    string // on the busiest day, with the day; may be ""
	Chart   BarChart
	Events  []EventRow // newest first
	Older   string     // link; "" on the last page
	Send    SendEvent
}

// EventRow is one use, as reported.
type EventRow struct {
	At       Time
	Name     string
	Quantity string
	Metadata string // "model=large, tokens=812"; may be ""
	State    EventState
	Error    string // the provider's last answer when it failed; may be ""
	Note     string // what else is to be known of it; may be ""
}

// EventState is where an event stands on its way to the provider.
type EventState string

// States of an event.
const (
	EventQueued EventState = "queued"
	EventSent   EventState = "sent"
	EventFailed EventState = "failed" // refused by the provider; kept
)

// SendEvent is the form that reports a use by hand, and the same as a command.
// It posts "event", repeated "key" and "value", "event_id" and "return" to Action;
// with no Action nothing can be sent by hand and it is not shown.
type SendEvent struct {
	Action  string  // "/usage/events"
	EventID string  // unique per form, so that sending twice counts once
	Event   string  // name of the event
	Fields  []Field // metadata; two empty rows are added
	Error   string
	Curl    string // the same event as a command to copy; "" hides it
}

// Field is one key with its value.
type Field struct {
	Key   string
	Value string
}
