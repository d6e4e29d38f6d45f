package handlers

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"

	"counterfoil/billing"
)

// maxWebhook is the largest delivery that is taken, in bytes.
const maxWebhook = 1 << 20

// receiveWebhook handles POST /webhooks/polar and the path of the Better Auth plugin,
// /api/auth/polar/webhooks. It answers 202 when the delivery is on disk, new or seen
// before, of a type we know or not; applying it comes later. The provider's hosted
// checkout keeps the buyer waiting for this answer, up to 15 seconds
// (polarsource/polar, clients/packages/checkout).
//
// Whatever cannot be trusted gets one answer, the same for every reason. When the
// delivery cannot be stored the answer is 503, and the provider tries again.
func (s *Server) receiveWebhook(w http.ResponseWriter, r *http.Request) error {
	buffer := bodies.Get().(*[]byte)
	body, err := readWebhook(w, r, *buffer)
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		w.Header().Set("Connection", "close") // the rest of the body is not worth reading
		return refuse(w, http.StatusRequestEntityTooLarge, "larger than 1 MiB")
	}
	if err != nil {
		return refuse(w, http.StatusBadRequest, "the body ended too early")
	}
	delivery, err := s.Provider.Verify(r.Header, body, s.Now())
	switch {
	case err != nil && r.URL.Path == pluginPath && !errors.Is(err, billing.ErrInvalid):
		s.webhookRefused(r, err)
		return tellPlugin(w, http.StatusBadRequest, `{"message":"Webhook Error: No matching signature found"}`)
	case errors.Is(err, billing.ErrInvalid):
		s.Log.WarnContext(r.Context(), "signed webhook that is no event", "path", r.URL.Path, "err", err)
		if r.URL.Path == pluginPath {
			return tellPlugin(w, http.StatusBadRequest, `{"message":"Webhook Error: Failed to parse event"}`)
		}
		return refuse(w, http.StatusBadRequest, "signed, but not an event")
	case err != nil:
		s.webhookRefused(r, err)
		return refuse(w, http.StatusForbidden, "not a valid webhook")
	}
	//failpoint:inbox.before_insert
	fresh, err := s.Store.Receive(r.Context(), delivery, r.URL.Path, s.Now())
	if err != nil {
		w.Header().Set("Retry-After", "5")
		return fmt.Errorf("webhook %s: %w", delivery.Type, err) // the body may still be on its way to the disk
	}
	bodies.Put(buffer)
	if s.Log.Enabled(r.Context(), slog.LevelDebug) {
		s.Log.DebugContext(r.Context(), "webhook received", "type", delivery.Type, "delivery", delivery.ID, "fresh", fresh)
	}
	if fresh {
		s.Poke()
	}
	s.webhookTaken(r)
	//failpoint:inbox.before_answer
	if r.URL.Path == pluginPath {
		return tellPlugin(w, http.StatusOK, `{"received":true}`)
	}
	w.WriteHeader(http.StatusAccepted)
	//failpoint:inbox.after_answer
	return nil
}

// pluginPath is where Better Auth's Polar plugin takes webhooks, with answers of its own.
// Every refusal is told alike there too, in the words for the most common one.
const pluginPath = "/api/auth/polar/webhooks"

func tellPlugin(w http.ResponseWriter, status int, body string) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err := io.WriteString(w, body)
	return err
}

// shortBody is how long a body may be that is read into a buffer which is used again.
// Polar's have 2 to 6 kB.
const shortBody = 16 << 10

// bodies are such buffers. One that did not come to a good end is not put back: whoever
// else may hold the body keeps it.
var bodies = sync.Pool{New: func() any { buffer := make([]byte, shortBody); return &buffer }}

// readWebhook reads a body of at most maxWebhook bytes, or answers an
// http.MaxBytesError: a short one whose length is told into the buffer, another one into
// memory that is given as it arrives, not as it is announced.
func readWebhook(w http.ResponseWriter, r *http.Request, buffer []byte) ([]byte, error) {
	if r.ContentLength > maxWebhook {
		return nil, &http.MaxBytesError{Limit: maxWebhook}
	}
	if r.ContentLength >= 0 && r.ContentLength <= int64(len(buffer)) {
		body := buffer[:r.ContentLength]
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
}

// refuse answers a machine with a status and a line of text.
func refuse(w http.ResponseWriter, status int, text string) error {
	http.Error(w, text, status)
	return nil
}
