package polar

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"counterfoil/twin"
)

// Delivery rules (Polar docs, Webhooks, 2026-08).
const (
	deliveryTimeout = 10 * time.Second
	keptResponse    = 4 * 2048 // bytes that can hold the 2048 characters the engine keeps
	longestIdle     = time.Minute
)

// sender delivers webhooks: each endpoint one at a time, endpoints beside each other.
type sender struct {
	server *Server
	client *http.Client
	busy   sync.Map      // endpoint id -> struct{}
	idle   chan struct{} // an endpoint is free again
	done   sync.WaitGroup
}

// newSender builds a sender whose client follows no redirects: a redirect is a failed delivery.
func newSender(s *Server) *sender {
	return &sender{server: s, idle: make(chan struct{}, 1), client: &http.Client{
		Timeout:       deliveryTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// run delivers until ctx ends, and then waits for what is on its way.
func (d *sender) run(ctx context.Context) {
	defer d.done.Wait()
	engine := d.server.engine
	for ctx.Err() == nil {
		changed := engine.Changed()
		for _, job := range engine.DueWebhooks() {
			if _, running := d.busy.LoadOrStore(job.Endpoint.ID, struct{}{}); running {
				continue
			}
			d.done.Go(func() { d.deliver(ctx, job.Endpoint.ID) })
		}
		wait := longestIdle
		if next, ok := engine.NextWebhook(); ok {
			wait = max(min(wait, next), 50*time.Millisecond) // what is due belongs to busy endpoints, see idle
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-d.idle:
		case <-time.After(wait):
		}
	}
}

// deliver makes one attempt at what is due at an endpoint that is busy with nothing else, and keeps its
// outcome. An attempt cut short by shutdown is not kept: it is made again at the next start.
func (d *sender) deliver(ctx context.Context, endpointID string) {
	defer d.free(endpointID)
	job, due := d.server.engine.DueWebhook(endpointID) // the one that woke us may be done by now
	if !due || !d.struck(ctx, job) {
		return
	}
	code, answer, err := d.post(ctx, job)
	if err != nil && ctx.Err() != nil {
		return
	}
	if err != nil {
		code, answer = 0, err.Error()
	}
	if err := d.server.engine.RecordDelivery(ctx, job.Event.ID, code, answer); err != nil && !errors.Is(err, twin.ErrNotFound) {
		d.server.log.ErrorContext(ctx, "polar twin: keep delivery", "event", job.Event.ID, "err", err)
	}
}

// struck lets a fault have its way with a webhook, and reports whether it is still to be sent.
func (d *sender) struck(ctx context.Context, job twin.WebhookJob) bool {
	fault, ok := d.server.engine.TakeWebhookFault(job)
	if !ok {
		return true
	}
	var err error
	switch fault.Kind {
	case twin.WebhookDuplicate:
		_, _, err = d.post(ctx, job) // once more than is known of
	case twin.WebhookDelay:
		err = d.server.engine.HoldWebhook(ctx, job.Event.ID, time.Duration(fault.DelayMS)*time.Millisecond)
	case twin.WebhookDrop:
		err = d.server.engine.DropWebhook(ctx, job.Event.ID)
	}
	if err != nil {
		d.server.log.WarnContext(ctx, "polar twin: webhook fault", "kind", fault.Kind, "event", job.Event.ID, "err", err)
	}
	return fault.Kind == twin.WebhookDuplicate || fault.Kind == twin.WebhookReorder
}

// free lets the endpoint have its next event.
func (d *sender) free(endpointID string) {
	d.busy.Delete(endpointID)
	select {
	case d.idle <- struct{}{}:
	default:
	}
}

// post sends the body once. The timestamp is real time, not the twin's: it is there against replay, and a
// receiver compares it with its own clock.
func (d *sender) post(ctx context.Context, job twin.WebhookJob) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, job.Endpoint.URL, bytes.NewReader(job.Event.Payload))
	if err != nil {
		return 0, "", err
	}
	at := strconv.FormatInt(d.server.engine.RealNow().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "polar.sh webhooks")
	req.Header.Set("Webhook-Id", job.Event.ID)
	req.Header.Set("Webhook-Timestamp", at)
	req.Header.Set("Webhook-Signature", sign(signingKey(job.Endpoint), job.Event.ID, at, job.Event.Payload))
	res, err := d.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, keptResponse))
	return res.StatusCode, strings.ToValidUTF8(string(answer), "�"), err
}

// sign is the webhook-signature header: HMAC-SHA256 over id, timestamp and body (Standard Webhooks).
func sign(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, id+"."+timestamp+".") // a hash never fails
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signingKey derives the key: the legacy scheme uses the bytes of the whole secret, the standard one decodes
// what follows the prefix. A secret that is not base64 can only be used the legacy way.
func signingKey(w twin.WebhookEndpoint) []byte {
	if w.Standard {
		if key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(w.Secret, "whsec_")); err == nil {
			return key
		}
	}
	return []byte(w.Secret)
}
