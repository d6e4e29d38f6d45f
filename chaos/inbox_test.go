//go:build linux

package chaos

import (
	"database/sql"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	tier  = flag.String("tier", "short", "short, or long: the figures of a release, up to an hour")
	seed  = flag.Uint64("seed", 0, "repeat the run of this seed; 0 is a new one")
	limit = flag.Duration("limit", 50*time.Minute, "the long tier begins no further life after this time")
)

// size is how much of everything a run has.
type size struct {
	customers, events int
	random, each      int // kills: at random, and at each failpoint
	patience          time.Duration
}

var (
	shortSize = size{customers: 60, events: 750, random: 20, each: 2, patience: 8 * time.Minute}
	longSize  = size{customers: 2000, events: 25_000, random: 500, each: 20, patience: 10 * time.Minute}
)

// newRand prints the seed of a run, and makes its generator.
func newRand(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("repeat with: go test ./chaos -run '^%s$' -v -tier %s -seed %d", t.Name(), *tier, s)
	return rand.New(rand.NewPCG(s, 0))
}

// needsTime skips what takes longer than a quick look.
func needsTime(t *testing.T) {
	if testing.Short() {
		t.Skip("kills the real binary for up to a minute; run without -short, or ./check chaos")
	}
}

// TestW1W2NothingAcknowledgedIsLost sends shuffled, repeated and late deliveries while
// the process is killed at random and at every failpoint. Then the mirror must be the
// model's, every acknowledged delivery must be there, once, and the host must have been
// told every fact.
func TestW1W2NothingAcknowledgedIsLost(t *testing.T) {
	needsTime(t)
	t.Parallel()
	z := shortSize
	if *tier == "long" {
		z = longSize
	}
	binary, err := builds.real()
	if err != nil {
		t.Fatal(err)
	}
	r, h := fight(t, binary, "", z)
	for _, fault := range r.broken {
		t.Error(fault)
	}
	for _, p := range inboxPlaces() {
		if r.kills[p.name] < z.each {
			t.Errorf("killed %s %d times, want %d", p.when, r.kills[p.name], z.each)
		}
	}
	if took, most := half(r.starts), max(time.Second, 30*half(r.bare)); took > most {
		t.Errorf("half of the starts after a kill took longer than %s, want %s: a second, or thirty times what the bare program takes", took, most)
	}
	t.Log(r.report(h))
}

// inboxPlaces are the failpoints that deliveries pass.
func inboxPlaces() []place {
	return slices.DeleteFunc(slices.Clone(places), func(p place) bool {
		return !strings.HasPrefix(p.name, "inbox.") && !strings.HasPrefix(p.name, "apply.") && !strings.HasPrefix(p.name, "hook.")
	})
}

// fight is one run from an empty folder to the comparison with the model.
func fight(t *testing.T, binary, control string, z size) (*run, *history) {
	rng := newRand(t)
	// All of it happens after the installation began: hooks are told what happened since.
	h := newHistory(rng, z.customers, z.events, time.Now().Add(27*time.Hour))
	provider, host := startProvider(t, h), startHost(t)
	s := newSite(t, binary, provider, host.settings()...)
	s.control = control
	r := newRun(s, plan(rng, h), missingDeliveries, 3*time.Second)
	r.host, r.peace = host, host.calmDown
	asked := 0
	again := func() parcel { // an operator asks the provider to tell an old event again, under a new id
		asked++
		i := rng.IntN(len(h.events))
		return h.delivery(i, endpoints[asked%2], fmt.Sprintf("msg_%d_again_%d", i, asked))
	}
	r.fight(t, lives(rng, z.random, z.each, inboxPlaces()), func(lives int) (enough, allowed int) {
		r.sender.refill(60, again)
		_, left := r.sender.progress()
		return left / (lives + 1), 1 << 30
	})
	if err := r.settle(z.patience, "SELECT COUNT(*) FROM inbox WHERE state <> 'done'", "SELECT COUNT(*) FROM hook_calls WHERE state <> 'done'"); err != nil {
		r.fault("%v", err)
	}
	if err := r.site.look(func(db *sql.DB) error { return r.compare(db, h) }); err != nil {
		t.Fatal(err)
	}
	r.broken = append(r.broken, host.compare(h.facts(), h.maybeFacts(), r.killed())...)
	return r, h
}

// compare holds the end of a run against the model.
func (r *run) compare(db *sql.DB, h *history) error {
	if err := intact(db); err != nil {
		r.fault("at the end: %v", err)
	}
	lost, err := r.missing(db, slices.Collect(maps.Keys(r.sender.acked)))
	if err != nil {
		return err
	}
	if len(lost) > 0 {
		r.fault("acknowledged but missing: %d of %d", len(lost), len(r.sender.acked))
	}
	n, err := number(db, "SELECT COUNT(*) FROM inbox")
	if err != nil {
		return err
	}
	if n != len(r.sender.acked) {
		r.fault("the inbox holds %d rows of %d deliveries", n, len(r.sender.acked))
	}
	if n, err = number(db, "SELECT COUNT(*) FROM inbox WHERE state <> 'done'"); err != nil {
		return err
	} else if n > 0 {
		r.fault("%d deliveries were not applied", n)
	}
	have, err := dump(db)
	if err != nil {
		return err
	}
	if want := h.mirror(); hash(have) != hash(want) {
		r.fault("the mirror (%s) is not the model's (%s): %s", hash(have), hash(want), difference(have, want))
	}
	return nil
}

// killed counts the kills.
func (r *run) killed() (n int) {
	for _, kills := range r.kills {
		n += kills
	}
	return n
}

// report is what a run did, for people.
func (r *run) report(h *history) string {
	return fmt.Sprintf("%d deliveries answered of %d events about %d objects; %d facts told, %d calls repeated; %s",
		r.sender.answers, len(h.events), len(h.objects), len(r.host.told), r.host.repeated(), r.deaths())
}

// half is the time that half of them were shorter than.
func half(list []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}

// deaths tells how a run died, and how it rose.
func (r *run) deaths() string {
	var list []string
	for _, how := range slices.Sorted(maps.Keys(r.kills)) {
		list = append(list, fmt.Sprintf("%s %d", how, r.kills[how]))
	}
	return fmt.Sprintf("%d kills (%s); %d checks; start after a kill: median %s, longest %s; of the bare program: %s", r.killed(), strings.Join(list, ", "), r.checks,
		half(r.starts).Round(time.Millisecond), slices.Max(r.starts).Round(time.Millisecond), half(r.bare).Round(time.Millisecond))
}
