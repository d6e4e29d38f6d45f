//go:build linux

package chaos

import (
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

var usageEvents = flag.Int("usage", 0, "events of the usage test; 0 is 2000, in the long tier 1000000")

// TestU1UsageIsReportedOnce has signed-in customers report uses while the process is
// killed and the provider loses answers, is busy, fails and is away. Every use that was
// taken must be at the provider, once, and counted here once.
func TestU1UsageIsReportedOnce(t *testing.T) {
	needsTime(t)
	t.Parallel()
	binary, err := builds.real()
	if err != nil {
		t.Fatal(err)
	}
	events, random, each := 2000, 6, 2
	if *tier == "long" {
		events, random, each = 1_000_000, 30, 20
	}
	if *usageEvents > 0 {
		events = *usageEvents
	}
	r, book := use(t, binary, "", events, random, each)
	for _, fault := range r.broken {
		t.Error(fault)
	}
	for _, p := range usagePlaces() {
		if r.kills[p.name] < each {
			t.Errorf("killed %s %d times, want %d", p.when, r.kills[p.name], each)
		}
	}
	t.Logf("%d events; %s; at the provider: %d events came again, %d answers were lost, %d refused, away %d times",
		events, r.deaths(), book.repeated, book.lost, book.refused, book.away)
}

func usagePlaces() []place {
	return slices.DeleteFunc(slices.Clone(places), func(p place) bool { return !strings.HasPrefix(p.name, "usage.") })
}

// use is one run from an empty folder to the comparison with the provider's book.
func use(t *testing.T, binary, control string, events, random, each int) (*run, *usageBook) {
	rng := newRand(t)
	p := startProvider(t, newHistory(rng, 1, 1, time.Now()))
	s := newSite(t, binary, p, "COUNTERFOIL_BROWSER_EVENTS=api_call")
	s.control = control
	people := min(2000, max(200, events/100)) // each may send 120 forms a minute
	if err := s.settlePeople(people); err != nil {
		t.Fatal(err)
	}
	if err := s.readMeters(); err != nil {
		t.Fatal(err)
	}
	queue, made := uses(rng, events, people)
	r := newRun(s, queue, missingUsage, 4*time.Second)
	r.peace = p.usage.calmDown
	r.fight(t, lives(rng, random, each, usagePlaces()), func(lives int) (enough, allowed int) {
		if rng.IntN(3) == 0 {
			p.usage.leave(time.Duration(rng.IntN(1500)) * time.Millisecond)
		}
		_, left := r.sender.progress()
		return left / (lives + 1), left/(lives+1) + 1
	})
	patience := 5*time.Minute + time.Duration(events)*2*time.Millisecond
	if err := r.settle(patience, "SELECT COUNT(*) FROM usage_events WHERE state <> 'sent'"); err != nil {
		r.fault("%v", err)
	}
	r.broken = append(r.broken, p.usage.faults...)
	r.broken = append(r.broken, p.usage.compare(made)...)
	err := r.site.look(func(db *sql.DB) error {
		counted, err := number(db, "SELECT COALESCE(SUM(events), 0) FROM usage_hours")
		if err == nil && counted != len(made) {
			r.fault("the roll-ups count %d uses of %d", counted, len(made))
		}
		return errors.Join(err, intact(db))
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, p.usage
}

// compare holds the book against what was made: external id to customer and name.
func (b *usageBook) compare(made map[string]string) (faults []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lost, invented := 0, 0
	for id, what := range made {
		if b.events[id] != what {
			lost++
		}
	}
	for id := range b.events {
		if _, ours := made[id]; !ours {
			invented++
		}
	}
	if lost > 0 {
		faults = append(faults, fmt.Sprintf("%d of %d events are not at the provider", lost, len(made)))
	}
	if invented > 0 {
		faults = append(faults, fmt.Sprintf("the provider counts %d events that nobody made", invented))
	}
	return faults
}

// uses are forms that report one use each, as a customer's browser sends them, and the
// model of them: external id to customer and name.
func uses(rng *rand.Rand, events, people int) ([]parcel, map[string]string) {
	made := make(map[string]string, events)
	parcels := make([]parcel, events)
	for i := range parcels {
		id := fmt.Sprintf("%08x-%04x-4000-8000-%012x", rng.Uint32(), i&0xffff, i)
		person := i % people
		made[id] = personID(person) + " api_call"
		form := url.Values{"event_id": {id}, "event": {"api_call"}, "key": {"model"}, "value": {"small"}}.Encode()
		parcels[i] = parcel{key: id, request: func(base string) (*http.Request, error) {
			req, err := http.NewRequest(http.MethodPost, base+"/usage/events", strings.NewReader(form))
			if err != nil {
				return nil, err
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.AddCookie(&http.Cookie{Name: "counterfoil", Value: personToken(person)})
			return req, nil
		}}
	}
	return parcels, made
}

func personID(i int) string { return fmt.Sprintf("01900000-0000-7000-8000-%012x", i) }

// personToken is the token of a person's session: 32 bytes, as the portal makes them.
func personToken(i int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "session %024d", i))
}

// settlePeople starts the portal once, for its schema, and writes people with open
// sessions into the database, as if they had signed in: the way in is not under test.
func (s *site) settlePeople(n int) (err error) {
	p, err := s.start("", 2)
	if err != nil {
		return err
	}
	defer p.kill()
	if _, err := s.ready(p); err != nil {
		return fmt.Errorf("first start: %w\n%s", err, s.tail())
	}
	if err := p.stop(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+s.database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	for i := range n {
		id, hash := personID(i), sha256.Sum256([]byte(personToken(i)))
		_, err = tx.Exec("INSERT INTO users (id, email, email_verified_at, created_at, updated_at) VALUES (?, ? || '@example.com', ?, ?, ?)", id, id, now, now, now)
		if err == nil {
			_, err = tx.Exec("INSERT INTO customers (id, user_id, email, created_at) VALUES (?, ?, ? || '@example.com', ?)", id, id, id, now)
		}
		if err == nil {
			_, err = tx.Exec("INSERT INTO sessions (id, token_hash, user_id, created_at, seen_at, expires_at, proof, proven_at) VALUES (?, ?, ?, ?, ?, ?, 'code', ?)",
				id, base64.RawURLEncoding.EncodeToString(hash[:]), id, now, now, now+24*3600*1000, now)
		}
		if err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// readMeters starts the portal until it knows a meter: a use counts on the meters that
// are known when it comes.
func (s *site) readMeters() error {
	p, err := s.start("", 2)
	if err != nil {
		return err
	}
	defer p.kill()
	if _, err := s.ready(p); err != nil {
		return fmt.Errorf("start: %w\n%s", err, s.tail())
	}
	for began, meters := time.Now(), 0; meters == 0; {
		if time.Since(began) > time.Minute {
			return fmt.Errorf("no meter was read\n%s", s.tail())
		}
		err := s.look(func(db *sql.DB) (err error) {
			meters, err = number(db, "SELECT COUNT(*) FROM meters")
			return err
		})
		if err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return p.stop()
}

// missingUsage are those of the acknowledged events that the database does not hold.
func missingUsage(db *sql.DB, acked []string) ([]string, error) {
	return missing(db, acked, "SELECT COUNT(*) FROM usage_events WHERE id = ?", func(key string) []any { return []any{key} })
}
