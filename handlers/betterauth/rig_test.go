package betterauth

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"counterfoil/auth"
	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// rig is the API on a real database, with a clock that the test moves and the mails
// that auth wrote.
type rig struct {
	t       testing.TB
	url     string // of the database
	store   *db.Store
	auth    *auth.Service
	server  *Server
	handler http.Handler

	mu   sync.Mutex
	now  time.Time
	code string        // of the last mail
	mail auth.CodeMail // all that it said
	link auth.LinkMail // what the last mail with a link said
}

const home = "https://billing.example.com"

func newRig(t testing.TB, change ...func(*auth.Config, *Config)) *rig {
	t.Helper()
	url := dbtest.URL(t)
	g := &rig{t: t, url: url, store: dbtest.OpenAt(t, url), now: time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC)}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	a := auth.Config{
		Store: g.store, BaseURL: home, Now: g.clock, Log: log, Secrets: [][]byte{bytes.Repeat([]byte("s"), 32)},
		CodeMail: func(m auth.CodeMail) (db.Mail, error) {
			g.code, g.mail = m.Code, m
			return db.Mail{Subject: "Code", Text: m.Code}, nil
		},
	}
	a.LinkMail = func(m auth.LinkMail) (db.Mail, error) {
		g.link = m
		return db.Mail{Subject: "Link", Text: m.Token}, nil
	}
	provider, err := polar.New(polar.Config{ // nobody listens there: no read may need it
		Token: "polar_oat_test", WebhookSecrets: []string{"whsec_dGVzdCB0ZXN0IHRlc3QgdGVzdA=="}, Server: "http://127.0.0.1:1", Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Store: g.store, Provider: provider, BrowserEvents: []string{"file_uploaded"}, Poke: func() {}, BaseURL: home, Now: g.clock, Log: log,
	}
	for _, f := range change {
		f(&a, &c)
	}
	if g.auth, err = auth.New(a); err != nil {
		t.Fatal(err)
	}
	c.Auth = g.auth
	if g.server, err = New(c); err != nil {
		t.Fatal(err)
	}
	g.handler = g.server.Handler()
	return g
}

func (g *rig) clock() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

func (g *rig) pass(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = g.now.Add(d)
}

// browser keeps cookies, as the API and the pages set them.
type browser struct {
	g       *rig
	cookies map[string]string
	set     []*http.Cookie // by the last answer
}

func (g *rig) browser() *browser { return &browser{g: g, cookies: map[string]string{}} }

// signIn proves an address by a code, as the sign-in page does.
func (b *browser) signIn(email string) {
	b.g.t.Helper()
	b.prove(email, func(r *http.Request) *http.Request { return r })
}

// signInOnWire does so on the API; brief is rememberMe:false.
func (b *browser) signInOnWire(email string, brief bool) *browser {
	b.g.t.Helper()
	b.prove(email, func(r *http.Request) *http.Request { return auth.OnWire(r, brief) })
	return b
}

func (b *browser) prove(email string, mark func(*http.Request) *http.Request) {
	b.g.t.Helper()
	b.page(func(w http.ResponseWriter, r *http.Request) error { return b.g.auth.RequestCode(w, mark(r), email, "") })
	b.page(func(w http.ResponseWriter, r *http.Request) error {
		_, err := b.g.auth.VerifyCode(w, mark(r), "", b.g.code)
		return err
	})
}

// page runs a handler of a page in this browser.
func (b *browser) page(h func(w http.ResponseWriter, r *http.Request) error) {
	b.g.t.Helper()
	r, w := b.request("POST", "/login", "", nil), httptest.NewRecorder()
	if err := h(w, r); err != nil {
		b.g.t.Fatal(err)
	}
	b.keep(w)
}

func (b *browser) request(method, path, body string, headers map[string]string) *http.Request {
	r := httptest.NewRequestWithContext(b.g.t.Context(), method, home+path, strings.NewReader(body))
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	if method == "POST" {
		r.Header.Set("Origin", home)
	}
	r.Header.Set("User-Agent", "a browser")
	for name, value := range b.cookies {
		r.Header.Add("Cookie", name+"="+value)
	}
	for name, value := range headers {
		r.Header.Del(name)
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return r
}

// ask calls the API; path is below /api/auth.
func (b *browser) ask(method, path, body string, headers map[string]string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.g.handler.ServeHTTP(w, b.request(method, root+path, body, headers))
	b.keep(w)
	return w
}

func (b *browser) keep(w *httptest.ResponseRecorder) {
	b.set = w.Result().Cookies()
	for _, c := range b.set {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
}

// sent is the cookie of that name that the last answer set; nil for none.
func (b *browser) sent(name string) *http.Cookie {
	for _, c := range b.set {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// into reads an answer of 200.
func into[T any](g *rig, w *httptest.ResponseRecorder) (value T) {
	g.t.Helper()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		g.t.Fatalf("answered %d %s: %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &value); err != nil {
		g.t.Fatalf("%v: %s", err, w.Body)
	}
	return value
}

// refused checks an answer that must be a refusal.
func (g *rig) refused(w *httptest.ResponseRecorder, status int, code string) {
	g.t.Helper()
	var said struct{ Code, Message string }
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Code != status || said.Code != code {
		g.t.Errorf("answered %d %s, want %d %s", w.Code, w.Body, status, code)
	}
}
