package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"counterfoil/billing"
	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/db/dbtest"
	"counterfoil/twin"
	twinpolar "counterfoil/twin/polar"
)

// TestU1NoUseIsLostOrCountedTwice: a day of uses, six outages from a minute to six
// hours, of the rest a tenth of the answers lost after the provider took the events, one
// in twenty refused for haste and one in fifty by a fault, and thirty deaths of our
// process, half of them between the provider's taking and our writing it down. In the
// end the provider has what was made less what is parked, each once.
//
// COUNTERFOIL_U1_EVENTS makes it larger, COUNTERFOIL_U1_SEED repeats a run.
func TestU1NoUseIsLostOrCountedTwice(t *testing.T) {
	dbtest.SQLiteOnly(t, "the clock of a bubble stands still while a socket is waited for")
	events, seed := 20_000, rand.Uint64()
	if text := os.Getenv("COUNTERFOIL_U1_EVENTS"); text != "" {
		var err error
		if events, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() {
		events = 5_000
	}
	if text := os.Getenv("COUNTERFOIL_U1_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d events, seed %d", events, seed)
	got := playDay(t, events, 24*time.Hour, seed, false)
	t.Logf("%+v", got)
	if got.kills != deaths || got.parked == 0 || got.lost == 0 || got.refused == 0 || got.down == 0 || got.killedAfterTaking == 0 {
		t.Errorf("not everything was tried")
	}
	if got.missing != 0 || got.twice != 0 || got.strange != 0 {
		t.Errorf("seed %d: %d missing, %d twice, %d that nobody made", seed, got.missing, got.twice, got.strange)
	}
}

// TestU1ControlForgetfulProvider: a provider that does not know events again, as if we
// gave them new ids with each try, must be seen to count twice.
func TestU1ControlForgetfulProvider(t *testing.T) {
	dbtest.SQLiteOnly(t, "the clock of a bubble stands still while a socket is waited for")
	if got := playDay(t, 600, 3*time.Hour, 1, true); got.twice == 0 {
		t.Errorf("a provider that counts repeated events again was not noticed: %+v", got)
	}
}

const (
	deaths     = 30
	burstEvery = 24 * time.Hour / 200
)

// outages are the windows in which nobody answers, from the start of the day.
var outages = []struct{ from, length time.Duration }{
	{time.Hour, time.Minute}, {2 * time.Hour, 5 * time.Minute}, {3 * time.Hour, 20 * time.Minute},
	{5 * time.Hour, time.Hour}, {8 * time.Hour, 3 * time.Hour}, {13 * time.Hour, 6 * time.Hour},
}

// tally is what a day came to.
type tally struct {
	made, parked, missing, twice, strange int
	calls, down, lost, refused, failed    int
	kills, killedAfterTaking              int
}

// day is the provider's side of the test: the twin behind a bad line.
type day struct {
	tally
	mu        sync.Mutex
	twin      http.Handler
	engine    *twin.Engine
	dice      *rand.Rand
	began     time.Time
	forgetful bool
	killSoon  bool          // at the next report that is taken
	killed    chan struct{} // receives when that has happened
}

// RoundTrip implements http.RoundTripper without a socket, so that the time of the
// bubble goes on.
func (d *day) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	d.calls++
	passed := time.Since(d.began)
	for _, o := range outages {
		if passed >= o.from && passed < o.from+o.length {
			d.down++
			return nil, errors.New("connection refused")
		}
	}
	switch roll := d.dice.IntN(100); {
	case roll < 5:
		d.refused++
		return answer(r, http.StatusTooManyRequests, http.Header{"Retry-After": {strconv.Itoa(1 + d.dice.IntN(90))}}, nil), nil
	case roll < 7:
		d.failed++
		return answer(r, http.StatusServiceUnavailable, nil, nil), nil
	}
	res, err := d.serve(r)
	if err != nil {
		return nil, err
	}
	if d.killSoon && r.URL.Path == "/v1/events/ingest" {
		d.killSoon = false
		d.killedAfterTaking++
		d.killed <- struct{}{}
		<-r.Context().Done() // nobody is there any more to hear the answer
		return nil, r.Context().Err()
	}
	if d.dice.IntN(10) == 0 {
		d.lost++
		return nil, errors.New("connection reset by peer")
	}
	return res, nil
}

func (d *day) serve(r *http.Request) (*http.Response, error) {
	body := []byte{}
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	if d.forgetful {
		body = bytes.ReplaceAll(body, []byte(`"external_id":"`), fmt.Appendf(nil, `"external_id":"%d-`, d.calls))
	}
	in := httptest.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, r.URL.String(), bytes.NewReader(body))
	in.Header = r.Header.Clone()
	out := httptest.NewRecorder()
	d.twin.ServeHTTP(out, in)
	return answer(r, out.Code, out.Header(), out.Body.Bytes()), nil
}

func answer(r *http.Request, status int, header http.Header, body []byte) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: r}
}

// playDay runs a day, or the first hours of one, in a bubble of virtual time.
func playDay(t *testing.T, events int, length time.Duration, seed uint64, forgetful bool) (result tally) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		engine, err := twin.Open(t.Context(), twin.Config{Path: filepath.Join(folder, "twin.db"), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close()
		const token = "polar_oat_outage"
		if err := engine.EnsureToken(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		d := &day{
			engine: engine, dice: rand.New(rand.NewPCG(seed, 0)), began: time.Now(), forgetful: forgetful, killed: make(chan struct{}, 1),
			twin: twinpolar.New(engine, twinpolar.Config{BaseURL: "http://twin", Log: slog.New(slog.DiscardHandler)}),
		}
		p := &process{t: t, url: "file:" + filepath.Join(folder, "ours.db"), day: d, token: token}
		p.start()
		made := p.live(events, int(length/burstEvery))
		p.kill()
		p.store = dbtest.OpenAt(t, p.url)
		d.count(t, p.store, made)
		if err := p.store.Close(); err != nil {
			t.Fatal(err)
		}
		result = d.tally
	})
	return result
}

// process is our side: it can die at any moment and start again from its file.
type process struct {
	t     *testing.T
	url   string
	day   *day
	token string
	store *db.Store
	stop  func()
}

func (p *process) start() {
	p.t.Helper()
	store, err := db.Open(p.t.Context(), p.url)
	if err != nil {
		p.t.Fatal(err)
	}
	provider, err := polar.New(polar.Config{
		Token: p.token, WebhookSecrets: []string{"unused"}, Server: "http://twin",
		HTTP: &http.Client{Transport: p.day}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	w := New(Config{Store: store, Provider: provider, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for i, l := range w.loops {
		if l.name == "usage" || l.name == "usage deadlines" {
			running.Go(func() { w.run(ctx, l, w.wakes[i]) })
		}
	}
	p.store = store
	p.stop = func() {
		cancel()
		running.Wait()
	}
}

// kill ends the process so that nothing more is written: the file is closed first.
func (p *process) kill() {
	p.t.Helper()
	if err := p.store.Close(); err != nil {
		p.t.Fatal(err)
	}
	p.stop()
}

// live makes the events of a day in bursts, dies from time to time, and lives on until
// everything has found its end. It returns the ids.
func (p *process) live(events, bursts int) map[string]bool {
	p.t.Helper()
	made := map[string]bool{}
	for burst := range bursts {
		time.Sleep(burstEvery)
		p.burst(made, events/bursts)
		if burst%6 != 3 || p.day.kills == deaths {
			continue
		}
		p.day.kills++
		if p.day.kills%2 == 0 { // between the taking and the writing down, if that comes within minutes
			p.day.aim(true)
			select {
			case <-p.day.killed:
			case <-time.After(5 * time.Minute):
				p.day.aim(false)
			}
		}
		p.kill()
		p.start()
	}
	for deadline := time.Now().Add(24 * time.Hour); time.Now().Before(deadline); time.Sleep(time.Minute) {
		if due, err := p.store.UsageDue(p.t.Context(), "polar", time.Now().Add(24*time.Hour)); err != nil {
			p.t.Fatal(err)
		} else if !due {
			return made
		}
	}
	p.t.Error("after a day more something still waits")
	return made
}

func (d *day) aim(at bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.killSoon = at
}

// burst records events at once. A few hold a number that the provider cannot keep.
func (p *process) burst(made map[string]bool, n int) {
	p.t.Helper()
	var writers sync.WaitGroup
	for range n {
		id := db.NewID()
		made[id] = true
		event := billing.Event{
			ID: id, CustomerID: fmt.Sprintf("customer-%d", len(made)%50), Name: "ai_usage", OccurredAt: time.Now(),
			Metadata: map[string]any{"credits": int64(1)},
		}
		if len(made)%997 == 0 {
			event.Metadata["exact"] = json.Number("12345678901.123456")
		}
		writers.Go(func() {
			if _, err := p.store.RecordUsage(context.Background(), event, "polar", nil, time.Now()); err != nil {
				p.t.Error(err)
			}
		})
	}
	writers.Wait()
}

// count compares what the provider has with what was made and what is parked.
func (d *day) count(t *testing.T, store *db.Store, made map[string]bool) {
	t.Helper()
	d.made = len(made)
	seen := map[string]int{}
	err := d.engine.Read(func(v *twin.View) error {
		for _, e := range v.Events("") {
			id := e.ExternalID
			if d.forgetful {
				id = id[len(id)-36:]
			}
			seen[id]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, n := range seen {
		if !made[id] {
			d.strange++
		}
		if n > 1 {
			d.twice++
		}
	}
	for i := range 50 {
		for before := ""; ; {
			page, next, err := store.RecentEvents(t.Context(), fmt.Sprintf("customer-%d", i), billing.Ref{}, before, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				switch arrived := seen[e.ID] > 0; {
				case e.State == db.UsageParked && e.Error != "" && !arrived:
					d.parked++
				case e.State != db.UsageSent || !arrived:
					d.missing++
				}
				delete(made, e.ID)
			}
			if before = next; next == "" {
				break
			}
		}
	}
	d.missing += len(made) // what we forgot ourselves
}
