package twin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Fault is a way to misbehave, for the next Count calls or webhooks, or (Count 0) until cleared. Faults live in
// memory: a restart heals.
type Fault struct {
	Kind       string `json:"kind"`                  // one of FaultKinds
	Status     int    `json:"status,omitempty"`      // of kind status: 500, 503, 429, ...
	RetryAfter int    `json:"retry_after,omitempty"` // seconds, of kind status
	DelayMS    int    `json:"delay_ms,omitempty"`    // of kinds latency and webhook_delay
	Key        string `json:"key,omitempty"`         // of kind enum: whose values change; empty: status
	Value      string `json:"value,omitempty"`       // of kind enum: what they become; empty: unheard_of
	Count      int    `json:"count,omitempty"`
	Method     string `json:"method,omitempty"` // of the calls it strikes; empty: all
	Path       string `json:"path,omitempty"`   // prefix of the paths it strikes; empty: all of /v1/
	Event      string `json:"event,omitempty"`  // prefix of the webhook types it strikes; empty: all
}

// FaultKinds are all kinds of fault, each with what it does.
var FaultKinds = []struct{ Kind, Does string }{
	{"status", "answers an error status"},
	{"latency", "answers late"},
	{"cut", "closes the connection, nothing done"},
	{"lost", "does it, then closes the connection"},
	{"html", "answers a page of a proxy"},
	{"truncated", "does it, and answers half of the JSON"},
	{"enum", "answers a value nobody knows"},
	{WebhookDuplicate, "sends a webhook twice"},
	{WebhookDelay, "sends a webhook late, others first"},
	{WebhookReorder, "sends the newest waiting webhook first"},
	{WebhookDrop, "never sends a webhook"},
}

// Kinds of fault that strike webhooks, each of them once.
const (
	WebhookDuplicate = "webhook_duplicate"
	WebhookDelay     = "webhook_delay"
	WebhookReorder   = "webhook_reorder"
	WebhookDrop      = "webhook_drop"
)

// maxDelay bounds what a fault may hold up.
const maxDelay = 10 * time.Minute

// AddFault makes the twin misbehave from now on. Errors: *Invalid.
func (e *Engine) AddFault(f Fault) error {
	known := false
	var names []string
	for _, k := range FaultKinds {
		known, names = known || k.Kind == f.Kind, append(names, k.Kind)
	}
	switch {
	case !known:
		return invalid("Unknown kind of fault: use one of "+strings.Join(names, ", ")+".", "kind")
	case f.Kind == "status" && (f.Status < 400 || f.Status > 599):
		return invalid("A fault of kind status needs a status from 400 to 599.", "status")
	case f.DelayMS < 0 || time.Duration(f.DelayMS)*time.Millisecond > maxDelay:
		return invalid(fmt.Sprintf("The delay must be from 0 to %d milliseconds.", maxDelay.Milliseconds()), "delay_ms")
	case f.Count < 0 || f.RetryAfter < 0:
		return invalid("Use numbers from 0.", "count")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = append(slices.Clone(e.faults), f)
	e.announce()
	return nil
}

// ClearFaults heals everything.
func (e *Engine) ClearFaults() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = nil
	e.announce()
}

// TakeFault returns the fault that strikes a call, and uses up one of its calls.
func (e *Engine) TakeFault(method, path string) (Fault, bool) {
	return e.takeFault(func(f Fault) bool {
		return !strings.HasPrefix(f.Kind, "webhook_") && strings.HasPrefix(path, f.Path) &&
			(f.Method == "" || strings.EqualFold(f.Method, method))
	})
}

// TakeWebhookFault returns the fault that strikes the first attempt at a webhook, and uses up one of its
// webhooks. A webhook out of order is struck by that and nothing else.
func (e *Engine) TakeWebhookFault(job WebhookJob) (Fault, bool) {
	if job.Event.Attempts > 0 || job.Event.Held {
		return Fault{}, false
	}
	return e.takeFault(func(f Fault) bool {
		return strings.HasPrefix(f.Kind, "webhook_") && (f.Kind == WebhookReorder) == job.OutOfOrder &&
			strings.HasPrefix(job.Event.Type, f.Event)
	})
}

// takeFault returns the first fault that strikes, and counts it.
func (e *Engine) takeFault(strikes func(Fault) bool) (Fault, bool) {
	e.mu.RLock()
	at := slices.IndexFunc(e.faults, strikes)
	e.mu.RUnlock()
	if at < 0 {
		return Fault{}, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if at = slices.IndexFunc(e.faults, strikes); at < 0 {
		return Fault{}, false // another call was quicker
	}
	f := e.faults[at]
	switch f.Count {
	case 0: // until cleared
	case 1:
		e.faults = slices.Delete(slices.Clone(e.faults), at, at+1)
	default:
		e.faults = slices.Clone(e.faults)
		e.faults[at].Count--
	}
	return f, true
}

// reorders reports whether a webhook of the type may be sent out of order; the caller holds the lock.
func (e *Engine) reorders(eventType string) bool {
	return slices.ContainsFunc(e.faults, func(f Fault) bool {
		return f.Kind == WebhookReorder && strings.HasPrefix(eventType, f.Event)
	})
}

// HoldWebhook puts a webhook off by d; others go first. Errors: ErrNotFound.
func (e *Engine) HoldWebhook(ctx context.Context, id string, d time.Duration) error {
	return e.changeWebhook(ctx, id, func(x *tx, w *WebhookEvent) {
		w.Held, w.NextAttempt = true, x.now.Add(d)
	})
}

// DropWebhook gives a webhook up without an attempt; it can still be sent again by hand. Errors: ErrNotFound.
func (e *Engine) DropWebhook(ctx context.Context, id string) error {
	return e.changeWebhook(ctx, id, func(_ *tx, w *WebhookEvent) {
		w.Held, w.Done, w.Skipped, w.NextAttempt = true, true, true, noTime
	})
}

// changeWebhook runs one change of a webhook event.
func (e *Engine) changeWebhook(ctx context.Context, id string, change func(*tx, *WebhookEvent)) error {
	return e.write(ctx, func(x *tx) error {
		row, err := x.webhookEvents.get(id)
		if err != nil {
			return err
		}
		w := *row
		change(x, &w)
		put(x, x.webhookEvents, w)
		return nil
	})
}

// SetRateLimit lets each caller make n calls a minute (Polar: 500, its sandbox 100), and switches the
// narrower limits of some routes on; 0 lifts all of them. Errors: *Invalid.
func (e *Engine) SetRateLimit(n int) error {
	if n < 0 {
		return invalid("Use a number from 0.", "per_minute")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.limit = n
	return nil
}

// RateLimit is the number of calls a caller may make a minute; 0: any number.
func (e *Engine) RateLimit() int {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.limit
}
