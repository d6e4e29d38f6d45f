package handlers_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"counterfoil/auth"
)

// caller is another server with an API key.
type caller struct {
	*stack
	key string
}

// makeKey walks the operator's page, as people make keys.
func (o *office) makeKey(scopes ...auth.Scope) caller {
	o.t.Helper()
	form := url.Values{"name": {"Test"}, "days": {"30"}}
	for _, scope := range scopes {
		form.Add("scope", string(scope))
	}
	page := o.olive.wants(o.olive.post("/admin/keys", form), http.StatusOK)
	secret := page.Find("#new-key").Text()
	if secret == "" {
		o.t.Fatalf("no key is shown: %.300s", page.Text())
	}
	if again := o.olive.get("/admin/keys"); strings.Contains(again.Text(), secret) {
		o.t.Error("a key is shown twice")
	}
	return caller{o.stack, secret}
}

// call sends a request and reads the answer.
func (c caller) call(method, path, body string) (int, map[string]any) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	var said map[string]any
	if err := json.Unmarshal(raw, &said); err != nil {
		c.t.Fatalf("%s %s answered %d %.200q: %v", method, path, answer.StatusCode, raw, err)
	}
	return answer.StatusCode, said
}

// wants calls and checks the status.
func (c caller) wants(status int, method, path, body string) map[string]any {
	c.t.Helper()
	got, said := c.call(method, path, body)
	if got != status {
		c.t.Fatalf("%s %s answered %d, want %d: %v", method, path, got, status, said)
	}
	return said
}

// TestAPI walks /api/v1 as another server of the operator's.
func TestAPI(t *testing.T) {
	o := openOffice(t)
	full := o.makeKey(auth.Scopes...)
	sam := full.wants(200, "GET", "/api/v1/customers?email="+url.QueryEscape(" SAM@example.com "), "")
	id := sam["id"].(string)
	customer := "/api/v1/customers/" + id
	if sam["as_of"] == nil || full.wants(200, "GET", customer, "")["email"] != "sam@example.com" {
		t.Errorf("the customer is %v", sam)
	}
	t.Run("entitlements are the live plans and lasting benefits", func(t *testing.T) {
		said := full.wants(200, "GET", customer+"/entitlements", "")
		plans, benefits := said["plans"].([]any), said["benefits"].([]any)
		if said["active"] != true || len(plans) != 1 || plans[0].(map[string]any)["slug"] != "pro" || len(benefits) == 0 {
			t.Errorf("entitlements %v", said)
		}
	})
	t.Run("events count once, side by side and sent again", func(t *testing.T) { eventsCountOnce(t, full, id) })
	t.Run("one bad event refuses the whole request", func(t *testing.T) { badEvents(t, full, id) })
	t.Run("what no wallet can hold is refused by name, and the others count", func(t *testing.T) { moreThanCanBeCounted(t, full, id) })
	t.Run("a frozen wallet tells no figure anywhere", func(t *testing.T) { frozenTellsNothing(t, o, full, id) })
	t.Run("a key does what its scopes say and no more", func(t *testing.T) { scopesHold(t, o, id) })
	t.Run("a revoked key is refused at once", func(t *testing.T) {
		page := o.olive.get("/admin/keys")
		row := page.Find(`[data-key]`).FilterFunction(func(_ int, row *goquery.Selection) bool {
			return strings.Contains(row.Text(), full.key[:10])
		})
		o.olive.wants(o.olive.submit(page, `[data-key="`+row.AttrOr("data-key", "")+`"] form`, nil), http.StatusOK, "The key is revoked")
		full.wants(401, "GET", customer, "")
	})
}

// balances are a customer's credits by meter, as exact text.
func (c caller) balances(id string) string {
	c.t.Helper()
	var text []string
	for _, w := range c.wants(200, "GET", "/api/v1/customers/"+id+"/credits", "")["wallets"].([]any) {
		text = append(text, fmt.Sprint(w.(map[string]any)["name"], "=", w.(map[string]any)["balance"]))
	}
	return strings.Join(text, " ")
}

func eventsCountOnce(t *testing.T, c caller, id string) {
	event := func(name string, n int) string {
		return fmt.Sprintf(`{"id":%q,"customer_id":%q,"name":"ai_usage","metadata":{"credits":%d,"model":"small","ratio":0.25}}`, name, id, n)
	}
	before := c.balances(id)
	said := fmt.Sprint(c.wants(200, "POST", "/api/v1/events", `{"events":[`+event("api-1", 100)+","+event("api-2", 200)+`]}`))
	if strings.Count(said, "recorded") != 2 {
		t.Errorf("two new events: %s", said)
	}
	after := c.balances(id)
	if before == after {
		t.Errorf("the balance stays %s", after)
	}
	said = fmt.Sprint(c.wants(200, "POST", "/api/v1/events", `{"events":[`+event("api-1", 100)+","+event("api-2", 7)+`]}`))
	if !strings.Contains(said, "duplicate") || !strings.Contains(said, "conflict") || c.balances(id) != after {
		t.Errorf("sent again, one of them changed: %s, balance %s, want %s", said, c.balances(id), after)
	}
}

// moreThanCanBeCounted: one use that is too large for its wallet is told from a reused id,
// and costs its neighbours nothing. One that no meter can count is refused before anything.
func moreThanCanBeCounted(t *testing.T, c caller, id string) {
	event := func(name, credits string) string {
		return fmt.Sprintf(`{"id":%q,"customer_id":%q,"name":"ai_usage","metadata":{"credits":%s}}`, name, id, credits)
	}
	refused := func(field, events string) {
		t.Helper()
		said := c.wants(400, "POST", "/api/v1/events", `{"events":[`+events+`]}`)["error"].(map[string]any)
		if said["code"] != "invalid_request" || said["field"] != field {
			t.Errorf("%v, want it to name %s", said, field)
		}
	}
	before := c.balances(id)
	refused("events[1].metadata.credits", event("one", "1")+","+event("uncountable", "9000000000000000000"))
	if after := c.balances(id); after != before {
		t.Errorf("a refused request counted: %s, want %s", after, before)
	}
	refused("events[1].metadata", event("one", "1")+","+event("too-large", "9200000000000"))
	if after := c.balances(id); after == before {
		t.Error("a neighbour did not count")
	}
	if said := fmt.Sprint(c.wants(200, "POST", "/api/v1/events", `{"events":[`+event("one", "1")+`]}`)); !strings.Contains(said, "duplicate") {
		t.Errorf("the neighbour, sent again: %s", said)
	}
	// The wallet could hold a third one, and its hour could not.
	hour := time.Now().Add(-2 * time.Hour).UTC().Format(time.RFC3339)
	at := func(name, credits, when string) string {
		return strings.Replace(event(name, credits), `"name"`, `"occurred_at":"`+when+`","name"`, 1)
	}
	c.wants(200, "POST", "/api/v1/events", `{"events":[`+at("huge", "8900000000000", hour)+`]}`)
	c.wants(200, "POST", "/api/v1/events", `{"events":[`+event("given back", "-8900000000000")+`]}`)
	refused("events[0].metadata", at("huge again", "8900000000000", hour))
	c.wants(200, "POST", "/api/v1/events", `{"events":[`+at("small", "1", hour)+`]}`)
}

// frozenTellsNothing: while wallets are being checked, as after a restore, neither the API nor
// the pages nor Better Auth's endpoints tell what may be too much. Usage is taken.
func frozenTellsNothing(t *testing.T, o *office, c caller, id string) {
	o.exec("UPDATE ledger_accounts SET frozen_at = 1, frozen_reason = 'restored' WHERE kind = 'wallet'")
	defer o.exec("UPDATE ledger_accounts SET frozen_at = NULL, frozen_reason = ''")
	wallets := c.wants(200, "GET", "/api/v1/customers/"+id+"/credits", "")["wallets"].([]any)
	for _, w := range wallets {
		wallet := w.(map[string]any)
		if wallet["checking"] != true || wallet["balance"] != nil || wallet["credited"] != nil || wallet["consumed"] != nil {
			t.Errorf("wallet %v", wallet)
		}
	}
	if len(wallets) == 0 {
		t.Error("no wallets")
	}
	if state := o.sam.told(200, "GET", "/customer/state", ""); len(state["activeMeters"].([]any)) != 0 {
		t.Errorf("Better Auth is told meters %v", state["activeMeters"])
	}
	for path, want := range map[string]string{"/credits": "not shown until both agree", "/usage": "being checked"} {
		if text := o.sam.get(path).Text(); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
	o.olive.wants(o.olive.get("/admin/reconcile"), http.StatusOK, "being compared")
	o.exec("UPDATE ledger_accounts SET frozen_reason = 'differs' WHERE frozen_at IS NOT NULL")
	page := o.olive.wants(o.olive.get("/admin/reconcile"), http.StatusOK, "Frozen wallets", "at the provider")
	for range wallets {
		page = o.olive.wants(o.olive.submit(page, `form[action^="/admin/wallets/"]`, nil), http.StatusOK, "The wallet counts again")
	}
	if strings.Contains(page.Text(), "Frozen wallets") || strings.Contains(c.balances(id), "nil") {
		t.Errorf("after an operator let them count: %s", c.balances(id))
	}
	c.wants(200, "POST", "/api/v1/events", fmt.Sprintf(`{"events":[{"id":"while-frozen","customer_id":%q,"name":"ai_usage","metadata":{"credits":1}}]}`, id))
}

func badEvents(t *testing.T, c caller, id string) {
	before := c.balances(id)
	good := fmt.Sprintf(`{"id":"good","customer_id":%q,"name":"ai_usage","metadata":{"credits":1}}`, id)
	for _, test := range []struct{ name, events, field string }{
		{"no name", `[` + good + fmt.Sprintf(`,{"id":"x","customer_id":%q}]`, id), "events[1].name"},
		{"no id", fmt.Sprintf(`[{"customer_id":%q,"name":"ai_usage"}]`, id), "events[0].id"},
		{"unknown customer", `[` + good + `,{"id":"x","customer_id":"` + unknownID + `","name":"ai_usage"}]`, "events[1].customer_id"},
		{"in the future", fmt.Sprintf(`[{"id":"x","customer_id":%q,"name":"ai_usage","occurred_at":%q}]`, id, time.Now().Add(time.Hour).Format(time.RFC3339)), "events[0].occurred_at"},
		{"nested metadata", fmt.Sprintf(`[{"id":"x","customer_id":%q,"name":"ai_usage","metadata":{"a":{"b":1}}}]`, id), "events[0].metadata.a"},
		{"a number that nobody can count", fmt.Sprintf(`[{"id":"x","customer_id":%q,"name":"ai_usage","metadata":{"credits":1e400}}]`, id), "events[0].metadata.credits"},
		{"an id with a NUL", fmt.Sprintf(`[{"id":"a\u0000b","customer_id":%q,"name":"ai_usage"}]`, id), "events[0].id"},
		{"a customer with a NUL", `[{"id":"x","customer_id":"a\u0000b","name":"ai_usage"}]`, "events[0].customer_id"},
		{"before the first year", fmt.Sprintf(`[{"id":"x","customer_id":%q,"name":"ai_usage","occurred_at":"0000-01-01T00:00:00+01:00"}]`, id), "events[0].occurred_at"},
		{"the same id twice", `[` + good + `,` + good + `]`, "events[1].id"},
		{"an id of a thousand bytes", fmt.Sprintf(`[{"id":%q,"customer_id":%q,"name":"ai_usage"}]`, strings.Repeat("i", 1000), id), "events[0].id"},
		{"a field that is none", fmt.Sprintf(`[{"id":"x","customer_id":%q,"name":"ai_usage","credits":9}]`, id), "body"},
		{"none", `[]`, "events"},
		{"no JSON", `[`, "body"},
		{"no list", `"all"`, "body"},
		{"a bracket too many", `[` + good + `]}`, "body"},
	} {
		t.Run(test.name, func(t *testing.T) {
			said := c.wants(400, "POST", "/api/v1/events", `{"events":`+test.events+`}`)["error"].(map[string]any)
			if said["field"] != test.field || said["message"] == "" {
				t.Errorf("%v, want it to name %s", said, test.field)
			}
		})
	}
	c.wants(413, "POST", "/api/v1/events", `{"events":[`+strings.Repeat(" ", 1<<20)+`]}`)
	if after := c.balances(id); after != before {
		t.Errorf("a refused request counted: %s, want %s", after, before)
	}
}

// scopesHold is the matrix of the API: each endpoint with each scope, with none, and
// with an id that nobody has.
func scopesHold(t *testing.T, o *office, id string) {
	event := `{"events":[{"id":"scoped","customer_id":"` + id + `","name":"ai_usage"}]}`
	endpoints := []struct {
		scope              auth.Scope
		method, path, body string
	}{
		{auth.ScopeEvents, "POST", "/api/v1/events", event},
		{auth.ScopeCustomers, "GET", "/api/v1/customers?email=sam@example.com", ""},
		{auth.ScopeCustomers, "GET", "/api/v1/customers/" + id, ""},
		{auth.ScopeEntitlements, "GET", "/api/v1/customers/" + id + "/entitlements", ""},
		{auth.ScopeCredits, "GET", "/api/v1/customers/" + id + "/credits", ""},
	}
	for _, scope := range auth.Scopes {
		c := o.makeKey(scope)
		for _, e := range endpoints {
			want := http.StatusForbidden
			if e.scope == scope {
				want = http.StatusOK
			}
			c.wants(want, e.method, e.path, e.body)
			if missing := strings.ReplaceAll(e.path, id, unknownID); want == http.StatusOK && missing != e.path {
				c.wants(404, e.method, missing, e.body)
			}
		}
		c.wants(404, "GET", "/api/v1/none", "")
		c.wants(404, "DELETE", "/api/v1/customers/"+id, "")
	}
	nobody := caller{o.stack, ""}
	for _, e := range endpoints {
		nobody.wants(401, e.method, e.path, e.body)
	}
	if status, _ := (caller{o.stack, "cfk_" + strings.Repeat("A", 43)}).call("GET", "/api/v1/none", ""); status != 401 {
		t.Errorf("a path that is none tells a caller without a key %d", status)
	}
}

// TestAPIKeyIsPaced: one key that is sent without end is slowed down, and another not.
func TestAPIKeyIsPaced(t *testing.T) {
	o := openOffice(t)
	hasty, calm := o.makeKey(auth.ScopeCustomers), o.makeKey(auth.ScopeCustomers)
	refused := false
	o.stand() // all of them come at once, however slow the machine is
	for range 1000 {
		status, said := hasty.call("GET", "/api/v1/customers/"+unknownID, "")
		if refused = status == http.StatusTooManyRequests; refused {
			if said["error"].(map[string]any)["code"] != "too_many_requests" {
				t.Errorf("refused with %v", said)
			}
			break
		}
	}
	if !refused {
		t.Error("a thousand requests at once were let through")
	}
	calm.wants(404, "GET", "/api/v1/customers/"+unknownID, "")
}
