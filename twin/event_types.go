package twin

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// EventType is how a kind of event is called on the merchant's pages. Every name that was ever seen has one.
type EventType struct {
	ID string
	Stamp
	Name, Label, Selector string
	Source                string
	Count                 int64 // events so far; counted when asked, as are the two times
	First, Last           time.Time
}

// eventTypeSpace makes ids of names that nobody has labelled yet.
var eventTypeSpace = uuid.MustParse("6f0c37a3-9f7b-4a49-8a8f-5b1b3f2b8c11")

// EventTypes counts the events by name and source, in order of first ingestion.
func (v *View) EventTypes() []*EventType {
	seen := map[string]*EventType{}
	var types []*EventType
	for _, event := range v.events.all() {
		key := event.Source + " " + event.Name
		t, known := seen[key]
		if !known {
			t = &EventType{
				ID: eventTypeID(event), Stamp: Stamp{CreatedAt: event.IngestedAt},
				Name: event.Name, Label: event.Name, Source: event.Source, First: event.Timestamp, Last: event.Timestamp,
			}
			if named, ok := v.eventTypes.rows[t.ID]; ok {
				t.Label, t.Selector, t.ModifiedAt = named.Label, named.Selector, named.ModifiedAt
			}
			seen[key] = t
			types = append(types, t)
		}
		t.Count++
		t.Last = later(t.Last, event.Timestamp)
		if event.Timestamp.Before(t.First) {
			t.First = event.Timestamp
		}
	}
	return types
}

// LabelEventType names a kind of event; selector is the metadata key whose value labels single events, "" for
// none. Errors: ErrNotFound, *Invalid.
func (e *Engine) LabelEventType(ctx context.Context, id, label, selector string) (EventType, error) {
	var t EventType
	err := e.write(ctx, func(x *tx) error {
		if label == "" {
			return invalid("String should have at least 1 character", "label")
		}
		for _, known := range x.EventTypes() {
			if known.ID == id {
				t = *known
				t.Label, t.Selector, t.Stamp = label, selector, x.touched(t.Stamp)
				put(x, x.eventTypes, t)
				return nil
			}
		}
		return ErrNotFound
	})
	return t, err
}

// EventLabel is how an event's kind was labelled by the merchant, or "".
func (v *View) EventLabel(event *Event) string {
	if len(v.eventTypes.rows) == 0 {
		return ""
	}
	id := eventTypeID(event)
	if t, ok := v.eventTypes.rows[id]; ok {
		return t.Label
	}
	return ""
}

// eventTypeID is the id of an event's kind, the same every time.
func eventTypeID(event *Event) string {
	return uuid.NewSHA1(eventTypeSpace, []byte(event.Source+" "+event.Name)).String()
}
