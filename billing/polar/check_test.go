package polar

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
)

const endpointList = `{"items":[{"id":"e1","url":"https://portal.example/webhooks/polar","enabled":true,"events":[],"secret":"` + testSecret + `"},
	{"id":"e2","url":"https://other.example","enabled":true,"events":[],"secret":"whsec_other"}],"pagination":{"total_count":2,"max_page":1}}`

// healthy is a Polar where nothing is amiss, as far as Check looks: it refuses writes
// of nothing.
func healthy(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/v1/events/ingest":
		reply(w, 200, `{"inserted":0,"duplicates":0}`)
	case r.Method != http.MethodGet:
		reply(w, 422, `{"error":"RequestValidationError","detail":[{"loc":["body"],"msg":"no","type":"value_error"}]}`)
	case r.URL.Path == "/v1/webhooks/endpoints":
		reply(w, 200, endpointList)
	default:
		reply(w, 200, list(0))
	}
}

// lacking refuses the calls that need a scope.
func lacking(method, path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == method && strings.HasPrefix(r.URL.Path, path) {
			reply(w, 403, `{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token."}`)
			return
		}
		healthy(w, r)
	}
}

// TestCheck: each trouble is found, named and given a remedy, and nothing else is.
func TestCheck(t *testing.T) {
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<html>")) //nolint:errcheck // a test server
	}
	skewed := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(-90*time.Second).UTC().Format(http.TimeFormat))
		healthy(w, r)
	}
	endpoints := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/webhooks/endpoints" {
				reply(w, 200, text)
				return
			}
			healthy(w, r)
		}
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   string // names of what is not OK
	}{
		{"healthy", healthy, ""},
		{"page of a proxy", page, "Polar's API"},
		{"failing", always(500, `{"error":"Internal","detail":"no"}`), "Polar's API"},
		{"another site", always(404, `{"detail":"Not Found"}`), "Polar's API"},
		{"token expired", always(401, `{"error":"invalid_token","error_description":"expired"}`), "access token"},
		{"token of another sort", always(401, `{"error":"Unauthorized","detail":"Unauthorized"}`), "access token"},
		{"token without any scope", always(403, `{"error":"insufficient_scope","error_description":"no"}`),
			"scope webhooks:read, scope events:read, scope organizations:read, scope meters:read, scope benefits:read, scope products:read, " +
				"scope customers:read, scope checkouts:read, scope subscriptions:read, scope orders:read, scope refunds:read, scope customer_meters:read, scope customer_seats:read, " +
				"scope customers:write, scope checkouts:write, scope subscriptions:write, scope customer_sessions:write, scope members:write, scope customer_seats:write, scope events:write, scope refunds:write, webhook secret"},
		{"no organizations:read", lacking("GET", "/v1/organizations"), "scope organizations:read"},
		{"no orders:read", lacking("GET", "/v1/orders"), "scope orders:read"},
		{"no refunds:read", lacking("GET", "/v1/refunds"), "scope refunds:read"},
		{"no refunds:write", lacking("POST", "/v1/refunds"), "scope refunds:write"},
		{"no checkouts:write", lacking("POST", "/v1/checkouts"), "scope checkouts:write"},
		{"no subscriptions:write", lacking("PATCH", "/v1/subscriptions"), "scope subscriptions:write"},
		{"no webhooks:read", lacking("GET", "/v1/webhooks"), "scope webhooks:read, webhook secret"},
		{"no endpoint", endpoints(list(0)), "webhook secret"},
		{"secret of none", endpoints(strings.ReplaceAll(endpointList, testSecret, "whsec_new")), "webhook secret"},
		{"endpoint switched off", endpoints(strings.Replace(endpointList, "true", "false", 1)), "webhook secret"},
		{"clock ahead", skewed, "clock"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, p := newFake(t, tt.answer)
			var wrong []string
			for _, f := range p.Check(t.Context()) {
				if f.Name == "" || f.Detail == "" || f.OK != (f.Remedy == "") {
					t.Errorf("finding %+v", f)
				}
				if strings.Contains(fmt.Sprint(f), testSecret) || strings.Contains(fmt.Sprint(f), testToken) {
					t.Errorf("a finding tells a secret: %+v", f)
				}
				if !f.OK {
					wrong = append(wrong, f.Name)
				}
			}
			if got := strings.Join(wrong, ", "); got != tt.want {
				t.Errorf("wrong: %s\nwant:  %s", got, tt.want)
			}
		})
	}
}

// TestCheckNobodyListening: it comes to an end, and says so.
func TestCheckNobodyListening(t *testing.T) {
	f, p := newFake(t, healthy)
	f.Close()
	found := p.Check(t.Context())
	if len(found) != 2 || slices.ContainsFunc(found, func(f billing.Finding) bool { return f.OK }) {
		t.Errorf("found %+v", found)
	}
}
