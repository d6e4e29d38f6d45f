package handlers

import (
	"sync"
	"time"
)

// formsPerMinute is how many forms a customer may send in a minute. Many of them cost
// a call of the provider's API, whose limit is for all our customers together.
const formsPerMinute = 120

// pace counts the forms of each customer within the running minute. Its memory is
// bounded by who is active in that minute.
type pace struct {
	mu     sync.Mutex
	minute time.Time
	sent   map[string]int
}

// pass reports whether a customer may send another form now.
func (p *pace) pass(customerID string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if minute := now.Truncate(time.Minute); p.sent == nil || !minute.Equal(p.minute) {
		p.minute, p.sent = minute, map[string]int{}
	}
	p.sent[customerID]++
	return p.sent[customerID] <= formsPerMinute
}

// How many streams may be open: a customer's tabs, and all. Each looks into the
// mirror several times a second; a page that finds no room asks from time to time.
const (
	streamsEach  = 4
	streamsInAll = 400
)

// streams counts the open streams of each customer.
type streams struct {
	mu   sync.Mutex
	all  int
	open map[string]int
}

// enter takes a place if there is one. leave gives it back, and is never nil.
func (s *streams) enter(customerID string) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= streamsInAll || s.open[customerID] >= streamsEach {
		return func() {}, false
	}
	if s.open == nil {
		s.open = map[string]int{}
	}
	s.all++
	s.open[customerID]++
	return func() { s.leave(customerID) }, true
}

func (s *streams) leave(customerID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.open[customerID]--; s.open[customerID] == 0 {
		delete(s.open, customerID)
	}
}
