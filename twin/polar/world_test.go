package polar_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	polargo "github.com/polarsource/polar-go"

	"counterfoil/twin"
	"counterfoil/twin/server"
)

// world is a seeded twin with polar-go pointed at it.
type world struct {
	*server.Server
	t   *testing.T
	api *polargo.Polar
}

// newWorld starts a twin that closes with the test; webhookURL may be "".
func newWorld(t testing.TB, webhookURL string) *world {
	t.Helper()
	s, err := server.Start(t.Context(), server.Config{
		Addr: "127.0.0.1:0", Seed: true, WebhookURL: webhookURL, Log: slog.New(witness{t.Name()}),
		RetryUnit: 50 * time.Microsecond, Patience: time.Second,
	})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	w := &world{Server: s, api: polargo.New(polargo.WithServerURL(s.BaseURL), polargo.WithSecurity(server.OrganizationToken))}
	w.t, _ = t.(*testing.T)
	return w
}

// product is the seeded product with the slug.
func (w *world) product(slug string) twin.Product {
	w.t.Helper()
	for _, p := range w.Engine.Products() {
		if p.Metadata.String("slug") == slug {
			return p
		}
	}
	w.t.Fatalf("no product %q", slug)
	return twin.Product{}
}

// customer is the seeded customer with the e-mail.
func (w *world) customer(email string) twin.Customer {
	w.t.Helper()
	for _, c := range w.Engine.Customers() {
		if c.Email == email {
			return c
		}
	}
	w.t.Fatalf("no customer %q", email)
	return twin.Customer{}
}

// call sends a raw request and returns status, header and body. A token of "" sends none.
func (w *world) call(method, path, token, body string) (int, http.Header, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.BaseURL+path, strings.NewReader(body))
	must(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	must(w.t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	must(w.t, err)
	return res.StatusCode, res.Header, string(answer)
}

// get reads a JSON answer of the organization's API.
func (w *world) get(path string) map[string]any {
	w.t.Helper()
	status, _, body := w.call("GET", path, server.OrganizationToken, "")
	if status != 200 {
		w.t.Fatalf("GET %s: %d %s", path, status, body)
	}
	return decoded(w.t, []byte(body))
}

// decoded reads JSON, keeping numbers as they were written.
func decoded(t testing.TB, data []byte) map[string]any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var m map[string]any
	must(t, dec.Decode(&m))
	return m
}

// arrival is one webhook call.
type arrival struct {
	header http.Header
	body   []byte
}

// kind is the type in the body.
func (a arrival) kind(t testing.TB) string {
	kind, _ := decoded(t, a.body)["type"].(string)
	return kind
}

// receiver is a merchant's webhook endpoint.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	arrivals []arrival
	changed  chan struct{}
	reply    func(n int, w http.ResponseWriter) // n counts calls from 1
}

// newReceiver listens; reply nil answers 202.
func newReceiver(t testing.TB, reply func(n int, w http.ResponseWriter)) *receiver {
	r := &receiver{changed: make(chan struct{}), reply: reply}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.arrivals = append(r.arrivals, arrival{req.Header.Clone(), body})
		n := len(r.arrivals)
		close(r.changed)
		r.changed = make(chan struct{})
		r.mu.Unlock()
		if r.reply != nil {
			r.reply(n, w)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(r.Close)
	return r
}

// await waits until done says so about the calls so far.
func (r *receiver) await(t testing.TB, done func([]arrival) bool) []arrival {
	t.Helper()
	limit := time.After(5 * time.Minute)
	for {
		r.mu.Lock()
		got, changed := append([]arrival{}, r.arrivals...), r.changed
		r.mu.Unlock()
		if done(got) {
			return got
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("after five minutes: %d webhooks", len(got))
		}
	}
}

// must fails the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ok turns a result with an error into a value that fails the test.
func ok[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}
