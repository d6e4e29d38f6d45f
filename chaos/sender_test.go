//go:build linux

package chaos

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// send is one attempt to deliver an event. A delivery is known by its id at one
// endpoint: a repetition has the same, the same event at another endpoint another.
type send struct {
	event    int
	id, path string
}

type deliveryKey struct{ path, id string }

func (s send) key() deliveryKey { return deliveryKey{s.path, s.id} }

var endpoints = []string{"/webhooks/polar", "/api/auth/polar/webhooks"}

// plan says what is sent in which order: every event one to eight times, up to three
// hours late, in windows of ten minutes that are shuffled whole, and one in twenty at
// the very end.
func plan(rng *rand.Rand, h *history) []send {
	type dated struct {
		send
		window int64
		order  uint64
	}
	const window = 10 * 60
	var all []dated
	for i, e := range h.events {
		at := h.objects[e.object].versions[e.version].at.Unix()
		copies := 1 + rng.IntN(7) + rng.IntN(30)/29
		for range copies {
			s := send{event: i, id: fmt.Sprintf("msg_%d", i), path: endpoints[0]}
			if rng.IntN(5) == 0 {
				s.id, s.path = fmt.Sprintf("msg_%d_other", i), endpoints[1]
			}
			d := dated{send: s, window: (at + rng.Int64N(3*3600)) / window, order: rng.Uint64()}
			if rng.IntN(20) == 0 {
				d.window = 1 << 60
			}
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b dated) int {
		return cmp.Or(cmp.Compare(a.window, b.window), cmp.Compare(a.order, b.order))
	})
	sends := make([]send, len(all))
	for i, d := range all {
		sends[i] = d.send
	}
	return sends
}

// sender delivers as Polar does: only an answer of 2xx counts, everything else is
// sent again. Several deliveries are under way at once.
type sender struct {
	h    *history
	base string

	mu       sync.Mutex
	changed  *sync.Cond
	queue    []send
	up       bool // the portal is meant to answer
	underWay int
	acked    map[deliveryKey]int // how many answers of 2xx
	fresh    []deliveryKey       // acked in this life
	answers  int                 // of 2xx, in all
	asked    int                 // see again
	odd      []string            // answers that are neither 2xx nor a sign of death
}

const senders = 8

func newSender(h *history, base string, queue []send) *sender {
	s := &sender{h: h, base: base, queue: queue, acked: map[deliveryKey]int{}}
	s.changed = sync.NewCond(&s.mu)
	for range senders {
		go s.work(&http.Client{Transport: &http.Transport{}, Timeout: 15 * time.Second})
	}
	return s
}

// work is one connection. It ends with the test process.
func (s *sender) work(client *http.Client) {
	for {
		s.mu.Lock()
		for !s.up || len(s.queue) == 0 {
			s.changed.Wait()
		}
		next := s.queue[0]
		s.queue = s.queue[1:]
		s.underWay++
		s.mu.Unlock()
		status, err := s.deliver(client, next)
		s.mu.Lock()
		s.underWay--
		switch {
		case err == nil && status/100 == 2:
			s.acked[next.key()]++
			s.fresh = append(s.fresh, next.key())
			s.answers++
		case err == nil:
			s.odd = append(s.odd, fmt.Sprintf("%d for %s", status, next.id))
			fallthrough
		default:
			s.queue = append(s.queue, next)
		}
		refused := err == nil && status/100 != 2
		s.changed.Broadcast()
		s.mu.Unlock()
		if refused {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// deliver signs and sends. Polar's older secrets sign with the bytes of their text.
func (s *sender) deliver(client *http.Client, d send) (int, error) {
	body := s.h.payload(s.h.events[d.event])
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(d.id + "." + stamp + "."))
	mac.Write(body)
	req, err := http.NewRequest(http.MethodPost, s.base+d.path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Webhook-Id", d.id)
	req.Header.Set("Webhook-Timestamp", stamp)
	req.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, res.Body) // the status is all that counts
	return res.StatusCode, res.Body.Close()
}

// set tells the connections whether the portal is up. Going down waits for what is
// under way, so that the answers of a life are all counted to it.
func (s *sender) set(up bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up = up
	s.changed.Broadcast()
	for !up && s.underWay > 0 {
		s.changed.Wait()
	}
}

// again asks for old events anew, under new ids, as an operator does at the provider.
// It keeps a run going whose deliveries ran out before its kills did.
func (s *sender) again(rng *rand.Rand, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) < most {
		s.asked++
		i := rng.IntN(len(s.h.events))
		s.queue = append(s.queue, send{event: i, id: fmt.Sprintf("msg_%d_again_%d", i, s.asked), path: endpoints[s.asked%2]})
	}
}

// progress is how many answers came and how many deliveries are still to be sent.
func (s *sender) progress() (answers, left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers, len(s.queue) + s.underWay
}

// refusals are the answers so far that were neither 2xx nor a sign of death.
func (s *sender) refusals() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.odd)
}

// take returns what was acknowledged since the last call.
func (s *sender) take() []deliveryKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.fresh
	s.fresh = nil
	return fresh
}
