//go:build linux

package chaos

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Ways to die besides the failpoints in the code.
const (
	atRandom     = "random"
	inCheckpoint = "mid-checkpoint"
)

// plannedLife is one life of the process, as the seed has it.
type plannedLife struct {
	death   string        // atRandom, inCheckpoint or the name of a failpoint
	count   int           // die at the count-th time that the failpoint is reached
	linger  time.Duration // after enough answers came, before a random kill
	threads int           // GOMAXPROCS
}

// lives shuffles the deaths of a run.
func lives(rng *rand.Rand, random, each int, points []place) []plannedLife {
	var all []plannedLife
	for range random {
		all = append(all, plannedLife{death: atRandom, linger: time.Duration(rng.Int64N(int64(5 * time.Millisecond)))})
	}
	for range each {
		for _, p := range points {
			all = append(all, plannedLife{death: p.name, count: 1 + rng.IntN(p.most)})
		}
		all = append(all, plannedLife{death: inCheckpoint})
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	// Facts are new only once: deaths around them change places with earlier ones.
	for i, l := range all {
		if j := i / 2; strings.HasPrefix(l.death, "hook.") {
			all[i], all[j] = all[j], all[i]
		}
	}
	for i := range all {
		all[i].threads = []int{1, 2, 8}[rng.IntN(3)]
	}
	return all
}

// run is a site under fire.
type run struct {
	site   *site
	sender *sender
	host   *host
	// missing are those of the acknowledged keys that the database does not hold.
	missing func(db *sql.DB, acked []string) ([]string, error)
	idle    time.Duration  // without an answer for so long, a life has nothing more to do
	kills   map[string]int // by how they died
	starts  []time.Duration
	bare    []time.Duration // what it took meanwhile to start the program and do nothing
	peace   func()          // called before the end: from then on nobody else fails
	checks  int
	broken  []string // what must never be; empty at the end of a good run
}

func (r *run) fault(format string, args ...any) {
	r.broken = append(r.broken, fmt.Sprintf(format, args...))
}

// patience is how long a life may take to reach its failpoint.
const patience = 15 * time.Second

// live is one life: start, check what the last one left behind, go on until death.
// enough is how many answers a life gets that is to die at random, allowed how many
// parcels any. It reports whether death came as planned.
func (r *run) live(l plannedLife, enough, allowed int) (bool, error) {
	failpoint := ""
	if l.count > 0 {
		failpoint = fmt.Sprintf("%s:%d", l.death, l.count)
	}
	if l.death == atRandom {
		took, err := r.site.bare()
		if err != nil {
			return false, err
		}
		r.bare = append(r.bare, took)
	}
	last := r.sender.take()
	p, err := r.site.start(failpoint, l.threads)
	if err != nil {
		return false, err
	}
	defer r.sender.end()
	defer p.kill()
	if took, err := r.site.ready(p); err == nil {
		r.starts = append(r.starts, took)
	} else if !errors.Is(err, errDied) || l.count == 0 {
		return false, fmt.Errorf("start: %w\n%s", err, r.site.tail())
	}
	answers, _ := r.sender.progress()
	var writes atomic.Int64
	if l.death == inCheckpoint {
		end, err := watch(r.site.dir, filepath.Base(r.site.database()), func() bool { writes.Add(1); _ = p.cmd.Process.Kill(); return false })
		if err != nil {
			return false, err
		}
		defer end()
	}
	r.sender.begin(allowed)
	if err := r.inspect(last); err != nil {
		return false, err
	}
	r.await(p, l, answers+enough)
	if odd := r.sender.refusals(); len(odd) > 0 {
		return false, fmt.Errorf("%d deliveries were refused, such as %s\n%s", len(odd), odd[0], r.site.tail())
	}
	p.kill()
	r.sender.end()
	planned := l.death == atRandom || l.death == inCheckpoint && writes.Load() > 0 && r.site.inCheckpoint() || r.site.reached(l.death)
	if after, _ := r.sender.progress(); l.death == "inbox.after_answer" && planned && after-answers < l.count {
		r.fault("killed after answer %d, and only %d came: the failpoint stands before the answer", l.count, after-answers)
	}
	if planned {
		r.kills[l.death]++
	} else {
		r.kills["not "+l.death]++
	}
	return planned, nil
}

// await returns when the process is dead, or is to be killed.
func (r *run) await(p *process, l plannedLife, enough int) {
	last, moved := 0, time.Now()
	for began := time.Now(); !p.dead() && time.Since(began) < patience; time.Sleep(500 * time.Microsecond) {
		answers, _ := r.sender.progress()
		if answers > last {
			last, moved = answers, time.Now()
		}
		switch {
		case l.death == atRandom && answers >= enough:
			time.Sleep(l.linger)
			return
		case len(r.sender.refusals()) > 0, time.Since(moved) > r.idle:
			return // nothing more will happen
		}
	}
}

// inspect looks at the database after a restart: is it whole, and does it hold what the
// life before acknowledged?
func (r *run) inspect(acked []string) error {
	return r.site.look(func(db *sql.DB) error {
		r.checks++
		if err := intact(db); err != nil {
			r.fault("after a restart: %v", err)
		}
		lost, err := r.missing(db, acked)
		if err != nil {
			return err
		}
		if len(lost) > 0 {
			r.fault("acknowledged but missing after a restart: %d of %d, such as %v", len(lost), len(acked), lost[0])
		}
		return nil
	})
}

// settle lets the process finish everything in peace, and stops it.
func (r *run) settle(patience time.Duration, waiting ...string) error {
	if r.peace != nil {
		r.peace()
	}
	p, err := r.site.start("", 2)
	if err != nil {
		return err
	}
	defer p.kill()
	if _, err := r.site.ready(p); err != nil {
		return fmt.Errorf("start: %w\n%s", err, r.site.tail())
	}
	if err := r.inspect(r.sender.take()); err != nil {
		return err
	}
	r.sender.begin(1 << 30)
	began := time.Now()
	for open := -1; open != 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > patience {
			_, left := r.sender.progress()
			return fmt.Errorf("after %s %d are not sent and %d wait\n%s", patience, left, open, r.site.troubles())
		}
		if _, left := r.sender.progress(); left > 0 {
			if odd := r.sender.refusals(); len(odd) > 0 {
				return fmt.Errorf("%d were refused, such as %s\n%s", len(odd), odd[0], r.site.tail())
			}
			continue
		}
		err := r.site.look(func(db *sql.DB) (err error) {
			open, err = number(db, "SELECT ("+strings.Join(waiting, ") + (")+")")
			return err
		})
		if err != nil {
			return err
		}
	}
	r.sender.end()
	return p.stop()
}

// newRun makes a run that has not begun.
func newRun(s *site, queue []parcel, missing func(*sql.DB, []string) ([]string, error), idle time.Duration) *run {
	return &run{site: s, sender: newSender("http://"+s.addr, queue), missing: missing, idle: idle, kills: map[string]int{}}
}

// fight lives all planned lives. A life that did not die as planned is planned once more,
// soon. Checkpoints, which are over in a moment where the disk is fast, do not use up the
// repetitions of the others. share is asked before each life how many answers and parcels it gets, given how
// many lives are left.
func (r *run) fight(t *testing.T, todo []plannedLife, share func(lives int) (enough, allowed int)) {
	deadline := time.Now().Add(*limit)
	for again := map[bool]int{true: len(todo) / 4, false: 2 * len(todo)}; len(todo) > 0 && time.Now().Before(deadline); todo = todo[1:] {
		enough, allowed := share(len(todo))
		planned, err := r.live(todo[0], enough, allowed)
		if err != nil {
			t.Fatal(err)
		}
		if checkpoint := todo[0].death == inCheckpoint; !planned && again[checkpoint] > 0 {
			again[checkpoint]--
			next := min(len(todo), 4)
			todo = slices.Insert(todo, next, todo[0])
		}
	}
	if len(todo) > 0 {
		t.Errorf("out of time (-limit): %d lives were not lived", len(todo))
	}
}
