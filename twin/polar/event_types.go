package polar

import (
	"context"
	"net/http"
	"time"

	"counterfoil/twin"
)

// eventType is a kind of event and how it is called.
type eventType struct {
	stamp
	ID                    string `json:"id"`
	Name                  string `json:"name"`
	Label                 string `json:"label"`
	LabelPropertySelector text   `json:"label_property_selector"`
	OrganizationID        string `json:"organization_id"`
}

// eventTypeCounted adds how often and when it was seen.
type eventTypeCounted struct {
	eventType
	Source      string  `json:"source"`
	Occurrences int64   `json:"occurrences"`
	FirstSeen   instant `json:"first_seen"`
	LastSeen    instant `json:"last_seen"`
}

func shapeEventType(v *twin.View, t *twin.EventType) eventType {
	return eventType{stamped(t.Stamp), t.ID, t.Name, t.Label, text(t.Selector), v.Organization().ID}
}

var eventTypeSorts = map[string]func(a, b *twin.EventType) int{
	"name":        byText(func(t *twin.EventType) string { return t.Name }),
	"label":       byText(func(t *twin.EventType) string { return t.Label }),
	"occurrences": byNumber(func(t *twin.EventType) int64 { return t.Count }),
	"first_seen":  byTime(func(t *twin.EventType) time.Time { return t.First }),
	"last_seen":   byTime(func(t *twin.EventType) time.Time { return t.Last }),
}

// listEventTypes: GET /v1/event-types/
func (s *Server) listEventTypes(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.EventType]{
		rows: v.EventTypes(), sorts: eventTypeSorts, usual: "-last_seen",
		keep: func(t *twin.EventType) bool { return q.allows("source", t.Source) && q.within(t.Name, t.Label) },
		shape: func(t *twin.EventType) any {
			return eventTypeCounted{shapeEventType(v, t), t.Source, t.Count, instant(t.First), instant(t.Last)}
		},
	}.answer(q)
}

// updateEventType: PATCH /v1/event-types/{id}
func (s *Server) updateEventType(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	b.need("label")
	label, selector := b.text("label"), b.text("label_property_selector")
	if err := b.err(); err != nil {
		return nil, err
	}
	t, err := s.engine.LabelEventType(ctx, r.PathValue("id"), label, selector)
	return shapeOf(t, shapeEventType), err
}
