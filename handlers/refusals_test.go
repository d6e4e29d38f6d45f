package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestBadInput: each gets a clear sentence and the right status, and changes nothing.
func TestBadInput(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("noor@example.com")
	id := "0190d2d2-3333-7333-8333-333333333333"
	tests := []struct {
		name, path string
		form       url.Values // nil: a GET
		status     int
		says       string
	}{
		{"an unknown plan", "/checkout", url.Values{"plan": {"platinum"}}, 404, "no such plan"},
		{"no plan at all", "/checkout", url.Values{}, 404, "no such plan"},
		{"a forged checkout id", "/checkout/success?checkout_id=" + id, nil, 404, ""},
		{"a checkout id that is none", "/checkout/success?checkout_id=%27%3B--", nil, 404, ""},
		{"no checkout id", "/checkout/success", nil, 404, ""},
		{"a foreign subscription", "/portal/subscriptions/" + id, nil, 404, ""},
		{"a foreign cancellation", "/portal/subscriptions/" + id + "/cancel", url.Values{}, 404, ""},
		{"an unknown meter", "/usage/" + id, nil, 404, ""},
		{"a page cursor that is none", "/portal/orders?before=zzz", nil, 400, ""},
		{"a day that is none", "/credits/yesterday", nil, 404, ""},
		{"no such page", "/nowhere", nil, 404, "no page at this address"},
		{"an event of another name", "/usage/events", url.Values{"event_id": {id}, "event": {"mint_money"}}, 403, "cannot be sent from a browser"},
		{"an event without its number", "/usage/events", url.Values{"event": {"ai_usage"}}, 400, "Open the page anew"},
		{"negative usage", "/usage/events", url.Values{"event_id": {id}, "event": {"ai_usage"}, "key": {"credits"}, "value": {"-5"}}, 400, "must not be negative"},
		{"a value without a key", "/usage/events", url.Values{"event_id": {id}, "event": {"ai_usage"}, "key": {""}, "value": {"5"}}, 400, "needs a key"},
		{"the same key twice", "/usage/events", url.Values{"event_id": {id}, "event": {"ai_usage"}, "key": {"a", "a"}, "value": {"5", "6"}}, 400, "key of its own"},
		{"a key that is too long", "/usage/events", url.Values{"event_id": {id}, "event": {"ai_usage"}, "key": {strings.Repeat("k", 41)}, "value": {"5"}}, 400, ""},
		{"usage beyond counting", "/usage/events", url.Values{"event_id": {id}, "event": {"ai_usage"}, "key": {"credits"}, "value": {strings.Repeat("9", 40)}}, 400, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &browser{t: t, stack: s, client: b.client}
			var page *sheet
			if tt.form == nil {
				page = b.get(tt.path)
			} else {
				page = b.post(tt.path, tt.form)
			}
			b.wants(page, tt.status, tt.says)
			if page.Find("h1").Length() != 1 {
				t.Errorf("the page has %d headings of the first order, want one", page.Find("h1").Length())
			}
		})
	}
	if events, _, err := s.store.RecentEvents(t.Context(), "", noMeter, "", 10); err != nil || len(events) != 0 {
		t.Errorf("refused events were kept: %v %v", events, err)
	}
}

// TestFormsFromElsewhereAreRefused (SEC-03): a form that another site sends is not
// carried out, whatever the cookie says.
func TestFormsFromElsewhereAreRefused(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("noor@example.com")
	headers := []map[string]string{
		{"Sec-Fetch-Site": "cross-site"},
		{"Sec-Fetch-Site": "same-site"},
		{"Origin": "https://evil.example"},
		{"Origin": "null"},
	}
	for _, path := range []string{"/checkout", "/logout", "/usage/events", "/portal/provider", "/theme", "/account", "/login"} {
		for _, h := range headers {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader("plan=pro"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for name, value := range h {
				r.Header.Set(name, value)
			}
			if page := b.do(r); page.status != http.StatusForbidden {
				t.Errorf("POST %s with %v answered %d, want 403", path, h, page.status)
			}
		}
	}
	b.wants(b.get("/portal"), http.StatusOK) // still signed in
}

// TestSignedOutVisitorsAreSentToSignIn: no page of a customer answers a stranger.
func TestSignedOutVisitorsAreSentToSignIn(t *testing.T) {
	s := start(t)
	b := s.browser()
	for _, path := range []string{
		"/portal", "/portal/subscriptions", "/portal/orders", "/portal/orders/x", "/portal/benefits", "/portal/subscriptions/x",
		"/portal/subscriptions/x/cancel", "/usage", "/usage/x", "/credits", "/credits/2026-11-01", "/account", "/checkout/success?checkout_id=x",
	} {
		page := b.get(path)
		if page.url.Path != "/login" || page.url.Query().Get("next") != path {
			t.Errorf("GET %s led to %s, want the sign-in page that comes back", path, page.url)
		}
	}
}

// TestMachinesAreAnsweredPlainly: what a program reads is no page, in whatever reads it.
func TestMachinesAreAnsweredPlainly(t *testing.T) {
	s := start(t)
	b := s.browser()
	for _, path := range []string{"/healthz", "/readyz"} {
		page := b.get(path)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store",
		} {
			if got := page.header.Get(name); got != want {
				t.Errorf("GET %s: %s is %q, want %q", path, name, got, want)
			}
		}
		if page.header.Get("X-Request-Id") == "" {
			t.Errorf("GET %s has no request id", path)
		}
	}
}

// TestEveryAnswerIsGuarded (SEC-02): the headers stand on pages, errors, files and
// redirects alike.
func TestEveryAnswerIsGuarded(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, path := range []string{"/", "/plans", "/login", "/nowhere", "/portal", "/webhooks/polar", "/static/none.css", "/favicon.ico"} {
		page := b.get(path)
		policy := page.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self' " + s.twin.BaseURL} {
			if !strings.Contains(policy, want) {
				t.Errorf("GET %s: the policy lacks %q: %s", path, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("GET %s: the policy allows something unsafe: %s", path, policy)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"} {
			if got := page.header.Get(name); got != want {
				t.Errorf("GET %s: %s is %q, want %q", path, name, got, want)
			}
		}
		if page.header.Get("X-Request-Id") == "" {
			t.Errorf("GET %s has no request id", path)
		}
	}
}
