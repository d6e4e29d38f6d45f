package polar

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"counterfoil/billing"
)

const (
	testToken  = "polar_oat_test"
	testSecret = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
)

// fakePolar answers over loopback with what a test puts in, and keeps what was asked.
type fakePolar struct {
	*httptest.Server
	mu      sync.Mutex
	asked   []asked
	answer  http.HandlerFunc
	skipped time.Duration   // their sum
	pauses  []time.Duration // what the client waited between attempts, without waiting
}

type asked struct {
	method, path, query string
	header              http.Header
	body                string
}

func newFake(t *testing.T, answer http.HandlerFunc) (*fakePolar, *Provider) {
	t.Helper()
	f := &fakePolar{answer: answer}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f, f.provider(t, Config{})
}

// provider makes a Provider that talks to f and does not wait between attempts.
func (f *fakePolar) provider(t *testing.T, c Config) *Provider {
	t.Helper()
	c.Token, c.WebhookSecrets, c.Server = testToken, []string{testSecret}, f.URL
	c.Log = slog.New(slog.DiscardHandler)
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	p.client.pause = func(_ context.Context, d time.Duration) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.pauses = append(f.pauses, d)
		f.skipped += d
		return nil
	}
	p.client.now = func() time.Time {
		f.mu.Lock()
		defer f.mu.Unlock()
		return time.Now().Add(f.skipped)
	}
	return p
}

func (f *fakePolar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	f.mu.Lock()
	f.asked = append(f.asked, asked{r.Method, r.URL.Path, r.URL.RawQuery, r.Header, string(body)})
	f.mu.Unlock()
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	f.answer(w, r)
}

// requests is what was asked so far.
func (f *fakePolar) requests() []asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// reply writes a JSON answer.
func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, body) //nolint:errcheck // a test server
}

// always answers everything alike.
func always(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { reply(w, status, body) }
}

// list is the envelope of one page.
func list(maxPage int, items ...string) string {
	return `{"items":[` + strings.Join(items, ",") + `],"pagination":{"total_count":` +
		jsonText(len(items)*maxPage) + `,"max_page":` + jsonText(maxPage) + `}}`
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// fixture is an object of testdata with some fields replaced.
func fixture(t testing.TB, name string, changes map[string]any) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := decode(raw, &object); err != nil {
		t.Fatal(err)
	}
	for key, value := range changes {
		object[key] = value
	}
	return jsonText(object)
}

// kindOf names the kinds of an error, for tables.
func kindsOf(err error) string {
	var names []string
	for _, k := range []struct {
		name string
		kind error
	}{
		{"not found", billing.ErrNotFound}, {"invalid", billing.ErrInvalid}, {"denied", billing.ErrDenied},
		{"conflict", billing.ErrConflict}, {"provider", billing.ErrProvider}, {"unknown", billing.ErrUnknown},
	} {
		if isKind(err, k.kind) {
			names = append(names, k.name)
		}
	}
	return strings.Join(names, ", ")
}
