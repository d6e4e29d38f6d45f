package betterauth

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"counterfoil/db/dbtest"
)

// filled is a path of the table with something where a value belongs.
var filled = strings.NewReplacer("{token}", "none", "{provider}", "none")

// TestWhoMayCallWhat (SEC-05): nobody gets past an endpoint whose row in
// docs/better-auth.md says that a session is needed, and everybody past the others.
func TestWhoMayCallWhat(t *testing.T) {
	g := newRig(t)
	for endpoint, who := range documented(t) {
		method, path, _ := strings.Cut(endpoint, " ")
		if path == "/polar/webhooks" {
			continue // a route of the portal's own
		}
		w := g.browser().ask(method, filled.Replace(path), body(method), nil)
		if locked := w.Code == http.StatusUnauthorized && strings.Contains(w.Body.String(), `"UNAUTHORIZED"`); locked != (who != "anyone") {
			t.Errorf("%s is for %s, and answered nobody with %d %s", endpoint, who, w.Code, w.Body)
		}
	}
}

// body is a body that fits no schema but that of an object.
func body(method string) string {
	if method == http.MethodPost {
		return "{}"
	}
	return ""
}

// TestNoEndpointTrustsAnotherSite (SEC-03): nothing of another origin, or of none, is
// carried out with a cookie, on any endpoint, and nothing is written.
func TestNoEndpointTrustsAnotherSite(t *testing.T) {
	g := newRig(t)
	b := g.browser().signInOnWire("robin@example.com", false)
	if err := g.auth.FlushSeen(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := dbtest.Contents(t, g.url)
	for _, e := range g.server.endpoints() {
		if e.method != http.MethodPost || strings.HasPrefix(e.path, "/callback/") { // which leads on and does nothing
			continue
		}
		for _, headers := range []map[string]string{
			{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://billing.example.com"},
			{"Origin": home + ".evil.example"}, {"Origin": "", "Referer": "https://evil.example/"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
		} {
			if w := b.ask("POST", filled.Replace(e.path), "{}", headers); w.Code != http.StatusForbidden || len(b.set) > 0 {
				t.Errorf("POST %s with %v answered %d %s", e.path, headers, w.Code, w.Body)
			}
		}
	}
	if dbtest.Contents(t, g.url) != before {
		t.Error("something was written")
	}
}

// TestReadsWaitForNoWriter: a GET answers while nothing can be written.
func TestReadsWaitForNoWriter(t *testing.T) {
	g := newRig(t)
	b := g.browser().signInOnWire("robin@example.com", false)
	g.pass(23 * time.Hour)
	letWrite := dbtest.StopWriters(t, g.url)
	defer letWrite()
	for _, e := range g.server.endpoints() {
		if e.method != http.MethodGet {
			continue
		}
		took := time.Hour
		for try := 0; try < 9 && took > 4*time.Second; try++ { // the machine may be busy; a writer is waited for each time
			began := time.Now()
			w := b.ask("GET", filled.Replace(e.path), "", nil)
			if took = time.Since(began); w.Code >= 500 && w.Body.Len() == 0 {
				t.Errorf("GET %s answered %d without a word", e.path, w.Code)
			}
		}
		if took > 4*time.Second {
			t.Errorf("GET %s answered after %s", e.path, took)
		}
	}
}

// TestNothingElseIsBound (SEC-13): thirty fields more, in body and query, and a field
// twice, change nothing but what the endpoint is for.
func TestNothingElseIsBound(t *testing.T) {
	g := newRig(t)
	b := g.signUp("robin@example.com")
	others := g.signUp("other@example.com")
	extra := ""
	for _, field := range []string{
		"id", "userId", "user_id", "role", "admin", "isAdmin", "operator", "emailVerified", "email_verified", "email_verified_at", "verified", "password", "passwordHash",
		"token", "tokenHash", "session", "sessionId", "customerId", "customer_id", "externalId", "credits", "balance", "price", "amount", "plan", "organizationId",
		"createdAt", "updatedAt", "provenAt", "Name", "NAME", "__proto__", "constructor", "banned",
	} {
		extra += fmt.Sprintf(",%q:%q", field, "1")
	}
	rows := func(table string) string { return dbtest.Contents(t, g.url, table) }
	identities, sessions, users := rows("identities"), rows("sessions"), rows("users")
	if w := b.ask("POST", "/update-user?userId=x&role=admin&name=Query", `{"name":"First","name":"Robin B."`+extra+`}`, map[string]string{"X-User-Id": "x"}); w.Code != http.StatusOK {
		t.Fatalf("update: %d %s", w.Code, w.Body)
	}
	if got := strings.Replace(rows("users"), "Robin B.", "Robin", 1); got != users || rows("identities") != identities || rows("sessions") != sessions {
		t.Errorf("more was changed than a name:\n%s\n%s", users, got)
	}
	for _, path := range []string{"/revoke-other-sessions", "/update-session"} {
		b.ask("POST", path, `{"a":1`+extra+`}`, nil)
	}
	if w := others.ask("GET", "/get-session", "", nil); !strings.Contains(w.Body.String(), "other@example.com") {
		t.Errorf("somebody else's session: %s", w.Body)
	}
	w := g.browser().ask("POST", "/sign-up/email", `{"name":"Sam","email":"sam@example.com","password":"`+secret+`"`+strings.ReplaceAll(extra, `,"password":"1"`, "")+`}`, nil)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"emailVerified":false`) || strings.Contains(w.Body.String(), `"id":"1"`) {
		t.Errorf("sign up: %d %s", w.Code, w.Body)
	}
}
