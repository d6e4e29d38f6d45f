package handlers_test

import (
	"bufio"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// listen opens a stream and returns its first event; the rest stays unread.
func (b *browser) listen(checkoutID string) (first string, rest *bufio.Reader) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.stack.url+"/checkout/stream?checkout_id="+url.QueryEscape(checkoutID), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = answer.Body.Close() })
	rest = bufio.NewReader(answer.Body)
	for {
		line, err := rest.ReadString('\n')
		if err != nil {
			b.t.Fatalf("a stream answered %d %q and ended: %v", answer.StatusCode, first, err)
		}
		if line == "\n" {
			return first, rest
		}
		first += line
	}
}

// TestStreamsAreFewAndEnd: a customer's tabs listen, more of them only look from time
// to time, and all of them end at once when the server stops.
func TestStreamsAreFewAndEnd(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("noor@example.com")
	b.wants(b.post("/checkout", url.Values{"plan": {"pro"}}), http.StatusOK)
	open, err := s.store.UnsettledCheckouts(t.Context(), time.Now().Add(time.Hour), "", 2, time.Now())
	if err != nil || len(open) != 1 {
		t.Fatalf("%d open checkouts, %v", len(open), err)
	}
	var ends []*bufio.Reader
	for i := range 6 {
		first, rest := b.listen(open[0].ProviderID)
		if full := strings.HasPrefix(first, "retry:"); full != (i >= 4) || !strings.Contains(first, "data: waiting") {
			t.Errorf("stream %d began with %q", i+1, first)
		}
		ends = append(ends, rest)
	}
	began := time.Now()
	close(s.stopping)
	for _, rest := range ends {
		if _, err := rest.ReadString(0); err == nil || time.Since(began) > 30*time.Second {
			t.Errorf("a stream went on while the server stopped: %v", err)
		}
	}
}
