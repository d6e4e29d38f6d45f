package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
	"counterfoil/twin/server"
)

// ask calls the Better Auth API as a page of the portal would, and reads the answer.
func (b *browser) ask(method, path, body string) (int, map[string]any) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.stack.url+"/api/auth"+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Origin", b.stack.url)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	var said map[string]any
	if len(raw) > 0 && json.Unmarshal(raw, &said) != nil {
		b.t.Fatalf("%s %s answered %d %.300q", method, path, answer.StatusCode, raw)
	}
	return answer.StatusCode, said
}

func (b *browser) told(status int, method, path, body string) map[string]any {
	b.t.Helper()
	got, said := b.ask(method, path, body)
	if got != status {
		b.t.Fatalf("%s %s answered %d, want %d: %v", method, path, got, status, said)
	}
	return said
}

// items are those of a page of a list.
func items(said map[string]any) []any { return said["result"].(map[string]any)["items"].([]any) }

var (
	snake = regexp.MustCompile(`"[a-z]+_[a-z_]+":`)
	finer = regexp.MustCompile(`T\d\d:\d\d:\d\d(\.\d{4,})?Z?"`)
)

// TestPolarReads: state and lists of Polar's plugin come from the mirror, in the wire's
// names and times, page by page, while the provider is away.
func TestPolarReads(t *testing.T) {
	s := start(t)
	sam, noor := s.browser(), s.browser()
	sam.signIn("sam@example.com")
	noor.signIn("noor@example.com")
	s.until("everything is copied", func() bool {
		status, said := sam.ask("GET", "/customer/state", "")
		return status == 200 && len(said["activeMeters"].([]any)) > 0 && len(said["activeSubscriptions"].([]any)) > 0 && len(said["grantedBenefits"].([]any)) > 0 && s.settledWallets("sam@example.com") == 2
	})
	s.until("the newcomer is known", func() bool { status, _ := noor.ask("GET", "/customer/state", ""); return status == 200 })
	if err := s.twin.Close(); err != nil {
		t.Fatal(err)
	}
	state := sam.told(200, "GET", "/customer/state", "")
	who := sam.told(200, "GET", "/get-session", "")["user"].(map[string]any)["id"]
	if state["externalId"] != who || state["email"] != "sam@example.com" || state["type"] != "individual" {
		t.Errorf("state of %v, want of %v", state["externalId"], who)
	}
	orders := sam.told(200, "GET", "/customer/orders/list?limit=2", "")
	if len(items(orders)) != 2 || orders["~next"].(map[string]any)["page"] != 2.0 {
		t.Errorf("a page of two orders: %v", orders["~next"])
	}
	total := int(orders["result"].(map[string]any)["pagination"].(map[string]any)["totalCount"].(float64))
	seen := map[any]bool{}
	for page := 1; page <= (total+1)/2; page++ {
		for _, item := range items(sam.told(200, "GET", fmt.Sprintf("/customer/orders/list?limit=2&page=%d", page), "")) {
			seen[item.(map[string]any)["id"]] = true
		}
	}
	if len(seen) != total || total < 5 {
		t.Errorf("%d of %d orders on all pages", len(seen), total)
	}
	recurring := len(items(sam.told(200, "GET", "/customer/orders/list?limit=100&productBillingType=recurring", "")))
	once := len(items(sam.told(200, "GET", "/customer/orders/list?limit=100&productBillingType=one_time", "")))
	if recurring+once != total || recurring == 0 {
		t.Errorf("%d recurring and %d others of %d", recurring, once, total)
	}
	for _, path := range []string{"/customer/state", "/customer/orders/list", "/customer/subscriptions/list?active=true", "/customer/benefits/list", "/usage/meters/list"} {
		raw, err := json.Marshal(sam.told(200, "GET", path, ""))
		if err != nil {
			t.Fatal(err)
		}
		if found := snake.FindString(strings.ReplaceAll(string(raw), `"metadata":{`, "")); found != "" && !strings.Contains(string(raw), "metadata") {
			t.Errorf("%s has a field %s", path, found)
		}
		if found := finer.FindString(string(raw)); found != "" {
			t.Errorf("%s has a time that clients misread: %s", path, found)
		}
		if empty := noor.told(200, "GET", path, ""); path != "/customer/state" && len(items(empty)) != 0 {
			t.Errorf("%s shows a newcomer %v", path, empty)
		}
		if out, said := s.browser().ask("GET", path, ""); out != 401 || said["code"] != "UNAUTHORIZED" {
			t.Errorf("%s answered nobody with %d %v", path, out, said)
		}
	}
	for query, field := range map[string]string{"?page=x": "page", "?limit=NaN": "limit"} {
		if said := sam.told(400, "GET", "/customer/benefits/list"+query, ""); !strings.HasPrefix(said["message"].(string), "[query."+field+"]") {
			t.Errorf("%s: %v", query, said)
		}
	}
}

// TestSubscriptionsForAReference (SEC-05): what was bought for somebody else's organisation
// is nobody else's to see; the original shows it to everybody.
func TestSubscriptionsForAReference(t *testing.T) {
	s := start(t)
	sam, noor := s.browser(), s.browser()
	sam.signIn("sam@example.com")
	noor.signIn("noor@example.com")
	var sub billing.Subscription
	who := sam.told(200, "GET", "/get-session", "")["user"].(map[string]any)["id"].(string)
	s.until("the subscription is copied", func() bool {
		list, err := s.store.Subscriptions(t.Context(), who)
		if err != nil || len(list) == 0 {
			return false
		}
		sub = list[0]
		return true
	})
	s.rest()
	if err := dbtest.Exec(t.Context(), s.database, "UPDATE subscriptions SET reference_id = '"+who+"' WHERE provider_id = '"+sub.ProviderID+"'"); err != nil {
		t.Fatal(err)
	}
	path := "/customer/subscriptions/list?referenceId=" + url.QueryEscape(who)
	if own := items(sam.told(200, "GET", path, "")); len(own) != 1 || own[0].(map[string]any)["customer"].(map[string]any)["email"] != "sam@example.com" {
		t.Errorf("his own reference shows %v", own)
	}
	if others := items(noor.told(200, "GET", path, "")); len(others) != 0 {
		t.Errorf("somebody else sees %v", others)
	}
}

// TestPolarCheckout: slugs and ids of what is sold, targets of ours, the reference that is
// named, and the {CHECKOUT_ID} as it is; what a browser has no say in does not reach the
// provider.
func TestPolarCheckout(t *testing.T) {
	s := start(t)
	noor := s.browser()
	noor.signIn("noor@example.com")
	pro, err := s.store.ProductBySlug(t.Context(), "pro")
	if err != nil {
		t.Fatal(err)
	}
	said := noor.told(200, "POST", "/checkout", `{"slug":"pro","redirect":false,"referenceId":"team-7","metadata":{"referenceId":"team-8","a":1},"allowTrial":true,"trialIntervalCount":1000}`)
	if said["redirect"] != false || !strings.HasPrefix(said["url"].(string), s.twin.BaseURL) {
		t.Errorf("answered %v", said)
	}
	last := s.lastCheckout()
	// The provider puts the id in the place of {CHECKOUT_ID}, which it must get as it is.
	if last["success_url"] != s.url+"/checkout/success?checkout_id="+last["id"].(string) || last["metadata"].(map[string]any)["referenceId"] != "team-7" {
		t.Errorf("the provider got %v, %v", last["success_url"], last["metadata"])
	}
	noor.told(200, "POST", "/checkout", `{"products":"`+pro.ProviderID+`","successUrl":"/done/{CHECKOUT_ID}"}`)
	if last = s.lastCheckout(); last["success_url"] != s.url+"/done/"+last["id"].(string) {
		t.Errorf("success URL %v", last["success_url"])
	}
	noor.told(200, "POST", "/checkout", `{"products":["`+pro.ProviderID+`"]}`)
	for name, refused := range map[string]struct {
		body, message string
		status        int
	}{
		"unknown slug":         {`{"slug":"none"}`, "Product not found", 400},
		"unknown id":           {`{"products":["` + unknownID + `"]}`, "Product not found", 400},
		"no product":           {`{"metadata":{}}`, "Checkout creation failed", 500},
		"a stranger's page":    {`{"slug":"pro","successUrl":"https://evil.example/{CHECKOUT_ID}"}`, "Invalid successUrl", 403},
		"a disguised stranger": {`{"slug":"pro","returnUrl":"//evil.example"}`, "Invalid returnUrl", 403},
		"a stranger's frame":   {`{"slug":"pro","embedOrigin":"https://evil.example"}`, "Invalid origin", 403},
		"long metadata":        {`{"slug":"pro","metadata":{"a":"` + strings.Repeat("x", 501) + `"}}`, "Too big", 400},
		"nested metadata":      {`{"slug":"pro","metadata":{"a":{}}}`, "Invalid input", 400},
		"an array":             {`[]`, "expected object", 400},
	} {
		t.Run(name, func(t *testing.T) {
			if got := noor.told(refused.status, "POST", "/checkout", refused.body); !strings.Contains(got["message"].(string), refused.message) {
				t.Errorf("%v, want %q", got, refused.message)
			}
		})
	}
	if err := s.twin.Close(); err != nil {
		t.Fatal(err)
	}
	if got := noor.told(503, "POST", "/checkout", `{"slug":"pro"}`); got["message"] != "Checkout creation failed" {
		t.Errorf("while the provider is away: %v", got)
	}
}

// lastCheckout is the newest checkout at the twin.
func (s *stack) lastCheckout() map[string]any {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.twin.BaseURL+"/v1/checkouts/?sorting=-created_at&limit=1", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+server.OrganizationToken)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	var page struct {
		Items []map[string]any `json:"items"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil || len(page.Items) != 1 {
		s.t.Fatalf("%d checkouts, %v", len(page.Items), err)
	}
	return page.Items[0]
}

// TestPolarIngest (C11): a listed event counts once it is answered; others, and negative
// ones, do not.
func TestPolarIngest(t *testing.T) {
	s := start(t)
	sam := s.browser()
	sam.signIn("sam@example.com")
	s.rest()
	who := sam.told(200, "GET", "/get-session", "")["user"].(map[string]any)["id"].(string)
	if said := sam.told(200, "POST", "/usage/ingest", `{"event":"file_uploaded","metadata":{"size":0.25,"kind":"pdf"}}`); said["inserted"] != 1.0 || said["duplicates"] != 0.0 {
		t.Errorf("answered %v", said)
	}
	events, _, err := s.store.RecentEvents(t.Context(), who, billing.Ref{}, "", 50)
	if err != nil || !slices.ContainsFunc(events, func(e db.UsageEvent) bool { return e.Name == "file_uploaded" }) {
		t.Errorf("the event is not kept: %v", err)
	}
	for body, status := range map[string]int{
		`{"event":"refund","metadata":{}}`: 400, `{"event":"file_uploaded","metadata":{"size":-1}}`: 400, `{"event":"file_uploaded"}`: 400,
		`{"metadata":{}}`: 400, `{"event":"file_uploaded","metadata":{"a":[1]}}`: 400, `{"event":"file_uploaded","metadata":{"size":1e999}}`: 400,
		`{"event":"ai_usage","metadata":{"credits":9000000000000000000}}`: 400, `{"event":"ai_usage","metadata":{"credits":9200000000000}}`: 400,
	} {
		sam.told(status, "POST", "/usage/ingest", body)
	}
}

// BenchmarkCustomerState measures the state through the real handler (120 us of processor
// time allowed).
func BenchmarkCustomerState(b *testing.B) {
	s := start(b)
	sam := s.browser()
	sam.signIn("sam@example.com")
	s.until("the state is there", func() bool { status, _ := sam.ask("GET", "/customer/state", ""); return status == 200 })
	s.rest()
	here, err := url.Parse(s.url)
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, s.url+"/api/auth/customer/state", nil)
	for _, cookie := range sam.client.Jar.Cookies(here) {
		r.AddCookie(cookie)
	}
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r.Clone(context.Background()))
		if w.Code != http.StatusOK {
			b.Fatalf("answered %d %s", w.Code, w.Body)
		}
	}
}
