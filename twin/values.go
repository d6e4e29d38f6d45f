package twin

import (
	"bytes"
	"encoding/json"
	"time"
)

// Stamp is when an object was made and last changed. ModifiedAt is zero until the first change.
type Stamp struct {
	CreatedAt  time.Time
	ModifiedAt time.Time
}

// Address is a postal address. Country is an ISO 3166 alpha-2 code and the only required part.
type Address struct {
	Line1      string `json:"line1,omitempty"`
	Line2      string `json:"line2,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	City       string `json:"city,omitempty"`
	State      string `json:"state,omitempty"`
	Country    string `json:"country"`
}

// Metadata is a flat map of strings, booleans and json.Number values (numbers keep the text they came with).
// Events may also hold the objects `_cost` and `_llm`.
type Metadata map[string]any

// UnmarshalJSON keeps numbers as json.Number, so that 10 stays 10 and 0.1 stays exact.
func (m *Metadata) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var plain map[string]any
	if err := dec.Decode(&plain); err != nil {
		return err
	}
	*m = plain
	return nil
}

// MarshalJSON writes an absent map as {}: the wire never says null here.
func (m Metadata) MarshalJSON() ([]byte, error) {
	if m == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(map[string]any(m))
}

// String returns the string under key, or "".
func (m Metadata) String(key string) string {
	s, _ := m[key].(string) // another type reads as absent
	return s
}

// Interval is the length of a billing period, trial or chart bucket.
type Interval string

// The intervals. Hour is only for meter quantities; the empty interval of a product means one-time.
const (
	Hour  Interval = "hour"
	Day   Interval = "day"
	Week  Interval = "week"
	Month Interval = "month"
	Year  Interval = "year"
)

// After returns t plus n intervals. A month or year that lacks the day ends on its last day (31 January plus
// one month is 28 or 29 February).
func (i Interval) After(t time.Time, n int) time.Time {
	switch i {
	case Hour:
		return t.Add(time.Duration(n) * time.Hour)
	case Day:
		return t.AddDate(0, 0, n)
	case Week:
		return t.AddDate(0, 0, 7*n)
	case Year:
		return addMonths(t, 12*n)
	default:
		return addMonths(t, n)
	}
}

// addMonths adds calendar months and clips the day to the target month.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location()).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}
