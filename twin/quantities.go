package twin

import "time"

// Bucket is the quantity of one interval that starts at Start.
type Bucket struct {
	Start    time.Time
	Quantity Quantity
}

// QuantityQuery asks what a meter counted. Customers empty means all; Zone is where days begin.
type QuantityQuery struct {
	From, To  time.Time
	Interval  Interval
	Zone      *time.Location
	Customers []string // customer ids, or "external:" + external id for not yet known ones
}

// Quantities counts a meter per interval by the events' own timestamps, empty intervals included, and over
// the whole range.
func (v *View) Quantities(meter Meter, q QuantityQuery) ([]Bucket, Quantity) {
	starts := bucketStarts(q)
	perBucket := make([][]*Event, len(starts))
	var all []*Event
	for _, row := range v.candidates(q.Customers) {
		if row.Source != "user" || row.Timestamp.Before(q.From) || row.Timestamp.After(q.To) || !meter.Filter.matches(row) {
			continue
		}
		i := len(starts) - 1
		for i > 0 && starts[i].After(row.Timestamp) {
			i--
		}
		perBucket[i] = append(perBucket[i], row)
		all = append(all, row)
	}
	buckets := make([]Bucket, len(starts))
	for i, start := range starts {
		buckets[i] = Bucket{Start: start, Quantity: meter.over(perBucket[i])}
	}
	return buckets, meter.over(all)
}

// candidates are the events of the named customers, or all.
func (v *View) candidates(customers []string) []*Event {
	if len(customers) == 0 {
		return v.events.all()
	}
	var rows []*Event
	for _, id := range customers {
		rows = append(rows, v.events.by(eventsByOwner, id)...)
	}
	return rows
}

// over aggregates events that are known to match.
func (m Meter) over(events []*Event) Quantity {
	if m.Func == "unique" {
		return Units(distinct(events, m.Property))
	}
	var t Tally
	for _, v := range events {
		if value, ok := m.value(v); ok {
			t.add(value)
		}
	}
	return t.result(m.Func)
}

// maxBuckets bounds one answer.
const maxBuckets = 10_000

// bucketStarts lists the interval starts from the one that holds From to the one that holds To; at least one.
func bucketStarts(q QuantityQuery) []time.Time {
	at := truncate(q.From.In(q.Zone), q.Interval)
	starts := []time.Time{at}
	for at = q.Interval.After(at, 1); !at.After(q.To) && len(starts) < maxBuckets; at = q.Interval.After(at, 1) {
		starts = append(starts, at)
	}
	return starts
}

// truncate is the start of the interval that holds t, in t's zone; weeks begin on Monday.
func truncate(t time.Time, interval Interval) time.Time {
	y, m, d := t.Date()
	switch interval {
	case Hour:
		return time.Date(y, m, d, t.Hour(), 0, 0, 0, t.Location())
	case Week:
		return time.Date(y, m, d-(int(t.Weekday())+6)%7, 0, 0, 0, 0, t.Location())
	case Month:
		return time.Date(y, m, 1, 0, 0, 0, 0, t.Location())
	case Year:
		return time.Date(y, 1, 1, 0, 0, 0, 0, t.Location())
	default:
		return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
	}
}
