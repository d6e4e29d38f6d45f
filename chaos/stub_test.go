//go:build linux

package chaos

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// provider stands in for Polar: it answers the reads of the worker from a history,
// badly. A read may show an object as it was long ago, or not at all, or fail; only an
// object's own deletion is never guessed at. Its whims need not be repeatable: what the
// product holds at the end must not depend on them.
type provider struct {
	*httptest.Server
	paths  map[string]map[string]int // kind -> id -> index in the history
	h      *history
	reads  atomic.Int64
	failed atomic.Int64
	stale  atomic.Int64
	usage  *usageBook
}

// lists are Polar's paths of the kinds that can be read one by one.
var lists = map[string]string{
	"customers": "customer", "products": "product", "checkouts": "checkout", "subscriptions": "subscription", "orders": "order",
}

func startProvider(t *testing.T, h *history) *provider {
	p := &provider{h: h, paths: map[string]map[string]int{}, usage: newUsageBook()}
	for i, o := range h.objects {
		if p.paths[o.kind] == nil {
			p.paths[o.kind] = map[string]int{}
		}
		p.paths[o.kind][o.id] = i
	}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.Trim(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	if path == "events/ingest" {
		p.usage.ingest(w, r)
		return
	}
	p.reads.Add(1)
	list, id, _ := strings.Cut(path, "/")
	switch {
	case rand.IntN(400) == 0:
		p.failed.Add(1)
		answer(w, http.StatusBadGateway, map[string]any{"error": "BadGateway", "detail": "tired"})
	case id == "" && list == "products":
		p.list(w, "product")
	case id == "" && list == "meters":
		answer(w, http.StatusOK, page([]any{map[string]any{
			"id": "00000000-0000-4000-8000-00000000000a", "created_at": "2026-01-01T00:00:00Z", "modified_at": nil, "name": "Calls",
			"metadata": map[string]any{}, "aggregation": map[string]any{"func": "count"},
			"filter": map[string]any{"conjunction": "and", "clauses": []any{map[string]any{"property": "name", "operator": "eq", "value": "api_call"}}},
		}}))
	case id == "" && r.Method == http.MethodGet:
		answer(w, http.StatusOK, page([]any{}))
	default:
		p.one(w, lists[list], id)
	}
}

// one answers the object in some version that it once had, the newest half the time.
func (p *provider) one(w http.ResponseWriter, kind, id string) {
	i, known := p.paths[kind][id]
	if !known || rand.IntN(4) == 0 { // a replica that has not heard of it yet
		answer(w, http.StatusNotFound, map[string]any{"error": "ResourceNotFound", "detail": "Not found"})
		return
	}
	versions := p.h.objects[i].versions
	n := len(versions) - 1
	if rand.IntN(2) == 0 {
		p.stale.Add(1)
		n = rand.IntN(len(versions))
	}
	if rand.IntN(200) == 0 {
		time.Sleep(20 * time.Millisecond)
	}
	answer(w, http.StatusOK, versions[n].body())
}

// list answers everything of a kind, each in some version.
func (p *provider) list(w http.ResponseWriter, kind string) {
	items := []any{}
	for _, o := range p.h.objects {
		if o.kind == kind {
			items = append(items, o.versions[rand.IntN(len(o.versions))].body())
		}
	}
	answer(w, http.StatusOK, page(items))
}

// page is a list that fits on one page.
func page(items []any) map[string]any {
	return map[string]any{"items": items, "pagination": map[string]any{"total_count": len(items), "max_page": 1}}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(body)) // who asked may be dead by now
}
