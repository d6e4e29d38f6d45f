package v1

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
)

// Limits of one request.
const (
	maxEvents = 500
	maxBody   = 1 << 20 // bytes
)

// event is one use, as callers write it.
type event struct {
	ID         string         `json:"id"`          // theirs, unique for ever: sent again it counts once
	CustomerID string         `json:"customer_id"` // our id of the customer, which is the provider's external id
	Name       string         `json:"name"`
	OccurredAt *time.Time     `json:"occurred_at"` // RFC 3339; missing for now
	Metadata   map[string]any `json:"metadata"`
}

// result is what became of one event.
type result struct {
	ID     string `json:"id"`
	Status string `json:"status"` // recorded; duplicate: it was here; conflict: its id is another event's
}

// recordEvents handles POST /events: {"events": [...]}. When the answer leaves, every
// event is durable and counted, and the worker reports it to the provider, now or when
// that is back. One that cannot be taken refuses the whole request before anything is
// written; one that only turns out while writing (no wallet can hold so much) is named
// with 400 as well, and all others count. The same request may be sent again, as after a
// lost answer: ids count once.
func (s *Server) recordEvents(w http.ResponseWriter, r *http.Request, _ auth.Key) error {
	events, err := readEvents(w, r)
	if err != nil {
		return err
	}
	uses, err := s.usesOf(r, events)
	if err != nil {
		return err
	}
	meters, err := s.Store.Meters(r.Context())
	if err != nil {
		return err
	}
	if err := countable(uses, meters, s.Provider); err != nil {
		return err
	}
	results, refused, errs := make([]result, len(uses)), make([]error, len(uses)), make([]error, len(uses))
	var all sync.WaitGroup
	for i, use := range uses { // side by side, they share one commit
		all.Go(func() {
			recorded, err := s.Store.RecordUsage(r.Context(), use, s.Provider, meters, s.Now())
			results[i] = result{use.ID, "recorded"}
			switch {
			case errors.Is(err, billing.ErrConflict):
				results[i].Status = "conflict"
			case errors.Is(err, billing.ErrInvalid):
				refused[i] = &wrongInput{fmt.Sprintf("events[%d].metadata", i), "It would take the customer's credits beyond what can be counted. " +
					"Take it out; the other events of this request count, and may be sent again."}
			case err != nil:
				errs[i] = err
			case !recorded:
				results[i].Status = "duplicate"
			}
		})
	}
	all.Wait()
	s.Poke()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("record events: %w", err)
	}
	if err := errors.Join(refused...); err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"results": results})
}

// readEvents reads the body. Numbers are kept as they were written, never as floats.
func readEvents(w http.ResponseWriter, r *http.Request) ([]event, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, &wrongInput{"Content-Type", "Send JSON, as application/json."}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	var request struct {
		Events []event `json:"events"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return nil, &wrongInput{"body", "It is not the JSON that this endpoint takes: " + err.Error() + "."}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, &wrongInput{"body", "There is more after the JSON object."}
	}
	if n := len(request.Events); n == 0 || n > maxEvents {
		return nil, &wrongInput{"events", fmt.Sprintf("Send 1 to %d events in one request; these are %d.", maxEvents, n)}
	}
	return request.Events, nil
}

// usesOf checks every event, and that its customer is one of ours.
func (s *Server) usesOf(r *http.Request, events []event) ([]billing.Event, error) {
	known, ids, now := map[string]bool{}, map[string]bool{}, s.Now()
	uses := make([]billing.Event, len(events))
	for i, e := range events {
		field := func(name string) string { return fmt.Sprintf("events[%d].%s", i, name) }
		use := billing.Event{ID: e.ID, CustomerID: e.CustomerID, Name: e.Name, Metadata: exact(e.Metadata)}
		checked := use
		checked.OccurredAt = now
		if e.OccurredAt != nil {
			use.OccurredAt = e.OccurredAt.UTC()
			checked.OccurredAt = use.OccurredAt
		}
		err := checked.Validate(now)
		if invalid, ok := errors.AsType[*billing.InvalidEvent](err); ok {
			return nil, &wrongInput{field(invalid.Field), "It cannot be counted: " + invalid.Reason + "."}
		}
		if err != nil {
			return nil, err
		}
		if len(e.ID) > maxID {
			return nil, &wrongInput{field("id"), fmt.Sprintf("It is longer than %d bytes.", maxID)}
		}
		if ids[e.ID] {
			return nil, &wrongInput{field("id"), "It is in this request twice."}
		}
		ids[e.ID] = true
		if !known[e.CustomerID] {
			if _, err := s.Store.Customer(r.Context(), e.CustomerID); errors.Is(err, billing.ErrNotFound) {
				return nil, &wrongInput{field("customer_id"), "There is no such customer. Use the id that GET /api/v1/customers?email= tells."}
			} else if err != nil {
				return nil, err
			}
			known[e.CustomerID] = true
		}
		uses[i] = use
	}
	return uses, nil
}

// countable refuses an event whose number is larger than the meter that sums it can count:
// it would be used, and cost nothing here.
func countable(uses []billing.Event, meters []billing.Meter, provider string) error {
	for i, use := range uses {
		if property := billing.Uncountable(use, meters, provider); property != "" {
			return &wrongInput{fmt.Sprintf("events[%d].metadata.%s", i, property), "It cannot be counted: " + billing.ReasonBadNumber + "."}
		}
	}
	return nil
}

// maxID is the longest event id, in bytes.
const maxID = 200

// exact turns whole numbers into int64, as events keep them; others stay decimal text.
func exact(metadata map[string]any) map[string]any {
	out := make(map[string]any, len(metadata))
	for key, value := range metadata {
		out[key] = value
		if n, ok := value.(json.Number); ok {
			if whole, err := n.Int64(); err == nil {
				out[key] = whole
			}
		}
	}
	return out
}
