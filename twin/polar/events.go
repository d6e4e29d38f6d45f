package polar

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"counterfoil/twin"
)

var eventSorts = map[string]func(a, b *twin.Event) int{
	"timestamp": byTime(func(e *twin.Event) time.Time { return e.Timestamp }),
}

// listEvents: GET /v1/events/
func (s *Server) listEvents(v *twin.View, _ *http.Request, q query) (any, error) {
	keep, err := eventFilter(v, q)
	if err != nil {
		return nil, err
	}
	return listing[twin.Event]{
		rows: v.Events(q.owner(v)), sorts: eventSorts, usual: "-timestamp", keep: keep,
		shape: func(e *twin.Event) any { return shapeEvent(v, e) },
	}.answer(q)
}

// eventFilter reads the filters of the events list.
func eventFilter(v *twin.View, q query) (func(*twin.Event) bool, error) {
	from, to := q.moment("start_timestamp"), q.moment("end_timestamp")
	var filters []twin.Filter
	for _, id := range q.all("meter_id") {
		m, err := v.Meter(id)
		if err != nil {
			q.say("meter_id", "value_error", "Meter does not exist.", id)
			continue
		}
		filters = append(filters, m.Filter)
	}
	if text := q.Get("filter"); text != "" {
		var f twin.Filter
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			q.say("filter", "json_invalid", "Invalid JSON", text)
		}
		filters = append(filters, f)
	}
	return func(e *twin.Event) bool {
		if !from.IsZero() && e.Timestamp.Before(from) || !to.IsZero() && e.Timestamp.After(to) {
			return false
		}
		if !q.allows("name", e.Name) || !q.allows("source", e.Source) || !q.within(e.Name) ||
			!q.allows("parent_id", e.ParentID) || !q.allows("customer_id", e.CustomerID) ||
			!q.allows("external_customer_id", e.ExternalCustomer) || !q.allowsMetadata(e.Metadata) {
			return false
		}
		for _, f := range filters {
			if !f.Matches(e) {
				return false
			}
		}
		return true
	}, q.err()
}

// getEvent: GET /v1/events/{id}
func (s *Server) getEvent(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeEvent)(v.Event(r.PathValue("id")))
}

// eventName is one line of the list of names.
type eventName struct {
	Name        string  `json:"name"`
	Source      string  `json:"source"`
	Occurrences int64   `json:"occurrences"`
	FirstSeen   instant `json:"first_seen"`
	LastSeen    instant `json:"last_seen"`
}

var nameSorts = map[string]func(a, b *eventName) int{
	"name":        byText(func(n *eventName) string { return n.Name }),
	"occurrences": byNumber(func(n *eventName) int64 { return n.Occurrences }),
	"first_seen":  byTime(func(n *eventName) time.Time { return time.Time(n.FirstSeen) }),
	"last_seen":   byTime(func(n *eventName) time.Time { return time.Time(n.LastSeen) }),
}

// listEventNames: GET /v1/events/names
func (s *Server) listEventNames(v *twin.View, _ *http.Request, q query) (any, error) {
	var rows []*eventName
	byName := map[string]*eventName{}
	for _, e := range v.Events(q.owner(v)) {
		if !q.allows("source", e.Source) || !q.within(e.Name) || !q.allows("customer_id", e.CustomerID) ||
			!q.allows("external_customer_id", e.ExternalCustomer) {
			continue
		}
		n := byName[e.Source+" "+e.Name]
		if n == nil {
			n = &eventName{Name: e.Name, Source: e.Source, FirstSeen: instant(e.Timestamp), LastSeen: instant(e.Timestamp)}
			byName[e.Source+" "+e.Name] = n
			rows = append(rows, n)
		}
		n.Occurrences++
		if e.Timestamp.Before(time.Time(n.FirstSeen)) {
			n.FirstSeen = instant(e.Timestamp)
		}
		if e.Timestamp.After(time.Time(n.LastSeen)) {
			n.LastSeen = instant(e.Timestamp)
		}
	}
	return listing[eventName]{
		rows: rows, sorts: nameSorts, usual: "-last_seen", shape: func(n *eventName) any { return n },
	}.answer(q)
}

// ingested answers an ingestion.
type ingested struct {
	Inserted   int `json:"inserted"`
	Duplicates int `json:"duplicates"`
}

// ingest: POST /v1/events/ingest
func (s *Server) ingest(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("events")
	var batch []twin.EventInput
	for _, e := range b.objects("events") {
		e.noOrganization()
		batch = append(batch, twin.EventInput{
			Name: e.text("name"), CustomerID: e.text("customer_id"), ExternalCustomer: e.text("external_customer_id"),
			ExternalID: e.text("external_id"), Timestamp: e.moment("timestamp"), ParentID: e.text("parent_id"),
			MemberID: e.text("member_id"), ExternalMember: e.text("external_member_id"), Metadata: eventMetadata(e),
		})
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	inserted, duplicates, err := s.engine.Ingest(ctx, batch)
	return func(*twin.View) any { return ingested{inserted, duplicates} }, err
}

// eventMetadata reads metadata whose limits the engine checks, and the shape of its two objects.
func eventMetadata(e body) twin.Metadata {
	var m twin.Metadata
	e.decode("metadata", &m, "dict_type", "Input should be a valid dictionary")
	meta := e.nested("metadata")
	if m["_cost"] != nil {
		cost := meta.nested("_cost")
		if amount := decimal(cost, "amount"); amount != "" {
			m["_cost"] = map[string]any{"amount": amount, "currency": cost.text("currency")} // given back as a string
		}
		cost.need("currency")
		if cost.text("currency") != "usd" && cost.has("currency") {
			cost.say("currency", "literal_error", "Input should be 'usd'")
		}
	}
	if m["_llm"] != nil {
		llm := meta.nested("_llm")
		for _, key := range []string{"vendor", "model", "input_tokens", "output_tokens", "total_tokens"} {
			llm.need(key)
		}
	}
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		switch m[key].(type) {
		case []any, nil:
			meta.say(key, "string_type", "Input should be a valid string")
		}
	}
	return m
}
