package polar_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/polarsource/polar-go/models/components"

	"counterfoil/twin/server"
)

// customerNamed is the least a new customer needs.
func customerNamed(email string) components.CustomerCreate {
	return components.CustomerCreate{Email: email}
}

func TestErrors(t *testing.T) {
	w := newWorld(t, "")
	token := server.OrganizationToken
	session := ok(w.Engine.CreateSession(t.Context(), w.customer("sam@example.com").ID, "", ""))(t)
	unknown := "11111111-2222-4333-8444-555555555555"
	sub := w.Engine.SubscriptionsOf(w.customer("sam@example.com").ID)[0].ID
	tests := []struct {
		name, method, path, token, body string
		status                          int
		answer                          string // part of the body
	}{
		{"no token", "GET", "/v1/products/", "", "", 401, `{"error":"Unauthorized","detail":"Unauthorized"}`},
		{"a buyer's token", "GET", "/v1/products/", session.Token, "", 401, `{"error":"Unauthorized","detail":"Unauthorized"}`},
		{"an unknown token", "GET", "/v1/products/", "polar_oat_x", "", 401, `"error":"invalid_token","error_description"`},
		{"an unknown id", "GET", "/v1/orders/" + unknown, token, "", 404, `{"error":"ResourceNotFound","detail":"Not found"}`},
		{"no id at all", "GET", "/v1/orders/1", token, "", 422, `"loc":["path","id"]`},
		{"an unknown path", "GET", "/v1/nothing", token, "", 404, `{"detail":"Not Found"}`},
		{"a limit of none", "GET", "/v1/orders/?limit=0", token, "", 422, `"loc":["query","limit"]`},
		{"a sorting that subscriptions lack", "GET", "/v1/subscriptions/?sorting=created_at", token, "", 422, `"loc":["query","sorting"]`},
		{"an unknown sorting", "GET", "/v1/orders/?sorting=-taste", token, "", 422, `"loc":["query","sorting"]`},
		{"no JSON", "POST", "/v1/customers/", token, "{", 422, `"error":"RequestValidationError"`},
		{"not an object", "POST", "/v1/customers/", token, "[]", 422, `"loc":["body"]`},
		{"a missing field", "POST", "/v1/customers/", token, "{}", 422, `{"loc":["body","email"],"msg":"Field required","type":"missing","input":null}`},
		{"the organization named", "POST", "/v1/customers/", token, `{"email":"a@example.com","organization_id":"x"}`, 422, `"loc":["body","organization_id"]`},
		{"a taken address", "POST", "/v1/customers/", token, `{"email":"SAM@example.com"}`, 422, `"msg":"A customer with this email address already exists."`},
		{"an unknown product", "POST", "/v1/checkouts/", token, `{"products":["` + unknown + `"]}`, 422, `"loc":["body","products",0],"msg":"Product does not exist."`},
		{"no product", "POST", "/v1/checkouts/", token, `{"products":[]}`, 422, `"loc":["body","products"]`},
		{"an unknown customer", "POST", "/v1/checkouts/", token, `{"products":["` + w.product("pro").ID + `"],"customer_id":"` + unknown + `"}`, 422, `"msg":"Customer does not exist."`},
		{"metadata beyond the limits", "POST", "/v1/checkouts/", token, `{"products":["` + w.product("pro").ID + `"],"metadata":{"k":""}}`, 422, `"loc":["body","metadata","k"]`},
		{"two changes at once", "PATCH", "/v1/subscriptions/" + sub, token, `{"cancel_at_period_end":true,"revoke":true}`, 422, `"type":"extra_forbidden"`},
		{"an unknown change", "PATCH", "/v1/subscriptions/" + sub, token, `{"color":"red"}`, 422, `"loc":["body","color"]`},
		{"an unknown reason", "PATCH", "/v1/subscriptions/" + sub, token, `{"cancel_at_period_end":true,"customer_cancellation_reason":"bored"}`, 422, `"type":"enum"`},
		{"an unknown client secret", "GET", "/v1/checkouts/client/polar_c_x", "", "", 404, `ResourceNotFound`},
		{"one bad event of two", "POST", "/v1/events/ingest", token, `{"events":[{"name":"a","external_customer_id":"u"},{"name":"b"}]}`, 422, `"loc":["body","events",1,"external_customer_id"]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, header, body := w.call(test.method, test.path, test.token, test.body)
			if status != test.status || !strings.Contains(body, test.answer) {
				t.Errorf("%d %s\nwant %d with %s", status, body, test.status, test.answer)
			}
			if status == 401 && !strings.HasPrefix(header.Get("WWW-Authenticate"), "Bearer realm=") {
				t.Errorf("WWW-Authenticate %q", header.Get("WWW-Authenticate"))
			}
			if header.Get("Content-Type") != "application/json" || header.Get("Polar-Version") != "2026-04" {
				t.Errorf("header %v", header)
			}
		})
	}
}

func TestPathsListsAndFilters(t *testing.T) {
	w := newWorld(t, "")
	sam := w.customer("sam@example.com").ID
	tests := []struct {
		path  string
		total string
		items int
	}{
		{"/v1/products/", "4", 4},
		{"/v1/products", "4", 4}, // both forms, and never a redirect
		{"/v1/orders/?customer_id=" + sam, "15", 10},
		{"/v1/orders/?customer_id=" + sam + "&page=2", "15", 5},
		{"/v1/orders/?customer_id=" + sam + "&page=9", "15", 0},
		{"/v1/orders/?customer_id=" + sam + "&limit=1000", "15", 15},
		{"/v1/orders/?customer_id=" + sam + "&product_billing_type=one_time", "2", 2},
		{"/v1/orders/?product_id=" + w.product("pro").ID + "&product_id=" + w.product("credits-1000").ID, "21", 10},
		{"/v1/products/?metadata%5Bslug%5D=pro", "1", 1},
		{"/v1/products/?metadata%5Bslug%5D=pro&metadata%5Bslug%5D=free", "2", 2},
		{"/v1/customers/?query=okaf", "1", 1},
		{"/v1/customers/?email=nobody@example.com", "0", 0},
		{"/v1/subscriptions/?active=true", "1", 1},
		{"/v1/events/?name=meter.reset&customer_id=" + sam + "&limit=100", "24", 24}, // two meters, twelve renewals
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			got := w.get(test.path)
			total := got["pagination"].(map[string]any)["total_count"]
			if items := got["items"].([]any); fmt.Sprint(total) != test.total || len(items) != test.items {
				t.Errorf("%v in total, %d on the page; want %s and %d", total, len(items), test.total, test.items)
			}
		})
	}
	newest := w.get("/v1/orders/?limit=1")["items"].([]any)[0].(map[string]any)["created_at"].(string)
	oldest := w.get("/v1/orders/?limit=1&sorting=created_at")["items"].([]any)[0].(map[string]any)["created_at"].(string)
	if newest <= oldest {
		t.Errorf("newest %s, oldest %s", newest, oldest)
	}
}

func TestVersionsAndLengths(t *testing.T) {
	w := newWorld(t, "")
	for version, want := range map[string]int{"": 200, "2026-04": 200, "2026-10": 200, "1999-01": 404} {
		req := ok(http.NewRequestWithContext(t.Context(), "GET", w.BaseURL+"/v1/products/", nil))(t)
		req.Header.Set("Authorization", "Bearer "+server.OrganizationToken)
		req.Header.Set("Polar-Version", version)
		res := ok(http.DefaultClient.Do(req))(t)
		must(t, res.Body.Close())
		if res.StatusCode != want {
			t.Errorf("version %q: %d, want %d", version, res.StatusCode, want)
		}
	}
	stream := ok(http.NewRequestWithContext(t.Context(), "POST", w.BaseURL+"/v1/customers/", struct{ io.Reader }{strings.NewReader("{}")}))(t)
	res := ok(http.DefaultClient.Do(stream))(t)
	must(t, res.Body.Close())
	if res.StatusCode != http.StatusLengthRequired {
		t.Errorf("without a length: %d", res.StatusCode)
	}
	status, _, body := w.call("POST", "/v1/orders/"+w.Engine.OrdersOf(w.customer("sam@example.com").ID)[0].ID+"/invoice", server.OrganizationToken, "")
	if status != 202 || body != "null" {
		t.Errorf("202 says %d %q, want null", status, body)
	}
}

func TestFaults(t *testing.T) {
	w := newWorld(t, "")
	control := func(method, body string, want int) {
		t.Helper()
		if status, _, answer := w.call(method, "/_twin/faults", "", body); status != want {
			t.Fatalf("%s faults: %d %s", method, status, answer)
		}
	}
	control("POST", `{"kind":"status","status":429,"retry_after":7,"count":2,"path":"/v1/orders"}`, 200)
	for i, want := range []int{429, 429, 200} {
		status, header, _ := w.call("GET", "/v1/orders/", server.OrganizationToken, "")
		if status != want || status == 429 && header.Get("Retry-After") != "7" {
			t.Errorf("call %d: %d %v", i, status, header)
		}
		if status, _, _ := w.call("GET", "/v1/products/", server.OrganizationToken, ""); status != 200 {
			t.Errorf("another path: %d", status)
		}
	}
	control("POST", `{"kind":"status","status":503}`, 200)
	for range 3 {
		if status, _, _ := w.call("GET", "/v1/orders/", server.OrganizationToken, ""); status != 503 {
			t.Errorf("until cleared: %d", status)
		}
	}
	control("DELETE", "", 204)
	control("POST", `{"kind":"lost","count":1}`, 200)
	before := len(w.Engine.Customers())
	if _, err := w.api.Customers.Create(t.Context(), customerNamed("lost@example.com")); err == nil {
		t.Error("a lost answer arrived")
	}
	if got := len(w.Engine.Customers()); got != before+1 {
		t.Errorf("the effect of a lost answer: %d new customers", got-before)
	}
	control("POST", `{"kind":"cut","count":1}`, 200)
	if _, err := w.api.Customers.Create(t.Context(), customerNamed("cut@example.com")); err == nil || len(w.Engine.Customers()) != before+1 {
		t.Errorf("a cut call: %v", err)
	}
	control("POST", `{"kind":"latency","delay_ms":1,"count":1}`, 200)
	w.get("/v1/products/")
	control("POST", `{"kind":"gremlins"}`, 422)
	control("POST", `{"kind":"status","status":200}`, 422)
}

func TestClockByHTTP(t *testing.T) {
	w := newWorld(t, "")
	before := w.Engine.Now()
	for _, test := range []struct {
		body   string
		status int
	}{{`{"by":"48h"}`, 200}, {`{"by":"-1h"}`, 422}, {`{"to":"2020-01-01T00:00:00Z"}`, 422}, {`{}`, 422}, {`{"bye":"1h"}`, 422},
		{`{"by":"1 day"}`, 422}, {`{"by":"1h","to":"2036-01-01T00:00:00Z"}`, 422}, {`{"by":"999999h"}`, 422}} {
		if status, _, answer := w.call("POST", "/_twin/clock", "", test.body); status != test.status {
			t.Errorf("%s: %d %s", test.body, status, answer)
		}
	}
	if moved := w.Engine.Now().Sub(before).Hours(); moved < 48 || moved > 49 {
		t.Errorf("moved by %v hours", moved)
	}
	state := decoded(t, []byte(third(w.call("GET", "/_twin/state.json", "", ""))))
	if state["organization"] != "lumen" {
		t.Errorf("state %v", state)
	}
}

// third is the body of a call.
func third[A, B any](_ A, _ B, body string) string { return body }
