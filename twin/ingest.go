package twin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// EventInput is one event as a merchant reports it. Exactly one of CustomerID and ExternalCustomer is set.
type EventInput struct {
	Name             string
	CustomerID       string
	ExternalCustomer string
	ExternalID       string // "" for none; otherwise unique, a repeat is skipped
	Timestamp        time.Time
	ParentID         string
	MemberID         string
	ExternalMember   string
	Metadata         Metadata
}

// Limits of the provider on events and metadata.
const (
	maxEventName     = 128
	maxMetadataKeys  = 50
	maxMetadataKey   = 40
	maxMetadataValue = 500
)

// Ingest stores events and counts them on the meters. One invalid event refuses the whole batch. Errors:
// *Invalid.
func (e *Engine) Ingest(ctx context.Context, batch []EventInput) (inserted, duplicates int, err error) {
	err = e.write(ctx, func(x *tx) error {
		inserted, duplicates = 0, 0
		var wrong []FieldError
		for i, in := range batch {
			wrong = append(wrong, x.checkEvent(i, in)...)
		}
		if len(wrong) > 0 {
			return &Invalid{Fields: wrong}
		}
		counted := map[rowKey]bool{} // customer and unique meter, measured once per batch
		for _, in := range batch {
			if in.ExternalID != "" && len(x.events.by(eventsByExtID, in.ExternalID)) > 0 {
				duplicates++
				continue
			}
			inserted++
			x.count(x.storeEvent(in), counted)
		}
		for key := range counted {
			x.measure(key.kind, *x.meters.rows[key.id])
		}
		return nil
	})
	return inserted, duplicates, err
}

// checkEvent lists what is wrong with one event.
func (x *tx) checkEvent(i int, in EventInput) []FieldError {
	var wrong []FieldError
	say := func(msg, kind string, input any, path ...any) {
		wrong = append(wrong, FieldError{Loc: append([]any{"body", "events", i}, path...), Msg: msg, Type: kind, Input: input})
	}
	if in.Name == "" {
		say("Field required", "missing", nil, "name")
	}
	if utf8.RuneCountInString(in.Name) > maxEventName {
		say("String should have at most 128 characters", "string_too_long", in.Name, "name")
	}
	if in.CustomerID == "" && in.ExternalCustomer == "" {
		say("Field required", "missing", nil, "external_customer_id")
	}
	if in.CustomerID != "" && in.ExternalCustomer != "" {
		say("Extra inputs are not permitted", "extra_forbidden", in.ExternalCustomer, "external_customer_id")
	}
	if in.CustomerID != "" {
		if _, err := x.living(in.CustomerID); err != nil {
			say("Customer not found.", "value_error", in.CustomerID, "customer_id")
		}
	}
	if in.Timestamp.After(x.now) {
		say("Timestamp must be in the past.", "value_error", wireTime(in.Timestamp), "timestamp")
	}
	if in.ParentID != "" && !x.knownEvent(in.ParentID) {
		say("Parent event not found.", "value_error", in.ParentID, "parent_id")
	}
	for _, bad := range CheckMetadata(in.Metadata, true) {
		say(bad.Msg, bad.Type, bad.Input, append([]any{"metadata"}, bad.Loc...)...)
	}
	return wrong
}

// knownEvent reports whether an event has the id or external id.
func (v *View) knownEvent(id string) bool {
	return v.events.rows[id] != nil || len(v.events.by(eventsByExtID, id)) > 0
}

// CheckMetadata lists what is wrong with metadata; Loc is relative to it. Events may hold _cost and _llm.
func CheckMetadata(m Metadata, event bool) []FieldError {
	var wrong []FieldError
	if len(m) > maxMetadataKeys {
		wrong = append(wrong, FieldError{Msg: "Dictionary should have at most 50 items after validation", Type: "too_long"})
	}
	for key, value := range m {
		say := func(msg, kind string) {
			wrong = append(wrong, FieldError{Loc: []any{key}, Msg: msg, Type: kind, Input: value})
		}
		switch n := utf8.RuneCountInString(key); {
		case n == 0:
			say("String should have at least 1 character", "string_too_short")
		case n > maxMetadataKey:
			say("String should have at most 40 characters", "string_too_long")
		}
		switch value := value.(type) {
		case bool, json.Number:
		case string:
			switch n := utf8.RuneCountInString(value); {
			case n == 0:
				say("String should have at least 1 character", "string_too_short")
			case n > maxMetadataValue:
				say("String should have at most 500 characters", "string_too_long")
			}
		case map[string]any:
			if !event || key != "_cost" && key != "_llm" {
				say("Input should be a valid string", "string_type")
			}
		default:
			say(fmt.Sprintf("Input should be a valid string, not %T", value), "string_type")
		}
	}
	return wrong
}

// storeEvent stores a checked event and resolves its customer and parent.
func (x *tx) storeEvent(in EventInput) Event {
	at := x.stamp()
	v := Event{
		ID: newID(), Seq: x.nextSeq(), Timestamp: in.Timestamp, IngestedAt: at, Name: in.Name, Source: "user",
		CustomerID: in.CustomerID, ExternalCustomer: in.ExternalCustomer, ExternalID: in.ExternalID,
		ParentID: in.ParentID, MemberID: in.MemberID, ExternalMember: in.ExternalMember, Metadata: in.Metadata,
	}
	if v.Timestamp.IsZero() {
		v.Timestamp = at
	}
	if c, err := x.CustomerByExternal(in.ExternalCustomer); err == nil {
		v.CustomerID = c.ID
	} else if c, ok := x.customers.rows[in.CustomerID]; ok {
		v.ExternalCustomer = c.ExternalID
	}
	if parents := x.events.by(eventsByExtID, in.ParentID); in.ParentID != "" && len(parents) > 0 {
		v.ParentID = parents[0].ID
	}
	put(x, x.events, v)
	return v
}

// count adds a new event to the customer's meters; unique meters are left to be measured.
func (x *tx) count(v Event, measured map[rowKey]bool) {
	if v.CustomerID == "" {
		return // counted when the customer appears
	}
	for _, meter := range x.meters.all() {
		if !meter.ArchivedAt.IsZero() || !meter.Filter.matches(&v) {
			continue
		}
		if meter.Func == "unique" {
			measured[rowKey{v.CustomerID, meter.ID}] = true
			continue
		}
		m := x.customerMeter(v.CustomerID, meter.ID)
		if value, ok := meter.value(&v); ok {
			m.Tally.add(value)
		}
		m.Consumed = m.Tally.result(meter.Func)
		x.saveMeter(m)
	}
}

// adoptEvents gives a customer the events that named its external id before it existed.
func (x *tx) adoptEvents(c Customer) error {
	if c.ExternalID == "" {
		return nil
	}
	waiting := x.events.by(eventsByOwner, "external:"+c.ExternalID)
	for _, row := range waiting {
		v := *row
		v.CustomerID = c.ID
		put(x, x.events, v)
	}
	if len(waiting) > 0 {
		for _, meter := range x.meters.all() {
			x.measure(c.ID, *meter)
		}
	}
	return nil
}
