//go:build linux

package chaos

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// history is what happened at the provider: objects, each with all its versions, and
// the events that told of them, in the order in which they happened.
type history struct {
	rng     *rand.Rand
	objects []object
	events  []event
}

type object struct {
	kind, id string
	versions []state
}

// state is one version of an object, in the provider's words.
type state struct {
	kind, id                        string
	customer, product, subscription string
	benefit                         string
	status, name, email             string
	amount, refunded                int64 // minor units
	created, at                     time.Time
	started, canceled, ended        time.Time
	periodStart, periodEnd          time.Time
	granted, revoked                time.Time
	cancelAtEnd, archived, deleted  bool
}

// event is one word of the provider about one version of an object.
type event struct {
	typ             string
	object, version int
}

// newHistory invents about so many events of so many customers, all within the day
// that ends before the given time.
func newHistory(rng *rand.Rand, customers, events int, before time.Time) *history {
	h := &history{rng: rng}
	start := before.Add(-26 * time.Hour).Truncate(time.Second)
	for i := range 10 {
		h.sellProduct(fmt.Sprintf("Plan %d", i), start)
	}
	for i := 0; len(h.events) < events; i++ {
		if i < customers {
			h.meetCustomer(start)
			continue
		}
		h.buy(h.rng.IntN(customers), start) // somebody buys again
	}
	return h
}

// add begins an object and tells of it.
func (h *history) add(s state, types ...string) int {
	s.id = h.newID()
	h.objects = append(h.objects, object{kind: s.kind, id: s.id})
	i := len(h.objects) - 1
	h.change(i, s, types...)
	return i
}

// change adds a version to an object and tells of it by one event of each type, as
// Polar does: one transition, several events with the same body.
func (h *history) change(i int, s state, types ...string) {
	o := &h.objects[i]
	s.id = o.id
	o.versions = append(o.versions, s)
	for _, t := range types {
		h.events = append(h.events, event{typ: t, object: i, version: len(o.versions) - 1})
	}
}

func (h *history) newID() string {
	return fmt.Sprintf("%08x-%04x-4000-8000-%012x", h.rng.Uint32(), h.rng.Uint32N(1<<16), h.rng.Uint64N(1<<48))
}

// later is a moment some minutes to hours after another, with microseconds as Polar has
// them.
func (h *history) later(t time.Time) time.Time {
	return t.Add(time.Duration(h.rng.ExpFloat64()*float64(20*time.Minute)) + time.Duration(1+h.rng.IntN(999_999))*time.Microsecond)
}

// soon is later, or the very same microsecond: a provider that touches an object
// several times within one tick gives two states one version.
func (h *history) soon(t time.Time) time.Time {
	if h.rng.IntN(3) == 0 {
		return t
	}
	return h.later(t)
}

func (h *history) chance(percent int) bool { return h.rng.IntN(100) < percent }

func (h *history) sellProduct(name string, at time.Time) {
	s := state{kind: "product", name: name, created: at, at: at, amount: 900}
	i := h.add(s, "product.created")
	for h.chance(60) {
		s.at, s.name, s.archived = h.later(s.at), s.name+"+", h.chance(10)
		h.change(i, s, "product.updated")
	}
}

// meetCustomer is one customer with all that he buys.
func (h *history) meetCustomer(start time.Time) {
	at := start.Add(time.Duration(h.rng.Int64N(int64(20 * time.Hour))))
	s := state{kind: "customer", created: at, at: at, email: fmt.Sprintf("p%d@example.com", len(h.objects)), name: "Pat"}
	i := h.add(s, "customer.created")
	customer := h.objects[i].id
	for h.chance(40) {
		s.at, s.name = h.later(s.at), s.name+"t"
		h.change(i, s, "customer.updated")
	}
	h.subscribe(customer, h.later(at))
	if h.chance(30) {
		h.charge(customer, "", "purchase", h.later(at))
	}
	if h.chance(15) {
		s.at, s.deleted = h.later(s.at), true
		h.change(i, s, "customer.deleted")
		s.at, s.deleted = h.later(s.at), false
		h.change(i, s, "customer.updated") // a late word, which must not bring him back
	}
}

func (h *history) buy(n int, start time.Time) {
	seen := 0
	for _, o := range h.objects {
		if o.kind != "customer" {
			continue
		}
		if seen == n {
			h.charge(o.id, "", "purchase", start.Add(time.Duration(h.rng.Int64N(int64(20*time.Hour)))))
			return
		}
		seen++
	}
}

func (h *history) someProduct() string { return h.objects[h.rng.IntN(10)].id }
