package auth

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"database/sql"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// world is a Service on a real database, with a clock that the test moves, and
// eyes of its own on the database.
type world struct {
	t     testing.TB
	auth  *Service
	store *db.Store
	clock *clock
	raw   *sql.DB
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const base = "https://billing.example.com"

func newWorld(t testing.TB, change ...func(*Config)) *world {
	t.Helper()
	url := dbtest.URL(t)
	store, raw := dbtest.OpenAt(t, url), dbtest.Raw(t, url)
	w := &world{t: t, store: store, raw: raw, clock: &clock{now: time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC)}}
	config := Config{
		Store: store, BaseURL: base, Now: w.clock.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		CodeMail: func(m CodeMail) (db.Mail, error) {
			return db.Mail{Subject: "Code", Text: m.Code, HTML: m.ID}, nil
		},
		LinkMail: func(m LinkMail) (db.Mail, error) {
			return db.Mail{Subject: string(m.Kind), Text: m.Token, HTML: m.Callback}, nil
		},
		FoundingMail: func(m FoundingMail) (db.Mail, error) {
			return db.Mail{Subject: "Code for " + m.Organization, Text: m.Code}, nil
		},
		InvitationMail: func(m InvitationMail) (db.Mail, error) {
			return db.Mail{Subject: "Invitation", Text: m.URL}, nil
		},
	}
	for _, c := range change {
		c(&config)
	}
	var err error
	if w.auth, err = New(config); err != nil {
		t.Fatal(err)
	}
	return w
}

// count asks the database a question whose answer is a number.
func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.raw.QueryRow(dbtest.SQL(query), args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// exec changes the database behind the Service's back.
func (w *world) exec(query string) {
	w.t.Helper()
	if _, err := w.raw.Exec(query); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}

// mailed is the code or token in the newest mail to an address.
func (w *world) mailed(to string) string { return w.newest(to).Text }

// newest is the newest mail to an address.
func (w *world) newest(to string) db.Mail {
	w.t.Helper()
	var payload string
	err := w.raw.QueryRow(dbtest.SQL(`SELECT payload FROM outbox WHERE kind = 'send_mail' AND payload LIKE '%"to":"' || ? || '"%' ORDER BY id DESC LIMIT 1`), to).Scan(&payload)
	if err != nil {
		w.t.Fatalf("mail to %s: %v", to, err)
	}
	var mail db.Mail
	if err := json.Unmarshal([]byte(payload), &mail); err != nil {
		w.t.Fatal(err)
	}
	return mail
}

// browser keeps cookies, as the real ones do.
type browser struct {
	w       *world
	address string
	agent   string
	cookies map[string]string
}

func (w *world) browser() *browser {
	return &browser{w: w, address: "203.0.113.7:5000", agent: "Test/1.0", cookies: map[string]string{}}
}

func (b *browser) request(method, target string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = b.address
	r.Header.Set("User-Agent", b.agent)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

// do lets the browser send a request to what a handler would do with it.
func (b *browser) do(r *http.Request, handle func(w http.ResponseWriter, r *http.Request) error) error {
	w := httptest.NewRecorder()
	err := handle(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return err
}

func (b *browser) ask(email string) error {
	return b.do(b.request("POST", "/login"), func(w http.ResponseWriter, r *http.Request) error {
		return b.w.auth.RequestCode(w, r, email, "/portal")
	})
}

func (b *browser) enter(email, code string) (Arrival, error) {
	var arrival Arrival
	err := b.do(b.request("POST", "/login/code"), func(w http.ResponseWriter, r *http.Request) error {
		var err error
		arrival, err = b.w.auth.VerifyCode(w, r, email, code)
		return err
	})
	return arrival, err
}

func (b *browser) who() Visitor {
	b.w.t.Helper()
	who, err := b.w.auth.Who(b.request("GET", "/"))
	if err != nil {
		b.w.t.Fatalf("who: %v", err)
	}
	return who
}

// signIn goes through the whole of it.
func (b *browser) signIn(email string) Visitor {
	b.w.t.Helper()
	if err := b.ask(email); err != nil {
		b.w.t.Fatalf("ask for a code: %v", err)
	}
	if _, err := b.enter(email, b.w.mailed(email)); err != nil {
		b.w.t.Fatalf("enter the code: %v", err)
	}
	return b.who()
}

func wantReason(t *testing.T, err error, want Reason) *Refusal {
	t.Helper()
	refusal := ReasonOf(err)
	if refusal == nil || refusal.Reason != want {
		t.Fatalf("got %v, want a refusal for %s", err, want)
	}
	return refusal
}

func TestNewRefusesWhatItCannotServe(t *testing.T) {
	good := ProviderConfig{ID: "oidc", Kind: "oidc", Name: "Example", ClientID: "id", ClientSecret: "secret", Issuer: "https://id.example.com"}
	tests := []struct {
		name   string
		change func(*Config)
	}{
		{"no clock", func(c *Config) { c.Now = nil }},
		{"no mail", func(c *Config) { c.CodeMail = nil }},
		{"base URL with a path", func(c *Config) { c.BaseURL = "https://example.com/portal" }},
		{"base URL without scheme", func(c *Config) { c.BaseURL = "example.com" }},
		{"provider id that is a route", func(c *Config) { p := good; p.ID = "code"; c.Providers = []ProviderConfig{p} }},
		{"provider id with a slash", func(c *Config) { p := good; p.ID = "a/b"; c.Providers = []ProviderConfig{p} }},
		{"provider twice", func(c *Config) { c.Providers = []ProviderConfig{good, good} }},
		{"provider of no kind", func(c *Config) { p := good; p.Kind = "saml"; c.Providers = []ProviderConfig{p} }},
		{"provider without secret", func(c *Config) { p := good; p.ClientSecret = ""; c.Providers = []ProviderConfig{p} }},
		{"issuer over plain http", func(c *Config) { p := good; p.Issuer = "http://id.example.com"; c.Providers = []ProviderConfig{p} }},
		{"issuer with a query", func(c *Config) { p := good; p.Issuer += "?x=1"; c.Providers = []ProviderConfig{p} }},
	}
	valid := newWorld(t).auth.Config
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := valid
			test.change(&config)
			if _, err := New(config); err == nil {
				t.Error("New succeeded, want a refusal")
			}
		})
	}
	valid.Providers = []ProviderConfig{good}
	if s, err := New(valid); err != nil || len(s.FormHosts()) != 0 { // its pages may be anywhere
		t.Errorf("New with a good provider: %v", err)
	}
}

func TestRefusalsAreOfBillingsKinds(t *testing.T) {
	cause := errors.New("cause")
	for reason, kind := range kindOf {
		err := refuse(reason, cause)
		if !errors.Is(err, kind) || !errors.Is(err, cause) || !strings.Contains(err.Error(), string(reason)) {
			t.Errorf("refusal for %s is %v", reason, err)
		}
	}
	if !errors.Is(refuse(TooMany, nil), billing.ErrDenied) {
		t.Error("a refusal without cause has no kind")
	}
}

func queryOf(t *testing.T, target string) url.Values {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}
