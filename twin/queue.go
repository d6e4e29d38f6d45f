package twin

import (
	"context"
	"slices"
	"time"
)

// Delivery rules of the provider (Polar docs, Webhooks, 2026-08).
const (
	maxAttempts      = 10
	maxRetryUnits    = 20 * 60 // no wait between attempts is longer
	maxFailedEvents  = 10      // in a row: then the endpoint is switched off
	maxResponse      = 2048    // characters of an answer that are kept
	payloadRetention = 90 * 24 * time.Hour
)

// WebhookJob is one body to send now.
type WebhookJob struct {
	Event    WebhookEvent
	Endpoint WebhookEndpoint

	OutOfOrder bool // a fault let it go before older ones
}

// DueWebhooks returns the next job of every endpoint: its oldest event whose time has come. Sending one per
// endpoint at a time keeps first attempts in order, while an event that failed does not block the others.
func (e *Engine) DueWebhooks() []WebhookJob {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var jobs []WebhookJob
	now := e.clock()
	for _, endpoint := range e.data.endpoints.all() {
		if job, ok := e.dueAt(*endpoint, now); ok {
			jobs = append(jobs, job)
		}
	}
	return jobs
}

// DueWebhook returns the next job of one endpoint, as of now. Whoever sends asks this once nobody else sends
// there: a job from DueWebhooks may have been done since it was listed. False when nothing is due.
func (e *Engine) DueWebhook(endpointID string) (WebhookJob, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	endpoint, ok := e.data.endpoints.rows[endpointID]
	if !ok {
		return WebhookJob{}, false
	}
	return e.dueAt(*endpoint, e.clock())
}

// dueAt returns the endpoint's oldest due event, or the newest one when a fault wants it first.
func (e *Engine) dueAt(endpoint WebhookEndpoint, now time.Time) (WebhookJob, bool) {
	ids := e.data.webhookEvents.indexes[0].ids[endpoint.ID]
	due := func(id string) bool { return !e.data.webhookEvents.rows[id].NextAttempt.After(now) }
	first := slices.IndexFunc(ids, due)
	if first < 0 {
		return WebhookJob{}, false
	}
	for last := len(ids) - 1; last > first && len(e.faults) > 0; last-- {
		if w := e.data.webhookEvents.rows[ids[last]]; due(w.ID) && w.Attempts == 0 && !w.Held && e.reorders(w.Type) {
			return WebhookJob{Event: *w, Endpoint: endpoint, OutOfOrder: true}, true
		}
	}
	return WebhookJob{Event: *e.data.webhookEvents.rows[ids[first]], Endpoint: endpoint}, true
}

// NextWebhook is how long, in real time, until some webhook is due; false when none waits.
func (e *Engine) NextWebhook() (time.Duration, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var next time.Time
	for _, endpoint := range e.data.endpoints.rows {
		for _, id := range e.data.webhookEvents.indexes[0].ids[endpoint.ID] {
			if at := e.data.webhookEvents.rows[id].NextAttempt; next.IsZero() || at.Before(next) {
				next = at
			}
		}
	}
	return max(0, next.Sub(e.clock())), !next.IsZero()
}

// RecordDelivery keeps the outcome of one attempt (code 0: no answer) and plans what follows.
func (e *Engine) RecordDelivery(ctx context.Context, eventID string, code int, response string) error {
	return e.write(ctx, func(x *tx) error {
		row, err := x.webhookEvents.get(eventID)
		if err != nil {
			return err
		}
		w := *row
		ok := code >= 200 && code <= 299
		if runes := []rune(response); len(runes) > maxResponse {
			response = string(runes[:maxResponse])
		}
		put(x, x.deliveries, WebhookDelivery{
			ID: newID(), Stamp: x.made(), EventID: w.ID, EndpointID: w.EndpointID, Succeeded: ok, Code: code, Response: response,
		})
		w.Attempts, w.LastCode, w.Succeeded, w.Stamp = w.Attempts+1, code, ok, x.touched(w.Stamp)
		w.Done = ok || w.Attempts >= maxAttempts
		w.NextAttempt = noTime
		if !w.Done {
			w.NextAttempt = x.now.Add(x.e.backoff(w.Attempts, w.ID))
		}
		put(x, x.webhookEvents, w)
		if w.Done {
			x.judgeEndpoint(w)
		}
		return nil
	})
}

// backoff is the wait after the n-th failed attempt: 4, 8, 16 ... units, up to 20 minutes' worth, stretched by
// up to a quarter so that events do not return in step. The stretch comes from the id: the same every time.
func (e *Engine) backoff(n int, id string) time.Duration {
	wait := e.unit * time.Duration(min(2<<n, maxRetryUnits))
	return wait + wait*time.Duration(id[0]%16)/64
}

// judgeEndpoint counts failed events in a row and switches the endpoint off after ten.
func (x *tx) judgeEndpoint(w WebhookEvent) {
	row, ok := x.endpoints.rows[w.EndpointID]
	if !ok {
		return
	}
	endpoint := *row
	if w.Succeeded {
		if endpoint.Failures > 0 {
			endpoint.Failures = 0
			put(x, x.endpoints, endpoint)
		}
		return
	}
	endpoint.Failures++
	if endpoint.Failures >= maxFailedEvents {
		endpoint.Enabled = false
		for _, waiting := range x.webhookEvents.by(0, endpoint.ID) {
			skipped := *waiting
			skipped.Done, skipped.Skipped, skipped.NextAttempt = true, true, noTime
			put(x, x.webhookEvents, skipped)
		}
	}
	put(x, x.endpoints, endpoint)
}

// Redeliver queues an event again, under its old id. Errors: ErrNotFound; *Refused once it is archived.
func (e *Engine) Redeliver(ctx context.Context, eventID string) error {
	return e.write(ctx, func(x *tx) error {
		row, err := x.webhookEvents.get(eventID)
		if err != nil {
			return err
		}
		w := *row
		if w.ArchivedAt(x.now) {
			return refused("EventDoesNotExist", "The payload of this event is archived.")
		}
		w.Done, w.Skipped, w.Attempts, w.NextAttempt = false, false, 0, x.now
		put(x, x.webhookEvents, w)
		return nil
	})
}

// ArchivedAt reports whether the event's payload is no longer kept at now (90 days).
func (w WebhookEvent) ArchivedAt(now time.Time) bool { return now.Sub(w.CreatedAt) > payloadRetention }

// WaitDelivered waits until every webhook of the type about the object was delivered or given up, or until
// limit (real time) has passed or ctx ends. True when nothing is left to wait for.
func (e *Engine) WaitDelivered(ctx context.Context, eventType, objectID string, limit time.Duration) bool {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	for {
		changed := e.Changed()
		if !e.waiting(eventType, objectID) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}

// Delivered reports whether no webhook of the type about the object waits any more.
func (v *View) Delivered(eventType, objectID string) bool {
	for _, w := range v.webhookEvents.by(hooksByObject, objectID) {
		if w.Type == eventType && !w.Done {
			return false
		}
	}
	return true
}

// waiting reports whether a webhook of the type about the object is still to be delivered.
func (e *Engine) waiting(eventType, objectID string) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return !(&View{data: e.data}).Delivered(eventType, objectID)
}
