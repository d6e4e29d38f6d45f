package auth

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits bound how often sign-ins may be tried. They are kept in memory, per
// process; only that of an address is in the database. A zero field takes the value
// of DefaultLimits.
type Limits struct {
	CodesPerAddress int // unused codes sent to one address in an hour, exactly
	// Mails and sign-ins begun, then codes tried and sign-ins finished: so many at
	// once, refilled within an hour, for one /24 or /64.
	AsksPerNetwork   int
	ProofsPerNetwork int
	// The same for all networks together: so many at once, refilled in ten minutes.
	AsksInAll   int
	ProofsInAll int
}

// DefaultLimits let an office of some hundred people behind one address sign in on
// a Monday morning, and a guesser of 40-bit codes wait for some millions of years.
var DefaultLimits = Limits{
	CodesPerAddress: 5, AsksPerNetwork: 60, ProofsPerNetwork: 300, AsksInAll: 1_000, ProofsInAll: 5_000,
}

func (l Limits) orDefault() Limits {
	for _, f := range []struct{ value, fallback *int }{
		{&l.CodesPerAddress, &DefaultLimits.CodesPerAddress},
		{&l.AsksPerNetwork, &DefaultLimits.AsksPerNetwork}, {&l.ProofsPerNetwork, &DefaultLimits.ProofsPerNetwork},
		{&l.AsksInAll, &DefaultLimits.AsksInAll}, {&l.ProofsInAll, &DefaultLimits.ProofsInAll},
	} {
		if *f.value <= 0 {
			*f.value = *f.fallback
		}
	}
	return l
}

// maxNetworks bounds the memory of one limit per network; the least recently seen
// makes room.
const maxNetworks = 10_000

// gate holds the limits that are kept in memory.
type gate struct{ asks, proofs *turnstile }

func newGate(l Limits) *gate {
	return &gate{
		asks:   newTurnstile(l.AsksPerNetwork, l.AsksInAll),
		proofs: newTurnstile(l.ProofsPerNetwork, l.ProofsInAll),
	}
}

// turnstile limits one kind of request, per network and in all.
type turnstile struct {
	mu     sync.Mutex
	each   int
	all    *rate.Limiter
	byNet  map[netip.Prefix]*list.Element
	recent *list.List // of *visits, last seen first
}

type visits struct {
	network netip.Prefix
	limiter *rate.Limiter
}

func newTurnstile(each, all int) *turnstile {
	return &turnstile{
		each: each, all: refilled(all, 10*time.Minute),
		byNet: map[netip.Prefix]*list.Element{}, recent: list.New(),
	}
}

// refilled allows n at once and n more in every period.
func refilled(n int, period time.Duration) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(float64(n)/period.Seconds()), n)
}

// pass lets a request through, or refuses it with TooMany. A refused one costs
// nothing, so that who waits gets in.
func (t *turnstile) pass(network netip.Prefix, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.limiter(network).ReserveN(now, 1)
	if wait := own.DelayFrom(now); wait > 0 {
		own.CancelAt(now)
		return &Refusal{Reason: TooMany, RetryAfter: wait}
	}
	all := t.all.ReserveN(now, 1)
	if wait := all.DelayFrom(now); wait > 0 {
		all.CancelAt(now)
		own.CancelAt(now)
		return &Refusal{Reason: TooMany, RetryAfter: wait}
	}
	return nil
}

func (t *turnstile) limiter(network netip.Prefix) *rate.Limiter {
	if known, ok := t.byNet[network]; ok {
		t.recent.MoveToFront(known)
		return known.Value.(*visits).limiter
	}
	if t.recent.Len() >= maxNetworks {
		oldest := t.recent.Back()
		delete(t.byNet, oldest.Value.(*visits).network)
		t.recent.Remove(oldest)
	}
	v := &visits{network: network, limiter: refilled(t.each, time.Hour)}
	t.byNet[network] = t.recent.PushFront(v)
	return v.limiter
}
