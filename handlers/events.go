package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// sendForm is the form that reports a use of a meter by hand. Its event id is made
// with the form, so that sending it twice counts once. It is empty, and not shown,
// when no event may be sent by a browser.
func (s *Server) sendForm(meter billing.Meter) views.SendEvent {
	if len(s.BrowserEvents) == 0 {
		return views.SendEvent{}
	}
	form := views.SendEvent{Action: "/usage/events", EventID: db.NewID(), Event: s.BrowserEvents[0]}
	for _, clause := range meter.Filter.Clauses {
		if name, ok := clause.Value.(string); ok && clause.Property == "name" && clause.Operator == "eq" {
			form.Event = name
		}
	}
	if meter.Property != "" {
		form.Fields = []views.Field{{Key: meter.Property, Value: "1"}}
	}
	return form
}

// sendEvent handles POST /usage/events. The event is durable and counted when the
// answer leaves; the worker reports it to the provider, now or when it is back. A
// browser may send only the events that the operator listed, and no negative
// quantity, which would give credits instead of using them.
func (s *Server) sendEvent(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if err := r.ParseForm(); err != nil {
		return errors.Join(say(billing.ErrInvalid, "failure.bad_form"), err)
	}
	event, problem := s.eventOf(r, who)
	if problem != nil {
		return s.refuseEvent(w, r, who, problem)
	}
	meters, err := s.Store.Meters(r.Context())
	if err != nil {
		return err
	}
	_, err = s.Store.RecordUsage(r.Context(), event, s.Provider.Name(), meters, s.Now())
	switch {
	case errors.Is(err, billing.ErrConflict):
		return errors.Join(say(billing.ErrConflict, "failure.event_reused"), err)
	case errors.Is(err, billing.ErrInvalid):
		return s.refuseEvent(w, r, who, err)
	case err != nil:
		return fmt.Errorf("record an event: %w", err)
	}
	s.Poke()
	back, _, _ := strings.Cut(localPath(r.PostFormValue("return"), "/usage"), "?")
	redirect(w, back+"?done=sent")
	return nil
}

// eventOf reads the form. Numbers are kept as they were typed, never as floats.
func (s *Server) eventOf(r *http.Request, who auth.Visitor) (billing.Event, error) {
	event := billing.Event{
		ID: r.PostFormValue("event_id"), CustomerID: who.CustomerID, Name: strings.TrimSpace(r.PostFormValue("event")),
		Metadata: map[string]any{}, // it happens now, so a form that is sent again is the same event
	}
	if _, err := uuid.Parse(event.ID); err != nil || len(event.ID) != 36 {
		return event, say(billing.ErrInvalid, "failure.event_id")
	}
	if !slices.Contains(s.BrowserEvents, event.Name) {
		return event, say(billing.ErrDenied, "failure.event_name", "Names", strings.Join(s.BrowserEvents, ", "))
	}
	keys, values := r.PostForm["key"], r.PostForm["value"]
	if len(keys) != len(values) {
		return event, say(billing.ErrInvalid, "failure.bad_form")
	}
	for i, key := range keys {
		key, value := strings.TrimSpace(key), strings.TrimSpace(values[i])
		if key == "" && value == "" {
			continue
		}
		if _, twice := event.Metadata[key]; key == "" || twice {
			return event, say(billing.ErrInvalid, "failure.event_key", "Key", key)
		}
		if strings.HasPrefix(value, "-") {
			return event, say(billing.ErrInvalid, "failure.event_negative", "Key", key)
		}
		number, isNumber := metadataNumber(value)
		if isNumber && number == nil {
			return event, say(billing.ErrInvalid, "event.invalid.bad_number", "Field", key)
		}
		event.Metadata[key] = value
		switch {
		case isNumber:
			event.Metadata[key] = number
		case value == "true" || value == "false":
			event.Metadata[key] = value == "true"
		}
	}
	return event, nil
}

// metadataNumber reads what looks like a number, exactly; nil if it cannot be counted.
func metadataNumber(text string) (number any, ok bool) {
	if text == "" || strings.Trim(text, "0123456789.") != "" {
		return nil, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
		if _, err := billing.ParseCredits(text); err != nil {
			return nil, true
		}
		return n, true
	}
	if _, err := billing.ParseCredits(text); err != nil || !json.Valid([]byte(text)) {
		return nil, true
	}
	return json.Number(text), true
}

// fieldsShown is how many fields of a refused form come back: an event has fewer.
const fieldsShown = 50

// refuseEvent shows the form again with what was typed and what is wrong with it.
func (s *Server) refuseEvent(w http.ResponseWriter, r *http.Request, who auth.Visitor, problem error) error {
	page, err := s.customerFrame(r, who, "usage.title", views.NavUsage)
	if err != nil {
		return err
	}
	form := views.SendEvent{
		Action: "/usage/events", EventID: db.NewID(), Event: r.PostFormValue("event"), Error: page.T.T("failure.bad_event"),
	}
	for i, key := range r.PostForm["key"] {
		if len(form.Fields) < fieldsShown && i < len(r.PostForm["value"]) && (key != "" || r.PostForm["value"][i] != "") {
			form.Fields = append(form.Fields, views.Field{Key: key, Value: r.PostForm["value"][i]})
		}
	}
	if words, ok := errors.AsType[*sentence](problem); ok {
		form.Error = page.T.T(words.message, words.args...)
	}
	if invalid, ok := errors.AsType[*billing.InvalidEvent](problem); ok {
		form.Error = page.T.T("event.invalid."+invalid.Reason, "Field", invalid.Field)
	}
	page.Path = "/usage"
	return s.render(w, r, statusOf(problem), views.UsagePage(page, views.Usage{Send: form}))
}
