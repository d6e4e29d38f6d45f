package twin

import (
	"encoding/json"
	"time"
)

// Renderer turns a fact into the body that will be sent. It is called inside the operation that made the
// fact, so the view shows the object as it was at that moment. previous is a grant's properties before the
// change, for benefit_grant events; nil otherwise.
type Renderer func(v *View, eventType, objectID string, at time.Time, previous *GrantProperties) (json.RawMessage, error)

// WebhookEndpoint is where a merchant wants to hear about events.
type WebhookEndpoint struct {
	ID string
	Stamp
	URL, Name, Format string
	Secret            string
	Standard          bool // sign with the decoded secret (Standard Webhooks) instead of its text
	Events            []string
	Enabled           bool
	Failures          int // consecutive failed events
}

// WebhookEvent is one body for one endpoint.
type WebhookEvent struct {
	ID string
	Stamp
	EndpointID, Type string
	ObjectID         string
	Payload          json.RawMessage // nil once archived
	Attempts         int
	NextAttempt      time.Time // zero: nothing more to do
	LastCode         int       // 0: no answer yet
	Succeeded, Done  bool      // Done: delivered or given up
	Skipped          bool
	Held             bool // a fault has struck it, and will not again
}

// WebhookDelivery is one attempt.
type WebhookDelivery struct {
	ID string
	Stamp
	EventID, EndpointID string
	Succeeded           bool
	Code                int // 0: no answer
	Response            string
}
