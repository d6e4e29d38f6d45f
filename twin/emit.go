package twin

import (
	"fmt"
	"slices"
)

// SetRenderer says how webhook bodies are built. Without one nothing is queued. Call it before the first
// operation.
func (e *Engine) SetRenderer(r Renderer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.render = r
}

// emit queues a webhook for every endpoint that wants the type. The body is built now, from the object as it
// stands at this point of the operation. A body that can't be built fails the operation when it ends.
func (x *tx) emit(eventType, objectID string) { x.emitGrant(eventType, objectID, nil) }

// emitGrant is emit for benefit_grant events, with what the grant's properties were before.
func (x *tx) emitGrant(eventType, objectID string, previous *GrantProperties) {
	if x.e.render == nil || x.failed != nil {
		return
	}
	var body []byte
	at := x.stamp()
	for _, endpoint := range x.endpoints.all() {
		if !endpoint.Enabled || !slices.Contains(endpoint.Events, eventType) {
			continue
		}
		if body == nil {
			var err error
			if body, err = x.e.render(x.View, eventType, objectID, at, previous); err != nil {
				x.failed = fmt.Errorf("build body of %s %s: %w", eventType, objectID, err)
				return
			}
		}
		put(x, x.webhookEvents, WebhookEvent{
			ID: newID(), Stamp: Stamp{CreatedAt: at}, EndpointID: endpoint.ID, Type: eventType,
			ObjectID: objectID, Payload: body, NextAttempt: x.now,
		})
	}
}

// stateOf notes that the customer's state changed; one customer.state_changed follows when the operation
// ends, however often that happened in it.
func (x *tx) stateOf(customerID string) {
	if !slices.Contains(x.stale, customerID) {
		x.stale = append(x.stale, customerID)
	}
}

// tellStates sends the collected customer.state_changed events.
func (x *tx) tellStates() {
	for _, id := range x.stale {
		x.emit("customer.state_changed", id)
	}
	x.stale = nil
}

// record stores a system event about a customer ("" for nobody yet).
func (x *tx) record(name, customerID string, metadata Metadata) Event {
	at := x.stamp()
	external := ""
	if c, ok := x.customers.rows[customerID]; ok {
		external = c.ExternalID
	}
	v := Event{
		ID: newID(), Seq: x.nextSeq(), Timestamp: at, IngestedAt: at, Name: name, Source: "system",
		CustomerID: customerID, ExternalCustomer: external, Metadata: metadata,
	}
	put(x, x.events, v)
	return v
}

// nextSeq numbers events in order of ingestion; events are never removed.
func (x *tx) nextSeq() int64 { return int64(len(x.events.rows)) + 1 }
