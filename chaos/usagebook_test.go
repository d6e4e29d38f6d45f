//go:build linux

package chaos

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// usageBook is where the provider keeps reported events: by external id, each once, as
// Polar does. It loses answers, is busy, fails, and is away for a while now and then: the
// first time always, so that no run goes without.
type usageBook struct {
	mu       sync.Mutex
	events   map[string]string // external id -> customer and name
	repeated int
	lost     int // answers, after the events were taken
	refused  int // 429 and 5xx
	awayTill time.Time
	away     int // how often
	calm     bool
	faults   []string
}

func newUsageBook() *usageBook { return &usageBook{events: map[string]string{}} }

// leave keeps the provider from taking events for a while.
func (b *usageBook) leave(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away++
	b.awayTill = time.Now().Add(d)
}

// calmDown ends all that.
func (b *usageBook) calmDown() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calm, b.awayTill = true, time.Time{}
}

func (b *usageBook) ingest(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		Events []struct {
			Name       string    `json:"name"`
			ExternalID string    `json:"external_id"`
			Customer   string    `json:"external_customer_id"`
			Timestamp  time.Time `json:"timestamp"`
		} `json:"events"`
	}
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		return // who sent it died
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	dice := rand.IntN(100)
	if b.calm {
		dice = 99
	}
	switch {
	case b.refused == 0, time.Now().Before(b.awayTill), dice < 2:
		b.refused++
		answer(w, http.StatusBadGateway, map[string]any{"detail": "away"})
		return
	case dice < 7:
		b.refused++
		answer(w, http.StatusTooManyRequests, map[string]any{"detail": "busy"})
		return
	}
	before := len(b.events)
	for _, e := range sent.Events {
		what := e.Customer + " " + e.Name
		if have, again := b.events[e.ExternalID]; again && have != what {
			b.faults = append(b.faults, fmt.Sprintf("event %s came as %q and as %q", e.ExternalID, have, what))
		}
		b.events[e.ExternalID] = what
	}
	fresh := len(b.events) - before
	b.repeated += len(sent.Events) - fresh
	if dice < 17 {
		b.lost++
		panic(http.ErrAbortHandler) // taken, and the answer is lost; the deferred unlock runs
	}
	answer(w, http.StatusOK, map[string]any{"inserted": fresh, "duplicates": len(sent.Events) - fresh})
}
