package polar

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
)

func isKind(err, kind error) bool { return errors.Is(err, kind) }

// readOne and writeOne are one request of each sort.
func readOne(p *Provider) error {
	_, err := p.Customer(context.Background(), "c1")
	return err
}

func writeOne(p *Provider) error {
	_, err := p.CreateCustomer(context.Background(), billing.NewCustomer{CustomerID: "c1", Email: "sam@example.com"})
	return err
}

func TestEveryRequestIsPinnedAndSigned(t *testing.T) {
	f, p := newFake(t, always(200, fixture(t, "customer", nil)))
	if err := readOne(p); err != nil {
		t.Fatal(err)
	}
	if err := writeOne(p); err != nil {
		t.Fatal(err)
	}
	for _, r := range f.requests() {
		if r.header.Get("Polar-Version") != "2026-04" || r.header.Get("Authorization") != "Bearer "+testToken {
			t.Errorf("%s %s: version %q, authorization %q", r.method, r.path, r.header.Get("Polar-Version"), r.header.Get("Authorization"))
		}
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		read   string // kinds of the error of a read
		write  string
	}{
		{"missing", 404, `{"error":"ResourceNotFound","detail":"Not found"}`, "not found", "not found"},
		{"wrong base URL", 404, `{"detail":"Not Found"}`, "provider", "provider"},
		{"another site's page", 404, `<html>`, "provider", "provider"},
		{"malformed", 422, `{"error":"RequestValidationError","detail":[{"loc":["body","email"],"msg":"value is not a valid email address","type":"value_error"}]}`, "invalid", "invalid"},
		{"detail is text", 422, `{"error":"RequestValidationError","detail":"no"}`, "invalid", "invalid"},
		{"address taken", 422, `{"error":"PolarRequestValidationError","detail":[{"loc":["body","email"],"msg":"A customer with this email address already exists.","type":"value_error","input":"x"}]}`, "conflict", "conflict"},
		{"external id taken", 422, `{"error":"PolarRequestValidationError","detail":[{"loc":["body","external_id"],"msg":"A customer with this external ID already exists.","type":"value_error"}]}`, "conflict", "conflict"},
		{"external id fixed", 422, `{"error":"PolarRequestValidationError","detail":[{"loc":["body","external_id"],"msg":"Customer external ID cannot be updated.","type":"value_error"}]}`, "conflict", "conflict"},
		{"no token", 401, `{"error":"invalid_token","error_description":"expired"}`, "provider", "provider"},
		{"token without scope", 403, `{"error":"insufficient_scope","error_description":"customers:write"}`, "provider", "provider"},
		{"not permitted", 403, `{"error":"NotPermitted","detail":"no"}`, "denied", "denied"},
		{"already canceled", 403, `{"error":"AlreadyCanceledSubscription","detail":"no"}`, "conflict", "conflict"},
		{"locked", 409, `{"error":"SubscriptionLocked","detail":"wait"}`, "conflict", "conflict"},
		{"expired", 410, `{"error":"ExpiredCheckoutError","detail":"gone"}`, "conflict", "conflict"},
		{"bad request", 400, `{"error":"BadRequest","detail":"no"}`, "invalid", "invalid"},
		{"too many", 429, ``, "provider", "provider"},
		{"failing", 500, `{"error":"Internal","detail":"no"}`, "provider", "provider, unknown"},
		{"proxy", 502, `<html>bad gateway`, "provider", "provider, unknown"},
		{"page instead of JSON", 200, `<html>`, "provider", "provider, unknown"},
		{"cut off", 200, `{"id":"customer-1"`, "provider", "provider, unknown"},
		{"redirect", 307, ``, "provider", "provider"},
		{"nothing", 200, ``, "provider", "provider, unknown"},
		{"accepted, without a word", 202, ``, "provider", "provider, unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, p := newFake(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(tt.body, "<") {
					w.Header().Set("Content-Type", "text/html")
					w.WriteHeader(tt.status)
					w.Write([]byte(tt.body)) //nolint:errcheck // a test server
					return
				}
				w.Header().Set("Location", "/elsewhere")
				reply(w, tt.status, tt.body)
			})
			if got := kindsOf(readOne(p)); got != tt.read {
				t.Errorf("read: %q, want %q", got, tt.read)
			}
			err := writeOne(p)
			if got := kindsOf(err); got != tt.write {
				t.Errorf("write: %q, want %q: %v", got, tt.write, err)
			}
		})
	}
}

func TestRefusalKeepsPolarsWords(t *testing.T) {
	_, p := newFake(t, always(422, `{"error":"PolarRequestValidationError","detail":[{"loc":["body","products",0],"msg":"Product is archived.","type":"value_error"}]}`))
	_, err := p.CreateCheckout(context.Background(), billing.CheckoutRequest{ProviderProductID: "x"})
	if err == nil || !strings.Contains(err.Error(), "body.products.0: Product is archived.") {
		t.Errorf("got %v", err)
	}
}

func TestRetries(t *testing.T) {
	good := fixture(t, "customer", nil)
	tests := []struct {
		name       string
		fail       func(w http.ResponseWriter)
		times      int
		call       func(*Provider) error
		wantAsked  int
		wantKinds  string
		wantPauses []time.Duration // nil: not looked at
	}{
		{"read after 503", status(503, ""), 2, readOne, 3, "", nil},
		{"read after a dropped connection", drop, 2, readOne, 3, "", nil},
		{"read after 429 waits as told", status(429, "3"), 1, readOne, 2, "", []time.Duration{3 * time.Second}},
		{"429 that asks for too long", status(429, "600"), 9, readOne, 1, "provider", nil},
		{"read that never works", status(500, ""), 9, readOne, 4, "provider", nil},
		{"404 is an answer", status(404, ""), 9, readOne, 1, "provider", nil},
		{"write after 503", status(503, ""), 9, writeOne, 1, "provider, unknown", nil},
		{"write after a dropped connection", drop, 9, writeOne, 1, "provider, unknown", nil},
		{"write after 429", status(429, "1"), 9, writeOne, 1, "provider", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f *fakePolar
			f, p := newFake(t, func(w http.ResponseWriter, r *http.Request) {
				if len(f.requests()) <= tt.times {
					tt.fail(w)
					return
				}
				reply(w, 200, good)
			})
			err := tt.call(p)
			if got := kindsOf(err); got != tt.wantKinds {
				t.Errorf("kinds %q, want %q: %v", got, tt.wantKinds, err)
			}
			if got := len(f.requests()); got != tt.wantAsked {
				t.Errorf("asked %d times, want %d", got, tt.wantAsked)
			}
			if tt.wantPauses != nil && (len(f.pauses) != 1 || f.pauses[0] != tt.wantPauses[0]) {
				t.Errorf("paused %v", f.pauses)
			}
		})
	}
}

func status(code int, retryAfter string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
	}
}

// drop closes the connection without an answer, after the request was read.
func drop(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func TestNobodyListening(t *testing.T) {
	f, p := newFake(t, always(200, ""))
	f.Close()
	if got := kindsOf(readOne(p)); got != "provider" {
		t.Errorf("read: %q", got)
	}
	if got := kindsOf(writeOne(p)); got != "provider" {
		t.Errorf("write: %q; nothing can have happened", got)
	}
}

func TestAnswerTooLong(t *testing.T) {
	f, p := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"id":"` + strings.Repeat("x", maxAnswer) + `"}`)) //nolint:errcheck // the client hangs up
	})
	if got := kindsOf(readOne(p)); got != "provider" {
		t.Errorf("read: %q", got)
	}
	if len(f.requests()) == 0 {
		t.Error("nothing was asked")
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	f := &fakePolar{answer: func(http.ResponseWriter, *http.Request) { <-release }}
	f.Server = httptest.NewServer(f)
	defer f.Close()
	defer close(release)
	var p *Provider
	got := "provider" // that is: not even connected in time, as on a busy machine
	for patience := 20 * time.Millisecond; got == "provider" && patience < time.Minute; patience *= 4 {
		p = f.provider(t, Config{Timeout: patience})
		got = kindsOf(writeOne(p))
	}
	if got != "provider, unknown" {
		t.Errorf("write: %q", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Customer(ctx, "c1"); kindsOf(err) != "provider" || !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestIDsNeverChangeThePath(t *testing.T) {
	f, p := newFake(t, always(200, fixture(t, "customer", nil)))
	for _, id := range []string{"", ".", "..", "a/b", "../orders", "a?b", "a#b", "a%2fb", "é", "a b", strings.Repeat("x", 129)} {
		if _, err := p.Customer(context.Background(), id); kindsOf(err) != "invalid" {
			t.Errorf("customer %q: %v", id, err)
		}
		if _, err := p.Fetch(context.Background(), billing.Ref{Kind: billing.KindOrder, ProviderID: id}); kindsOf(err) != "invalid" {
			t.Errorf("order %q: %v", id, err)
		}
		if _, err := p.ResumeSubscription(context.Background(), id); kindsOf(err) != "invalid" {
			t.Errorf("subscription %q: %v", id, err)
		}
	}
	if n := len(f.requests()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestNew(t *testing.T) {
	ok := Config{Token: "t", WebhookSecrets: []string{"s"}, Server: "production"}
	tests := []struct {
		name   string
		change func(*Config)
		want   string // part of the error; empty for none
		hosts  string
	}{
		{"production", func(*Config) {}, "", "https://polar.sh"},
		{"sandbox", func(c *Config) { c.Server = "sandbox" }, "", "https://sandbox.polar.sh"},
		{"another server", func(c *Config) { c.Server = "http://localhost:8081" }, "", "http://localhost:8081"},
		{"own page hosts", func(c *Config) { c.PageHosts = []string{"https://pay.example"} }, "", "https://pay.example"},
		{"no token", func(c *Config) { c.Token = " " }, "POLAR_ACCESS_TOKEN", ""},
		{"no secret", func(c *Config) { c.WebhookSecrets = nil }, "POLAR_WEBHOOK_SECRET", ""},
		{"empty secret", func(c *Config) { c.WebhookSecrets = []string{"s", ""} }, "POLAR_WEBHOOK_SECRET", ""},
		{"blank secret", func(c *Config) { c.WebhookSecrets = []string{"  "} }, "POLAR_WEBHOOK_SECRET", ""},
		{"prefix alone", func(c *Config) { c.WebhookSecrets = []string{"whsec_"} }, "POLAR_WEBHOOK_SECRET", ""},
		{"old prefix alone", func(c *Config) { c.WebhookSecrets = []string{"polar_whs_"} }, "POLAR_WEBHOOK_SECRET", ""},
		{"no server", func(c *Config) { c.Server = "" }, "POLAR_SERVER", ""},
		{"no URL", func(c *Config) { c.Server = "prod" }, "POLAR_SERVER", ""},
		{"other scheme", func(c *Config) { c.Server = "ftp://polar.example" }, "POLAR_SERVER", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := ok
			tt.change(&c)
			p, err := New(c)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("got %v", err)
				}
				return
			}
			if err != nil || strings.Join(p.PageHosts(), " ") != tt.hosts || p.Name() != "polar" {
				t.Errorf("got %v, %v", p, err)
			}
		})
	}
}

// TestAcceptedWithoutBody: Polar answers some writes with 202 and nothing else, which
// polar-go takes for broken JSON.
func TestAcceptedWithoutBody(t *testing.T) {
	_, p := newFake(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	err := p.call(context.Background(), once, nil, func(ctx context.Context) error {
		_, err := p.api.Orders.GenerateInvoice(ctx, "order-1")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
