package polar

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"counterfoil/billing"
)

// TestListsAreAskedFor: every list is asked for oldest first, a hundred a page.
func TestListsAreAskedFor(t *testing.T) {
	f, p := newFake(t, always(200, list(0)))
	for _, kind := range p.Lists() {
		if _, err := p.List(context.Background(), kind, 7); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		sorting := "sorting=created_at"
		if kind == billing.KindSubscription {
			sorting = "sorting=started_at"
		}
		r := f.requests()[len(f.requests())-1]
		for _, want := range []string{sorting, "page=7", "limit=100"} {
			if !strings.Contains("&"+r.query+"&", "&"+want+"&") {
				t.Errorf("%s: asked %s?%s", kind, r.path, r.query)
			}
		}
	}
	for _, page := range []int{0, -1} {
		if _, err := p.List(context.Background(), billing.KindOrder, page); kindsOf(err) != "invalid" {
			t.Errorf("page %d: %v", page, err)
		}
	}
	if _, err := p.List(context.Background(), "planet", 1); kindsOf(err) != "invalid" {
		t.Errorf("no such list: %v", err)
	}
}

// TestR8WrongAnswers: an answer that is not what was asked for is an ErrProvider, and
// never an empty list, a missing object or a pass without a complaint.
func TestR8WrongAnswers(t *testing.T) {
	page := func(kind, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			if kind != "" {
				w.Header().Set("Content-Type", kind)
			}
			w.Write([]byte(text)) //nolint:errcheck // a test server
		}
	}
	good := list(1, fixture(t, "order", nil))
	answers := map[string]http.HandlerFunc{
		"HTML":                          page("text/html", "<html>"),
		"HTML that says it is JSON":     page("application/json", "<html>"),
		"JSON that says it is HTML":     page("text/html", good),
		"JSON that says nothing":        page("", good),
		"empty":                         page("application/json", ""),
		"204":                           func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		"null":                          always(200, `null`),
		"a list without an envelope":    always(200, `[]`),
		"another object":                always(200, `{}`),
		"text":                          always(200, `"ok"`),
		"no pagination":                 always(200, `{"items":[]}`),
		"pagination is null":            always(200, `{"items":[],"pagination":null}`),
		"no items":                      always(200, `{"pagination":{"total_count":0,"max_page":0}}`),
		"items is null":                 always(200, `{"items":null,"pagination":{"total_count":0,"max_page":0}}`),
		"no total":                      always(200, `{"items":[],"pagination":{"max_page":0}}`),
		"no pages":                      always(200, `{"items":[],"pagination":{"total_count":0}}`),
		"negative figures":              always(200, `{"items":[],"pagination":{"total_count":-1,"max_page":-1}}`),
		"a list without end":            always(200, `{"items":[{}],"pagination":{"total_count":9000000000000000000,"max_page":90000000000000000}}`),
		"figures as text":               always(200, `{"items":[],"pagination":{"total_count":"0","max_page":"0"}}`),
		"nothing, and a total":          always(200, `{"items":[],"pagination":{"total_count":250,"max_page":3}}`),
		"nothing, a total and no pages": always(200, `{"items":[],"pagination":{"total_count":250,"max_page":0}}`),
		"cut off":                       always(200, good[:len(good)/2]),
		"two answers":                   always(200, good+good),
		"redirect":                      always(302, ``),
		"router's 404":                  always(404, `{"detail":"Not Found"}`),
		"proxy's 404":                   page404,
	}
	order := billing.Ref{Provider: "polar", Kind: billing.KindOrder, ProviderID: "order-1"}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			_, p := newFake(t, answer)
			ctx := context.Background()
			reads := map[string]func() (any, error){
				"List":            func() (any, error) { return p.List(ctx, billing.KindOrder, 1) },
				"Fetch":           func() (any, error) { return p.Fetch(ctx, order) },
				"Endpoints":       func() (any, error) { return p.Endpoints(ctx) },
				"Refunds":         func() (any, error) { return p.Refunds(ctx, "order-1") },
				"Catalog":         func() (any, error) { return p.Catalog(ctx) },
				"CustomerObjects": func() (any, error) { return p.CustomerObjects(ctx, "customer-1") },
				"CustomerByEmail": func() (any, error) { return p.CustomerByEmail(ctx, "sam@example.com") },
				"Customer":        func() (any, error) { return p.Customer(ctx, "c1") },
			}
			for call, read := range reads {
				if got, err := read(); kindsOf(err) != "provider" {
					t.Errorf("%s: %+v, %v", call, got, err)
				}
			}
		})
	}
}

// page404 is the page of a web server that knows nothing of Polar.
func page404(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// TestR8OneStrangeObject: an object that cannot be understood is left out of its page,
// which still says how many there are; the others are seen.
func TestR8OneStrangeObject(t *testing.T) {
	strange := fixture(t, "order", map[string]any{"id": "order-2", "status": "levitating"})
	_, p := newFake(t, always(200, `{"items":[`+fixture(t, "order", nil)+`,`+strange+`,null,7,{}],"pagination":{"total_count":5,"max_page":1}}`))
	got, err := p.List(context.Background(), billing.KindOrder, 1)
	if err != nil || len(got.Objects) != 1 || got.Total != 5 || got.Pages != 1 || got.Number != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestEndpoints: without their secrets.
func TestEndpoints(t *testing.T) {
	_, p := newFake(t, always(200, endpointList))
	got, err := p.Endpoints(context.Background())
	if err != nil || len(got) != 2 || got[0].URL != "https://portal.example/webhooks/polar" || !got[0].Enabled || got[0].ProviderID != "e1" {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, text := range map[string]string{
		"without enabled": `{"id":"e1","url":"https://x.example"}`, "without URL": `{"id":"e1","enabled":true}`, "no object": `7`,
	} {
		_, p := newFake(t, always(200, list(1, text)))
		if got, err := p.Endpoints(context.Background()); kindsOf(err) != "provider" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
