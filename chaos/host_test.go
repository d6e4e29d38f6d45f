//go:build linux

package chaos

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// hookKey signs what the portal tells the host.
var hookKey = []byte("0123456789abcdef0123456789abcdef")

// host is the operator's own program, which is told of facts: not always in the mood,
// and now and then its answer is lost.
type host struct {
	*httptest.Server
	mu     sync.Mutex
	told   map[string]int // key -> calls that were taken
	bodies map[string][32]byte
	lost   int // answers
	calm   bool
	faults []string
}

func startHost(t *testing.T) *host {
	h := &host{told: map[string]int{}, bodies: map[string][32]byte{}}
	h.Server = httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(h.Close)
	return h
}

func (h *host) settings() []string {
	return []string{"COUNTERFOIL_HOOK_URL=" + h.URL, "COUNTERFOIL_HOOK_SECRET=whsec_" + base64.StdEncoding.EncodeToString(hookKey)}
}

func (h *host) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // who called died
	}
	if h.whim() {
		http.Error(w, "not now", http.StatusInternalServerError)
		return
	}
	h.take(r.Header, body)
	if h.whim() {
		h.mu.Lock()
		h.lost++
		h.mu.Unlock()
		panic(http.ErrAbortHandler) // cuts the connection
	}
}

// whim comes over the host once in two hundred times, until it has calmed down.
func (h *host) whim() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.calm && rand.IntN(200) == 0
}

func (h *host) calmDown() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calm = true
}

// take writes down one call. The same key must always come with the same body.
func (h *host) take(header http.Header, body []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := header.Get("Webhook-Id")
	mac := hmac.New(sha256.New, hookKey)
	mac.Write([]byte(key + "." + header.Get("Webhook-Timestamp") + "."))
	mac.Write(body)
	if !slices.Contains(strings.Fields(header.Get("Webhook-Signature")), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))) {
		h.faults = append(h.faults, "a hook call with a wrong signature: "+key)
	}
	var said struct{ Key string }
	if err := json.Unmarshal(body, &said); err != nil || said.Key != key {
		h.faults = append(h.faults, fmt.Sprintf("the body of %s says key %q: %v", key, said.Key, err))
	}
	sum := sha256.Sum256(body)
	if first, again := h.bodies[key]; again && first != sum {
		h.faults = append(h.faults, "two bodies for one key: "+key)
	}
	h.bodies[key] = sum
	h.told[key]++
}

// callsAtOnce is how many hook calls can be under way when the process dies.
const callsAtOnce = 4

// compare holds the calls against the model: none lost, none invented, and no more
// repetitions than kills and lost answers explain.
func (h *host) compare(want []string, maybe map[string]bool, kills int) (faults []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var have []string
	extra := 0
	for key, calls := range h.told {
		if !maybe[key] {
			have = append(have, key)
		}
		extra += calls - 1
	}
	slices.Sort(have)
	if !slices.Equal(have, want) {
		faults = append(faults, "the host was not told the model's facts: "+difference(have, want))
	}
	if most := kills*callsAtOnce + h.lost; extra > most {
		faults = append(faults, fmt.Sprintf("%d repeated calls, and %d kills and %d lost answers explain %d", extra, kills, h.lost, most))
	}
	return append(faults, h.faults...)
}

// repeated counts the calls beyond the first for each key.
func (h *host) repeated() (n int) {
	for _, calls := range h.told {
		n += calls - 1
	}
	return n
}
