//go:build linux

package chaos

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// provider stands in for Polar: it answers the reads of the worker from a history,
// badly. A read may show an object as it was long ago, or not at all, or fail; only an
// object's own deletion is never guessed at. Its whims need not be repeatable: what the
// product holds at the end must not depend on them.
type provider struct {
	*httptest.Server
	index map[string]map[string]int // kind -> id -> place in the history
	h     *history
	usage *usageBook
}

// kinds are Polar's paths. Grants have no way to be read one by one.
var kinds = map[string]string{
	"customers": "customer", "products": "product", "checkouts": "checkout", "subscriptions": "subscription", "orders": "order",
	"benefit-grants": "benefit_grant", "meters": "meter",
}

func startProvider(t *testing.T, h *history) *provider {
	p := &provider{h: h, index: map[string]map[string]int{}, usage: newUsageBook()}
	for i, o := range h.objects {
		if p.index[o.kind] == nil {
			p.index[o.kind] = map[string]int{}
		}
		p.index[o.kind][o.id] = i
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
	list, id, _ := strings.Cut(path, "/")
	switch {
	case rand.IntN(400) == 0:
		answer(w, http.StatusBadGateway, map[string]any{"error": "BadGateway", "detail": "tired"})
	case id == "":
		p.list(w, r, kinds[list])
	default:
		p.one(w, kinds[list], id)
	}
}

// one answers the object in some version that it once had, the newest half the time.
func (p *provider) one(w http.ResponseWriter, kind, id string) {
	i, known := p.index[kind][id]
	if !known || rand.IntN(4) == 0 { // a replica that has not heard of it yet
		answer(w, http.StatusNotFound, map[string]any{"error": "ResourceNotFound", "detail": "Not found"})
		return
	}
	versions := p.h.objects[i].versions
	n := len(versions) - 1
	if rand.IntN(2) == 0 {
		n = rand.IntN(len(versions))
	}
	if rand.IntN(200) == 0 {
		time.Sleep(20 * time.Millisecond)
	}
	answer(w, http.StatusOK, versions[n].body())
}

// list answers a page of everything of a kind that was not deleted, oldest first, each
// in some version.
func (p *provider) list(w http.ResponseWriter, r *http.Request, kind string) {
	items := []any{}
	if kind == "meter" {
		items = append(items, meter)
	}
	for _, o := range p.h.objects {
		if o.kind == kind && !p.h.finally(o).deleted {
			items = append(items, o.versions[rand.IntN(len(o.versions))].body())
		}
	}
	number, size := asked(r, "page", 1), asked(r, "limit", 10)
	total := len(items)
	items = items[min(total, (number-1)*size):min(total, number*size)]
	answer(w, http.StatusOK, map[string]any{
		"items": items, "pagination": map[string]any{"total_count": total, "max_page": (total + size - 1) / size},
	})
}

func asked(r *http.Request, name string, otherwise int) int {
	if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// meter counts calls.
var meter = map[string]any{
	"id": "00000000-0000-4000-8000-00000000000a", "created_at": "2026-01-01T00:00:00Z", "modified_at": nil, "name": "Calls",
	"metadata": map[string]any{}, "aggregation": map[string]any{"func": "count"},
	"filter": map[string]any{"conjunction": "and", "clauses": []any{map[string]any{"property": "name", "operator": "eq", "value": "api_call"}}},
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(body)) // who asked may be dead by now
}
