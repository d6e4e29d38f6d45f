package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"counterfoil/auth"
	"counterfoil/db/dbtest"
)

// openDiary is a stack whose log is kept, down to the finest level.
func openDiary(t *testing.T) (*office, func() []map[string]any) {
	t.Helper()
	log := &diary{}
	s := (&stack{t: t, database: dbtest.URL(t), log: log}).open(true)
	lines := func() (lines []map[string]any) {
		t.Helper()
		s.rest()
		for line := range strings.Lines(log.String()) {
			var entry map[string]any
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Fatalf("a line of the log is none: %.200q: %v", line, err)
			}
			lines = append(lines, entry)
		}
		return lines
	}
	return &office{stack: s}, lines
}

// find is the first line of a log with that message.
func find(lines []map[string]any, message string) map[string]any {
	for _, line := range lines {
		if line["msg"] == message {
			return line
		}
	}
	return nil
}

// TestLogTellsWhoWhatWhen (SEC-15): sign-ins that succeed and that fail, refusals and what
// an operator does are lines that say when, from where, who and what, and lead to each
// other by the request's id.
func TestLogTellsWhoWhatWhen(t *testing.T) {
	o, lines := openDiary(t)
	o.olive, o.sam = o.browser(), o.browser()
	guesser := o.browser()
	guesser.post("/login", url.Values{"email": {"noor@example.com"}})
	guesser.wants(guesser.post("/login/code", url.Values{"email": {"noor@example.com"}, "code": {"AAAA-AAAA"}}), http.StatusBadRequest)
	o.sam.signIn("sam@example.com")
	o.olive.signIn("olive@example.com")
	o.olive.post("/admin/keys", url.Values{"name": {"Logged"}, "days": {"30"}, "scope": {"events:write"}})
	if denied := o.sam.get("/portal/orders/" + unknownID); denied.status != http.StatusNotFound {
		t.Errorf("answered %d", denied.status)
	}
	all := lines()
	for message, fields := range map[string][]string{
		"signed in": {"user", "session", "address", "request"}, "sign-in refused": {"reason", "request"},
		"audit": {"operator", "did", "key", "request"}, "request failed": {"pattern", "status", "user", "request"}, "request": {"method", "path", "status", "address", "request"},
	} {
		line := find(all, message)
		if line == nil {
			t.Errorf("no line says %q", message)
			continue
		}
		for _, field := range append(fields, "time", "level") {
			if value, ok := line[field]; !ok || value == "" {
				t.Errorf("%q does not tell its %s: %v", message, field, line)
			}
		}
		if at, err := time.Parse(time.RFC3339Nano, line["time"].(string)); err != nil || time.Since(at) > time.Hour {
			t.Errorf("%q is of %v, want a time with its zone", message, line["time"])
		}
	}
	refused, asked := find(all, "sign-in refused"), false
	for _, line := range all {
		asked = asked || line["msg"] == "request" && line["request"] == refused["request"] && line["address"] == "127.0.0.1"
	}
	if !asked {
		t.Error("nothing tells from where the refused sign-in came")
	}
}

// TestNothingSecretIsLogged (SEC-15): codes, cookies, keys, tokens and what people typed are
// in no line of the log at its finest level, and no text of a stranger breaks a line.
func TestNothingSecretIsLogged(t *testing.T) {
	o, lines := openDiary(t)
	o.olive, o.sam = o.browser(), o.browser()
	o.sam.signIn("sam@example.com")
	o.olive.signIn("olive@example.com")
	secrets := append(o.codes("sam@example.com"), o.codes("olive@example.com")...)
	for _, b := range []*browser{o.sam, o.olive} {
		here, err := url.Parse(o.url)
		if err != nil {
			t.Fatal(err)
		}
		for _, cookie := range b.client.Jar.Cookies(here) {
			secrets = append(secrets, cookie.Value)
		}
	}
	caller := o.makeKey(auth.ScopeEvents)
	caller.call("POST", "/api/v1/events", `{"events":[{"id":"x","customer_id":"canary-body"}]}`)
	secrets = append(secrets, caller.key, "canary-body", "canary-token", "canary-query", "canary-typed", strings.Repeat("t", 43))
	o.sam.get("/checkout/success?checkout_id=" + unknownID + "&customer_session_token=canary-token")
	o.sam.get("/login?next=/portal%3Fx=canary-query")
	o.sam.get("/api/auth/reset-password/" + strings.Repeat("t", 43))
	o.sam.get("/nowhere/%0a%0dlevel=ERROR%20msg=forged%1b[31m")
	stranger := o.browser()
	stranger.post("/login", url.Values{"email": {"canary-typed@"}, "password": {"canary-typed"}})
	stranger.post("/login/code", url.Values{"email": {"a@example.com"}, "code": {"canary-typed"}})
	text, err := json.Marshal(lines())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(string(text), secret) {
			i := strings.Index(string(text), secret)
			t.Errorf("%.12q... is logged: %.300s", secret, text[max(0, i-200):])
		}
	}
	if len(secrets) < 10 {
		t.Errorf("only %d secrets were looked for", len(secrets))
	}
}

// TestTraceIsRefused (SEC-16): TRACE would send cookies back to a script.
func TestTraceIsRefused(t *testing.T) {
	s := start(t)
	for _, path := range []string{"/", "/portal", "/healthz", "/api/v1/customers", "/api/auth/ok", "/webhooks/polar", "/static/app.css"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodTrace, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", "counterfoil=canary")
		page := s.browser().do(r)
		if html, _ := page.Html(); page.status < 400 || strings.Contains(html, "canary") {
			t.Errorf("TRACE %s answered %d: %.200s", path, page.status, html)
		}
	}
}

// TestSigningOutClearsTheBrowser (SEC-18): what was shown to the one who leaves is not left
// for the next.
func TestSigningOutClearsTheBrowser(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("noor@example.com")
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	page := b.post("/logout", nil)
	if clear := page.header.Get("Clear-Site-Data"); !strings.Contains(clear, `"cache"`) || !strings.Contains(clear, `"storage"`) {
		t.Errorf("Clear-Site-Data is %q", clear)
	}
	if left := b.get("/portal"); left.header.Get("Location") == "" {
		t.Errorf("still signed in: %d", left.status)
	}
}
