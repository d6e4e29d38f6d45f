package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"counterfoil/db/dbtest"
)

// ofNobody fills paths with well-formed ids that nobody has.
var ofNobody = strings.NewReplacer("{order}", unknownID, "{checkout}", unknownID, "{sub}", unknownID, "{meter}", unknownID, "{session}", unknownID)

const unknownID = "0190d2d2-3333-7333-8333-333333333333"

const signingOut = "POST /logout"

// TestWhoMayUseWhat walks the route table as nobody, as another customer, and as the
// owner. A route without a row fails, and so does a row without a route.
func TestWhoMayUseWhat(t *testing.T) {
	patterns := routes(t)
	for _, pattern := range patterns {
		if _, ok := rights[pattern]; !ok {
			t.Errorf("%s has no row in the matrix of who may use it", pattern)
		}
	}
	if len(rights) != len(patterns) {
		t.Errorf("%d rows for %d routes: a row has no route", len(rights), len(patterns))
	}
	// Signing out comes last.
	patterns = append(slices.DeleteFunc(patterns, func(p string) bool { return p == signingOut }), signingOut)
	e := openEstate(t)
	for _, pattern := range patterns {
		row := rights[pattern]
		out, other := e.ask(e.nobody, pattern, e.names, nil), e.ask(e.another, pattern, e.names, nil)
		if out.status != row.nobody {
			t.Errorf("%s answered nobody with %d, want %d", pattern, out.status, row.nobody)
		}
		if to := out.header.Get("Location"); row.owner != row.nobody && row.owner == 200 && !strings.HasPrefix(to, "/login?next=") {
			t.Errorf("%s led nobody to %q, want the sign-in page", pattern, to)
		}
		if other.status != row.another {
			t.Errorf("%s answered another customer with %d, want %d", pattern, other.status, row.another)
		}
		if missing := e.ask(e.another, pattern, ofNobody, nil); other.status == 404 && strip(other) != strip(missing) {
			t.Errorf("%s tells somebody else's from what is not there:\n%s\n%s", pattern, strip(other), strip(missing))
		}
		own := e.ask(e.owner, pattern, e.names, nil)
		if own.status != row.owner {
			t.Errorf("%s answered the owner with %d, want %d: %.300s", pattern, own.status, row.owner, own.Text())
		}
		if html := own.header.Get("Content-Type"); strings.HasPrefix(html, "text/html") && own.header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: a page that names its reader may be kept: Cache-Control %q", pattern, own.header.Get("Cache-Control"))
		}
	}
}

// TestNoRouteTrustsAnotherSite (SEC-03): no unsafe request of another site is carried
// out, on any route, and no page that is only read waits for the database's writer.
func TestNoRouteTrustsAnotherSite(t *testing.T) {
	e := openEstate(t)
	for _, pattern := range routes(t) {
		for _, headers := range []map[string]string{
			{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
			{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": e.url + ".evil.example"},
		} {
			if !strings.HasPrefix(pattern, "POST ") {
				continue
			}
			want := http.StatusForbidden
			if pattern == "POST /api/auth/polar/webhooks" {
				want = http.StatusBadRequest // the plugin's own refusal: no signature
			}
			if pattern == "POST /login/{provider}/callback" {
				want = http.StatusNotFound // no provider answers by a form here
			}
			if page := e.ask(e.owner, pattern, e.names, headers); page.status != want {
				t.Errorf("%s with %v answered %d, want %d", pattern, headers, page.status, want)
			}
		}
	}
	letWrite := dbtest.StopWriters(t, e.database)
	e.owner.client.Timeout = 30 * time.Second // an answer of 503 comes sooner
	for _, pattern := range routes(t) {
		if row := rights[pattern]; strings.HasPrefix(pattern, "GET ") && !row.writes {
			if page := e.ask(e.owner, pattern, e.names, nil); page.status != row.owner {
				t.Errorf("%s answered %d while nothing can be written, want %d", pattern, page.status, row.owner)
			}
		}
	}
	letWrite()
}

// TestHostileAddresses: whatever stands where an id, a cursor, a day or a range
// belongs, the answer is a page that says so and never a failure of ours.
func TestHostileAddresses(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("sam@example.com")
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	meter := ""
	s.until("there is a meter", func() bool {
		meter = b.get("/usage").Find("article[data-meter] h3 a").First().AttrOr("href", "")
		return meter != ""
	})
	for _, hostile := range []string{
		"%00", "%FF%FE", "'%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "..%2F..%2Fetc", "%0d%0aSet-Cookie:%20a=b", "-1", "9999999999999999999999",
		"0000-00-00", "9999-12-31", "-0001-01-01", strings.Repeat("a", 4000), "%E2%80%AE", "NaN", "1e400", "%25s%25n",
	} {
		for _, path := range []string{
			"/portal/subscriptions/", "/portal/subscriptions/?", "/portal/orders/", "/portal/orders?before=", "/usage/", meter + "?before=",
			meter + "?days=", meter + "?from=", meter + "?from=2026-01-01&to=", "/credits/", "/credits?before=", "/credits?cause=", "/credits?meter=",
			"/credits/2026-11-01?before=", "/checkout/success?checkout_id=", "/checkout/stream?checkout_id=", "/plans?interval=", "/portal?done=",
			"/login/", "/static/", "/login?next=/", "/",
		} {
			page := b.get(path + hostile)
			if page.status >= 500 {
				t.Errorf("GET %s%.40s answered %d", path, hostile, page.status)
			}
			if page.Find("script:not([src])").Length() > 0 || page.header.Get("Set-Cookie") != "" {
				t.Errorf("GET %s%.40s was let through to the page", path, hostile)
			}
		}
	}
	if page := b.post("/usage/events", url.Values{"event": {strings.Repeat("e", 1<<20)}}); page.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of more than 1 MiB answered %d, want 413", page.status)
	}
	many := url.Values{"event": {"ai_usage"}, "event_id": {unknownID}}
	for i := range 4000 {
		many.Add("key", "k"+strconv.Itoa(i))
		many.Add("value", "1")
	}
	page := b.post("/usage/events", many)
	if shown := page.Find(`input[name="key"]`).Length(); page.status != http.StatusBadRequest || shown > 60 {
		t.Errorf("an event with 4000 values answered %d and shows %d of them again", page.status, shown)
	}
}
