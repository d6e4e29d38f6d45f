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
	// Links mailed to one address in an hour for one purpose (to verify, to reset) and not
	// used, exactly.
	LinksPerAddress int
	// Passwords tried: for one address from one network, for one address from anywhere, and
	// from one network, so many at once, refilled within an hour; and in all, refilled in
	// ten minutes. Codes have limits of their own, so nobody is kept out by others' guesses.
	PasswordsPerPlace   int
	PasswordsPerAddress int
	PasswordsPerNetwork int
	PasswordsInAll      int
}

// DefaultLimits let an office of some hundred people behind one address sign in on
// a Monday morning, and a guesser of 40-bit codes wait for some millions of years.
var DefaultLimits = Limits{
	CodesPerAddress: 5, AsksPerNetwork: 60, ProofsPerNetwork: 300, AsksInAll: 1_000, ProofsInAll: 5_000,
	LinksPerAddress: 5, PasswordsPerPlace: 30, PasswordsPerAddress: 100, PasswordsPerNetwork: 300, PasswordsInAll: 3_000,
}

func (l Limits) orDefault() Limits {
	for _, f := range []struct{ value, fallback *int }{
		{&l.CodesPerAddress, &DefaultLimits.CodesPerAddress},
		{&l.AsksPerNetwork, &DefaultLimits.AsksPerNetwork}, {&l.ProofsPerNetwork, &DefaultLimits.ProofsPerNetwork},
		{&l.AsksInAll, &DefaultLimits.AsksInAll}, {&l.ProofsInAll, &DefaultLimits.ProofsInAll},
		{&l.LinksPerAddress, &DefaultLimits.LinksPerAddress}, {&l.PasswordsPerPlace, &DefaultLimits.PasswordsPerPlace},
		{&l.PasswordsPerAddress, &DefaultLimits.PasswordsPerAddress}, {&l.PasswordsPerNetwork, &DefaultLimits.PasswordsPerNetwork},
		{&l.PasswordsInAll, &DefaultLimits.PasswordsInAll},
	} {
		if *f.value <= 0 {
			*f.value = *f.fallback
		}
	}
	return l
}

// maxVisits bounds the memory of one limit; the least recently seen makes room.
const maxVisits = 10_000

// gate holds the limits that are kept in memory.
type gate struct {
	asks, proofs *turnstile[netip.Prefix]
	passwords    *turnstile[netip.Prefix]
	places       *turnstile[place]
	addresses    *turnstile[string]
}

// place is an address as it is tried from one network.
type place struct {
	email   string
	network netip.Prefix
}

func newGate(l Limits) *gate {
	return &gate{
		asks:      newTurnstile[netip.Prefix](l.AsksPerNetwork, l.AsksInAll),
		proofs:    newTurnstile[netip.Prefix](l.ProofsPerNetwork, l.ProofsInAll),
		passwords: newTurnstile[netip.Prefix](l.PasswordsPerNetwork, l.PasswordsInAll),
		places:    newTurnstile[place](l.PasswordsPerPlace, l.PasswordsInAll),
		addresses: newTurnstile[string](l.PasswordsPerAddress, l.PasswordsInAll),
	}
}

// password lets a try of a password through, or refuses it with TooMany. It never looks
// whether the address has a user.
func (g *gate) password(email string, network netip.Prefix, now time.Time) error {
	if err := g.passwords.pass(network, now); err != nil {
		return err
	}
	if err := g.places.pass(place{email, network}, now); err != nil {
		return err
	}
	return g.addresses.pass(email, now)
}

// turnstile limits one kind of request, per key (such as a network) and in all.
type turnstile[K comparable] struct {
	mu     sync.Mutex
	each   int
	all    *rate.Limiter
	byKey  map[K]*list.Element
	recent *list.List // of *visits[K], last seen first
}

type visits[K comparable] struct {
	key     K
	limiter *rate.Limiter
}

func newTurnstile[K comparable](each, all int) *turnstile[K] {
	return &turnstile[K]{
		each: each, all: refilled(all, 10*time.Minute),
		byKey: map[K]*list.Element{}, recent: list.New(),
	}
}

// refilled allows n at once and n more in every period.
func refilled(n int, period time.Duration) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(float64(n)/period.Seconds()), n)
}

// pass lets a request through, or refuses it with TooMany. A refused one costs
// nothing, so that who waits gets in.
func (t *turnstile[K]) pass(key K, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.limiter(key).ReserveN(now, 1)
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

func (t *turnstile[K]) limiter(key K) *rate.Limiter {
	if known, ok := t.byKey[key]; ok {
		t.recent.MoveToFront(known)
		return known.Value.(*visits[K]).limiter
	}
	if t.recent.Len() >= maxVisits {
		oldest := t.recent.Back()
		delete(t.byKey, oldest.Value.(*visits[K]).key)
		t.recent.Remove(oldest)
	}
	v := &visits[K]{key: key, limiter: refilled(t.each, time.Hour)}
	t.byKey[key] = t.recent.PushFront(v)
	return v.limiter
}
