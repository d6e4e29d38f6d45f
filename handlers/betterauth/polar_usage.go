package betterauth

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
)

// ingest handles POST /usage/ingest: one use by the caller. It is durable and counted when
// the answer leaves; the provider is told in the background. The caller is a browser, so
// only events that this installation lists are taken, and no negative quantity, which
// would mint credits on a meter that sums.
func (s *Server) ingest(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	var body struct {
		Event    string                     `json:"event" wire:"required"`
		Metadata map[string]json.RawMessage `json:"metadata" wire:"required"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	if !slices.Contains(s.BrowserEvents, body.Event) {
		return refuse(http.StatusBadRequest, "", "This event cannot be sent by a browser")
	}
	event := billing.Event{ID: db.NewID(), CustomerID: who.CustomerID, Name: body.Event, Metadata: map[string]any{}}
	for key, raw := range body.Metadata {
		value, err := metadataValue(key, raw)
		if err != nil {
			return err
		}
		event.Metadata[key] = value
	}
	meters, err := s.Store.Meters(r.Context())
	if err != nil {
		return err
	}
	if property := billing.Uncountable(event, meters, s.Provider.Name()); property != "" {
		return invalid("[body.metadata." + property + "] Invalid input: " + billing.ReasonBadNumber)
	}
	recorded, err := s.Store.RecordUsage(r.Context(), event, s.Provider.Name(), meters, s.Now())
	if wrong, ok := errors.AsType[*billing.InvalidEvent](err); ok {
		return invalid("[body." + wrong.Field + "] Invalid input: " + wrong.Reason)
	}
	if errors.Is(err, billing.ErrInvalid) {
		return invalid("[body.metadata] Invalid input: it would take the credits beyond what can be counted")
	}
	if err != nil {
		return err
	}
	s.Poke()
	inserted := 0
	if recorded {
		inserted = 1
	}
	return answer(w, map[string]int{"inserted": inserted, "duplicates": 1 - inserted})
}

// metadataValue reads one value exactly: numbers are never floats.
func metadataValue(key string, raw json.RawMessage) (any, error) {
	misfit := invalid("[body.metadata." + key + "] Invalid input")
	text := strings.TrimSpace(string(raw))
	switch kindOf(raw) {
	case "string":
		var value string
		err := json.Unmarshal(raw, &value)
		return value, err
	case "boolean":
		return text == "true", nil
	case "number":
		if strings.HasPrefix(text, "-") {
			return nil, refuse(http.StatusBadRequest, "", "A browser cannot take uses back")
		}
		number := json.Number(text)
		if whole, err := number.Int64(); err == nil {
			return whole, nil
		}
		return number, nil
	}
	return nil, misfit
}
