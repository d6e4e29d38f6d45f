package handlers_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"counterfoil/twin/server"
)

// call is one webhook request.
type call struct {
	path   string
	id     string
	body   string
	sentAt time.Time
	secret string
	edit   func(*http.Request) // after signing
}

// request signs the call as Polar does (the key is the whole text of the secret).
func (c call) request(t testing.TB, base string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	stamp := fmt.Sprint(c.sentAt.Unix())
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte(c.id + "." + stamp + "." + c.body))
	r.Header.Set("Webhook-Id", c.id)
	r.Header.Set("Webhook-Timestamp", stamp)
	r.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	r.Header.Set("Content-Type", "application/json")
	if c.edit != nil {
		c.edit(r)
	}
	return r
}

// post sends the call and returns the status, the body and the headers of the answer.
func (s *stack) post(c call) (int, string, http.Header) {
	s.t.Helper()
	r := c.request(s.t, s.url)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(answer), res.Header
}

// received counts the deliveries that were ever kept.
func (s *stack) received() (n int) {
	s.t.Helper()
	backlog, err := s.store.InboxBacklog(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, b := range backlog {
		n += b.Count
	}
	return n
}

const (
	polarPath = "/webhooks/polar"
	event     = `{"type":"parcel.teleported","timestamp":"2026-11-22T09:00:00Z","data":{"id":"x"}}`
)

func TestWebhooks(t *testing.T) {
	s := start(t)
	s.stand() // four minutes late is not five by the time that it is sent
	now := s.now()
	good := call{path: polarPath, id: "evt_1", body: event, sentAt: now, secret: server.WebhookSecret}
	with := func(change func(*call)) call {
		c := good
		change(&c)
		return c
	}
	tests := []struct {
		name   string
		call   call
		status int
		kept   int // more deliveries than before
	}{
		{"well signed, of a type that nobody knows", good, 202, 1},
		{"the same again", good, 202, 0},
		{"the same at the plugin's path, which is an endpoint of its own", with(func(c *call) { c.path = "/api/auth/polar/webhooks" }), 200, 1},
		{"a type that we know", with(func(c *call) {
			c.id, c.body = "evt_2", `{"type":"organization.updated","timestamp":"2026-11-22T09:00:00Z","data":{"id":"o"}}`
		}), 202, 1},
		{"four minutes late", with(func(c *call) { c.id, c.sentAt = "evt_3", now.Add(-4*time.Minute) }), 202, 1},
		{"six minutes late", with(func(c *call) { c.sentAt = now.Add(-6 * time.Minute) }), 403, 0},
		{"six minutes early", with(func(c *call) { c.sentAt = now.Add(6 * time.Minute) }), 403, 0},
		{"another secret", with(func(c *call) { c.secret = "whsec_wrong" }), 403, 0},
		{"an empty secret", with(func(c *call) { c.secret = "" }), 403, 0},
		{"unsigned", with(func(c *call) { c.edit = func(r *http.Request) { r.Header.Del("Webhook-Signature") } }), 403, 0},
		{"without an id", with(func(c *call) { c.edit = func(r *http.Request) { r.Header.Del("Webhook-Id") } }), 403, 0},
		{"the body was changed", with(func(c *call) {
			c.edit = func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(strings.Replace(event, "x", "y", 1))) }
		}), 403, 0},
		{"the id was changed", with(func(c *call) { c.edit = func(r *http.Request) { r.Header.Set("Webhook-Id", "evt_9") } }), 403, 0},
		{"nothing at all", with(func(c *call) {
			c.body, c.edit = "", func(r *http.Request) { r.Header = http.Header{} }
		}), 403, 0},
		{"signed, but no event", with(func(c *call) { c.body = "hello" }), 400, 0},
		{"a whole MiB", with(func(c *call) { c.id, c.body = "evt_4", padded(1<<20) }), 202, 1},
		{"a byte more", with(func(c *call) { c.body = padded(1<<20 + 1) }), 413, 0},
		{"2 MiB, announced", with(func(c *call) { c.body = padded(2 << 20) }), 413, 0},
		{"2 MiB, in chunks", with(func(c *call) {
			c.edit = func(r *http.Request) { // of a length that is not told
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(make([]byte, 2<<20))), -1
			}
		}), 413, 0},
		{"a provider that nobody configured", with(func(c *call) { c.path = "/webhooks/nobody" }), 403, 0},
	}
	refusal := ""
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &stack{t: t, url: s.url, store: s.store}
			before := s.received()
			status, body, _ := s.post(tt.call)
			if kept := s.received() - before; status != tt.status || kept != tt.kept {
				t.Errorf("answered %d and kept %d, want %d and %d: %.100s", status, kept, tt.status, tt.kept, body)
			}
			if tt.status != http.StatusForbidden {
				return
			}
			if refusal == "" {
				refusal = body
			}
			if body != refusal { // W15: a prober learns nothing from the answer
				t.Errorf("refused with %q, and others with %q", body, refusal)
			}
		})
	}
}

// TestThePluginsPathAnswersInItsWords: what is signed and no event, too, is told as JSON
// there, and nothing of what was wrong with it.
func TestThePluginsPathAnswersInItsWords(t *testing.T) {
	s := start(t)
	for body, want := range map[string]string{event: `200 {"received":true}`, "hello": `400 {"message":"Webhook Error: Failed to parse event"}`} {
		status, said, header := s.post(call{path: "/api/auth/polar/webhooks", id: "evt_words", body: body, sentAt: time.Now(), secret: server.WebhookSecret})
		if got := fmt.Sprint(status, " ", said); got != want || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s answered %s as %s, want %s", body, got, header.Get("Content-Type"), want)
		}
	}
}

// padded is an event of exactly n bytes.
func padded(n int) string {
	const head, tail = `{"type":"parcel.teleported","data":{"id":"x","pad":"`, `"}}`
	return head + strings.Repeat("a", n-len(head)-len(tail)) + tail
}

// TestWebhookWithoutADatabase: what cannot be stored is not acknowledged, so that the
// provider sends it again.
func TestWebhookWithoutADatabase(t *testing.T) {
	s := start(t)
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	status, _, header := s.post(call{path: polarPath, id: "evt_1", body: event, sentAt: time.Now(), secret: server.WebhookSecret})
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("answered %d with Retry-After %q, want 503 with one", status, header.Get("Retry-After"))
	}
}
