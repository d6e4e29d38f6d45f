//go:build linux

package chaos

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// sender delivers as Polar does: only an answer of 2xx counts, everything else is
// sent again. Several deliveries are under way at once.
type sender struct {
	base string

	mu       sync.Mutex
	changed  *sync.Cond
	queue    []parcel
	allowed  int  // parcels that this life may still get
	up       bool // the portal is meant to answer
	underWay int
	acked    map[string]int // how many answers of 2xx
	fresh    []string       // acked in this life
	answers  int            // of 2xx, in all
	busy     int            // answers of 503
	odd      []string       // answers that are neither 2xx nor a sign of death
}

const (
	senders  = 8
	busyMost = 100 // answers of 503 in a run: a disk that hangs for seconds makes a few, a fault many
)

func newSender(base string, queue []parcel) *sender {
	s := &sender{base: base, queue: queue, acked: map[string]int{}}
	s.changed = sync.NewCond(&s.mu)
	for range senders {
		go s.work(&http.Client{
			Transport: &http.Transport{}, Timeout: 15 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		})
	}
	return s
}

// work is one connection. It ends with the test process.
func (s *sender) work(client *http.Client) {
	for {
		s.mu.Lock()
		for !s.up || len(s.queue) == 0 || s.allowed <= 0 {
			s.changed.Wait()
		}
		next := s.queue[0]
		s.queue = s.queue[1:]
		s.underWay++
		s.allowed--
		s.mu.Unlock()
		status, err := s.deliver(client, next)
		s.mu.Lock()
		s.underWay--
		switch {
		case err == nil && (status/100 == 2 || status == http.StatusSeeOther || status == http.StatusConflict && next.unsure):
			s.acked[next.key]++
			s.fresh = append(s.fresh, next.key)
			s.answers++
		case err == nil && status == http.StatusServiceUnavailable && s.busy < busyMost:
			s.busy++ // it could not be kept in time, and nothing was acknowledged: it is sent again
			s.queue = append(s.queue, next)
		case err == nil && status != http.StatusTooManyRequests:
			s.odd = append(s.odd, fmt.Sprintf("%d for %s", status, next.key))
			fallthrough
		default:
			next.unsure = next.unsure || err != nil
			s.queue = append(s.queue, next)
		}
		refused := err == nil && status/100 > 3
		s.changed.Broadcast()
		s.mu.Unlock()
		if refused {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// deliver sends once.
func (s *sender) deliver(client *http.Client, p parcel) (int, error) {
	req, err := p.request(s.base)
	if err != nil {
		return 0, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, res.Body) // the status is all that counts
	return res.StatusCode, res.Body.Close()
}

// begin says that the portal is up, and how many parcels it may get in this life.
func (s *sender) begin(allowed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up, s.allowed = true, allowed
	s.changed.Broadcast()
}

// end says that it is down. It waits for what is under way, so that the answers of a
// life are all counted to it.
func (s *sender) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.up = false
	for s.underWay > 0 {
		s.changed.Wait()
	}
}

// refill adds parcels until there are so many. It keeps a run going whose deliveries
// ran out before its kills did.
func (s *sender) refill(most int, next func() parcel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) < most {
		s.queue = append(s.queue, next())
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
func (s *sender) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.fresh
	s.fresh = nil
	return fresh
}
