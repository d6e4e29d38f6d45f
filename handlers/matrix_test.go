package handlers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"counterfoil/db/dbtest"
)

// right says who may use a route: the status that nobody, another customer, and the
// owner of what the path names get. {sub}, {order}, {checkout}, {session} and {meter}
// in a path or form stand for what belongs to the owner.
type right struct {
	path                   string // "" for the pattern's own
	form                   string
	nobody, another, owner int
	writes                 bool // a GET that has to
}

// rights is the matrix of SEC-05: one row for each route of server.go, no more.
var rights = map[string]right{
	"GET /static/":                    {"/static/none.css", "", 404, 404, 404, false},
	"GET /healthz":                    {"", "", 200, 200, 200, false},
	"GET /readyz":                     {"", "", 200, 200, 200, false},
	"POST /webhooks/polar":            {"", "{}", 403, 403, 403, false},
	"POST /api/auth/polar/webhooks":   {"", "{}", 403, 403, 403, false},
	"GET /{$}":                        {"/", "", 200, 200, 200, false},
	"GET /plans":                      {"", "", 200, 200, 200, false},
	"POST /theme":                     {"", "theme=dark", 303, 303, 303, false},
	"GET /login":                      {"", "", 200, 303, 303, false},
	"POST /login":                     {"", "email=none", 400, 303, 303, false},
	"POST /login/code":                {"", "code=none", 400, 303, 303, false},
	"POST /login/{provider}":          {"/login/none", "", 404, 303, 303, false},
	"GET /login/{provider}/callback":  {"/login/oidc/callback?state=x&code=y", "", 303, 303, 303, true},
	"POST /logout":                    {"", "", 303, 303, 303, false},
	"GET /styleguide":                 {"", "", 200, 200, 200, false},
	"/":                               {"/nowhere", "", 404, 404, 404, false},
	"POST /checkout":                  {"", "plan=none", 303, 404, 404, false},
	"GET /checkout/success":           {"/checkout/success?checkout_id={checkout}", "", 303, 404, 200, false},
	"GET /checkout/stream":            {"/checkout/stream?checkout_id={checkout}", "", 303, 404, 200, false},
	"GET /portal":                     {"", "", 303, 200, 200, false},
	"POST /portal/provider":           {"", "", 303, 303, 303, false},
	"GET /portal/subscriptions":       {"", "", 303, 200, 200, false},
	"GET /portal/subscriptions/{id}":  {"/portal/subscriptions/{sub}", "", 303, 404, 200, false},
	"GET /portal/orders":              {"", "", 303, 200, 200, false},
	"GET /portal/orders/{id}":         {"/portal/orders/{order}", "", 303, 404, 200, false},
	"GET /portal/benefits":            {"", "", 303, 200, 200, false},
	"GET /usage":                      {"", "", 303, 200, 200, false},
	"GET /usage/{meter}":              {"/usage/{meter}", "", 303, 200, 200, false}, // a meter is the seller's
	"POST /usage/events":              {"", "event=none", 303, 400, 400, false},
	"GET /credits":                    {"/credits?meter={meter}", "", 303, 200, 200, false},
	"GET /credits/{day}":              {"/credits/2026-11-01?meter={meter}", "", 303, 404, 200, false},
	"GET /account":                    {"", "", 303, 200, 200, false},
	"POST /account":                   {"", "name=Lou", 303, 303, 303, false},
	"POST /account/sessions/{id}/end": {"/account/sessions/{session}/end", "", 303, 404, 303, false},

	"GET /portal/subscriptions/{id}/cancel":  {"/portal/subscriptions/{sub}/cancel", "", 303, 404, 200, false},
	"POST /portal/subscriptions/{id}/cancel": {"/portal/subscriptions/{sub}/cancel", "reason=", 303, 404, 303, false},
	"POST /portal/subscriptions/{id}/resume": {"/portal/subscriptions/{sub}/resume", "", 303, 404, 303, false},
}

// The operator's pages do not exist for anybody else (see admin_test.go for the operator).
func init() {
	missing := func(path string) right { return right{path, "", 404, 404, 404, false} }
	for pattern, path := range map[string]string{
		"GET /admin": "", "GET /admin/deliveries": "", "GET /admin/replay": "", "GET /admin/hooks": "", "GET /admin/jobs": "", "GET /admin/reconcile": "", "POST /admin/reconcile": "",
		"POST /admin/replay": "", "POST /admin/replay/apply": "", "POST /admin/hooks/resend": "",
		"GET /admin/deliveries/{id}":           "/admin/deliveries/" + unknownID,
		"POST /admin/deliveries/{id}/rehearse": "/admin/deliveries/" + unknownID + "/rehearse",
		"POST /admin/deliveries/{id}/replay":   "/admin/deliveries/" + unknownID + "/replay",
		"POST /admin/hooks/{id}/resend":        "/admin/hooks/" + unknownID + "/resend",
		"POST /admin/jobs/{id}/restart":        "/admin/jobs/" + unknownID + "/restart",
		"POST /admin/usage/{id}/retry":         "/admin/usage/" + unknownID + "/retry",
		"POST /admin/usage/{id}/dismiss":       "/admin/usage/" + unknownID + "/dismiss",
	} {
		rights[pattern] = missing(path)
	}
}

// routes reads the patterns of the one route table.
func routes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "server.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Handle" {
			return true
		}
		literal, ok := call.Args[0].(*ast.BasicLit)
		if !ok {
			t.Fatalf("a route whose pattern is no literal: %v", call.Args[0])
		}
		pattern, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		patterns = append(patterns, pattern)
		return true
	})
	return patterns
}

// estate is an owner who has one of everything, and somebody who has nothing.
type estate struct {
	*stack
	nobody, another, owner *browser
	names                  *strings.Replacer // what belongs to the owner
}

func openEstate(t *testing.T) *estate {
	t.Helper()
	s := start(t)
	e := &estate{stack: s, nobody: s.browser(), another: s.browser(), owner: s.browser()}
	e.owner.signIn("sam@example.com")
	last := func(page, selector string) (id string) {
		s.until(page+" holds something of the owner's", func() bool {
			link := e.owner.get(page).Find(selector).First()
			address, _, _ := strings.Cut(link.AttrOr("href", link.AttrOr("action", "")), "?")
			id = strings.TrimSuffix(address, "/end")
			id = id[strings.LastIndex(id, "/")+1:]
			return id != ""
		})
		return id
	}
	phone := s.browser()
	phone.signIn("sam@example.com")
	order := last("/portal/orders", `a[href^="/portal/orders/"]`)
	bought := e.owner.settled(e.owner.pay(e.owner.submit(e.owner.get("/plans"), `[data-plan="credits-1000"] form`, nil), cardWorks))
	e.names = strings.NewReplacer(
		"{order}", order, "{checkout}", bought.url.Query().Get("checkout_id"),
		"{sub}", last("/portal/subscriptions", `a[href^="/portal/subscriptions/"]`),
		"{meter}", last("/usage", `article[data-meter] h3 a`), "{session}", last("/account", `form[action$="/end"]`),
	)
	e.another.signIn("noor@example.com")
	for _, b := range []*browser{e.nobody, e.another, e.owner} {
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	s.until("the provider knows the other customer", func() bool {
		return e.another.post("/portal/provider", nil).status == http.StatusSeeOther
	})
	return e
}

// ask sends the request of a row; names fills in its path. A stream is not read.
func (e *estate) ask(b *browser, pattern string, names *strings.Replacer, headers map[string]string) *sheet {
	e.t.Helper()
	row := rights[pattern]
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		method, path = http.MethodGet, pattern
	}
	if row.path != "" {
		path = row.path
	}
	r, err := http.NewRequestWithContext(e.t.Context(), method, e.url+names.Replace(path), strings.NewReader(row.form))
	if err != nil {
		e.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		e.t.Fatalf("%s: %v", pattern, err)
	}
	defer answer.Body.Close()
	body := io.Reader(answer.Body)
	if answer.Header.Get("Content-Type") == "text/event-stream" {
		body = strings.NewReader("")
	}
	doc, err := goquery.NewDocumentFromReader(body)
	if err != nil {
		e.t.Fatalf("%s: %v", pattern, err)
	}
	return &sheet{doc, answer.StatusCode, answer.Request.URL, answer.Header}
}

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
			if page := e.ask(e.owner, pattern, e.names, headers); page.status != http.StatusForbidden {
				t.Errorf("%s with %v answered %d, want 403", pattern, headers, page.status)
			}
		}
	}
	letWrite := dbtest.StopWriters(t, e.database)
	e.owner.client.Timeout = 3 * time.Second
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
