package handlers_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// intake is the portal that only receives: no worker, no provider to call, a clock of
// its own that only a test moves, and handlers that can be swapped as a rolling restart does.
type intake struct {
	*stack
	log   *slog.Logger
	ahead atomic.Int64 // of when it began, in nanoseconds
	now   func() time.Time
	front atomic.Pointer[http.Handler]
}

func newIntake(t testing.TB, secrets ...string) *intake {
	t.Helper()
	in := &intake{log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	began := time.Now()
	in.now = func() time.Time { return began.Add(time.Duration(in.ahead.Load())) }
	in.stack = &stack{t: t, store: dbtest.Open(t)}
	in.restart(secrets...)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*in.front.Load()).ServeHTTP(w, r) }))
	t.Cleanup(web.Close)
	in.url = web.URL
	return in
}

// restart answers with new handlers that know these secrets.
func (in *intake) restart(secrets ...string) {
	in.t.Helper()
	h, err := intakeHandler(in.store, in.log, in.now, secrets...)
	if err != nil {
		in.t.Fatal(err)
	}
	in.front.Store(&h)
}

// status is how a call is answered.
func (in *intake) status(c call) int {
	in.t.Helper()
	status, _, _ := in.post(c)
	return status
}

// good is a delivery that is signed now.
func (in *intake) good(id string) call {
	return call{path: polarPath, id: id, body: event, sentAt: in.now(), secret: "first secret"}
}

// TestW16RefusalsAreToldToTheOperator: a notice with the first, an alarm with the
// third, an end with the next delivery that fits, and hardly a write however many come.
func TestW16RefusalsAreToldToTheOperator(t *testing.T) {
	in := newIntake(t, "first secret")
	forged := func() call {
		c := in.good("evt_forged")
		c.secret = "another secret"
		return c
	}
	says := func(when string, severity billing.Severity, count int) {
		t.Helper()
		alarms, err := in.store.Alarms(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if severity == "" {
			if len(alarms) != 0 {
				t.Fatalf("%s: %+v, want no alarm", when, alarms)
			}
			return
		}
		if len(alarms) != 1 || alarms[0].Kind != billing.AlarmWebhooksRefused || alarms[0].Severity != severity || alarms[0].Count != count {
			t.Fatalf("%s: %+v, want a %s written %d times", when, alarms, severity, count)
		}
	}
	says("at first", "", 0)
	in.status(forged())
	says("one refused", billing.Notice, 1)
	in.status(forged())
	says("two refused", billing.Notice, 1)
	in.status(forged())
	says("three refused", billing.Urgent, 2)
	for range 200 {
		in.status(forged())
	}
	says("two hundred within a minute", billing.Urgent, 2)
	in.ahead.Add(int64(time.Minute))
	in.status(forged())
	in.status(forged())
	says("a minute later", billing.Urgent, 3)

	if got := in.status(in.good("evt_1")); got != http.StatusAccepted {
		t.Fatalf("a good delivery was answered %d", got)
	}
	says("a good one", "", 0)
	in.status(forged())
	says("one more within the minute", "", 0)
	in.ahead.Add(int64(time.Minute))
	in.status(forged())
	says("the next after it", billing.Notice, 1)
	in.restart("first secret") // forgets its counts, not the alarm
	in.status(in.good("evt_2"))
	says("a good one after a restart", "", 0)
}

// TestW6ReplaysHaveNoSecondEffect: a captured request is a repetition while it is young
// and refused when it is not; what the provider sends again after we forgot the delivery
// changes nothing.
func TestW6ReplaysHaveNoSecondEffect(t *testing.T) {
	in := newIntake(t, "first secret")
	const captured = 1000
	var calls []call
	for i := range captured {
		c := in.good(fmt.Sprintf("evt_%d", i))
		c.body = fmt.Sprintf(`{"type":"customer.updated","timestamp":"2026-11-22T09:00:00Z","data":{"id":"customer-%d","created_at":"2026-01-02T03:04:05Z",`+
			`"modified_at":"2026-11-22T09:00:00Z","email":"c%d@example.com","email_verified":true,"name":"C","metadata":{}}}`, i, i)
		calls = append(calls, c)
	}
	var age time.Duration // of each call when it is sent again; 0 leaves the clock as it is
	send := func(when string, status, kept int) {
		t.Helper()
		before := in.received()
		for _, c := range calls {
			if age > 0 {
				in.ahead.Add(int64(age - in.now().Sub(c.sentAt.Truncate(time.Second)))) // the header has whole seconds
			}
			if got := in.status(c); got != status {
				t.Fatalf("%s: answered %d, want %d", when, got, status)
			}
		}
		if got := in.received() - before; got != kept {
			t.Fatalf("%s: %d rows, want %d", when, got, kept)
		}
	}
	send("the first time", 202, captured)
	if got := in.applyAll(); got != captured {
		t.Fatalf("%d deliveries changed something, want %d", got, captured)
	}
	in.ahead.Add(int64(time.Second))
	send("after a second", 202, 0)
	age = 4*time.Minute + 59*time.Second
	send("after 4:59, within the tolerance", 202, 0)
	age = 5*time.Minute + time.Second
	send("after 5:01", 403, 0)
	age = 0
	in.ahead.Store(int64(24 * time.Hour))
	send("after a day", 403, 0)

	in.ahead.Store(int64(100 * 24 * time.Hour))
	pruned, err := in.store.Prune(t.Context(), in.now().Add(-24*time.Hour), 10*captured)
	if err != nil || pruned < captured {
		t.Fatalf("pruned %d (%v), want %d deliveries", pruned, err, captured)
	}
	send("after the delivery was forgotten", 403, 0)
	for i := range calls {
		calls[i].sentAt = in.now()
	}
	send("sent again by the provider, signed anew", 202, captured)
	if got := in.applyAll(); got != 0 {
		t.Errorf("%d deliveries had a second effect", got)
	}
}

// applyAll applies what waits, and counts what changed by it.
func (in *intake) applyAll() (changed int) {
	in.t.Helper()
	provider, err := polar.New(polar.Config{Token: "unused", WebhookSecrets: []string{"unused"}, Server: "http://127.0.0.1:9", Log: in.log})
	if err != nil {
		in.t.Fatal(err)
	}
	due, err := in.store.ClaimDeliveries(in.t.Context(), 1000, in.now().Add(time.Minute), in.now())
	if err != nil {
		in.t.Fatal(err)
	}
	for _, d := range due {
		change, err := provider.Decode(d.Delivery)
		if err != nil {
			in.t.Fatal(err)
		}
		applied, err := in.store.ApplyDelivery(in.t.Context(), d, change, in.now())
		if err != nil {
			in.t.Fatal(err)
		}
		if applied.Changed {
			changed++
		}
	}
	return changed
}

// TestW5SecretsRotateWithoutLoss: while two secrets are accepted the sender changes
// from one to the other in the middle of its deliveries; the old one is refused as soon
// as it is taken away. Five times, with eight senders.
func TestW5SecretsRotateWithoutLoss(t *testing.T) {
	secret := func(n int) string { return fmt.Sprintf("secret number %d", n) }
	in := newIntake(t, secret(0), secret(1))
	var current, sent, refused atomic.Int64
	stop := make(chan struct{})
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				c := in.good(db.NewID())
				c.secret = secret(int(current.Load()))
				res, err := http.DefaultClient.Do(c.request(t, in.url))
				if err != nil {
					t.Error(err)
					return
				}
				_ = res.Body.Close() // an answer of no words
				sent.Add(1)
				if res.StatusCode != http.StatusAccepted {
					refused.Add(1)
				}
			}
		})
	}
	enough := func() {
		n := sent.Load()
		in.until("more was sent", func() bool { return sent.Load() >= n+40 })
	}
	for swap := range 5 {
		enough()
		current.Store(int64(swap + 1)) // the provider swaps at once
		enough()                       // what was signed before has arrived
		in.restart(secret(swap+1), secret(swap+2))
		old := in.good(db.NewID())
		old.secret = secret(swap)
		if got := in.status(old); got != http.StatusForbidden {
			t.Errorf("swap %d: the secret that was taken away is answered %d", swap, got)
		}
	}
	close(stop)
	senders.Wait()
	if refused.Load() != 0 || in.received() != int(sent.Load()) {
		t.Errorf("of %d genuine deliveries %d were refused and %d kept", sent.Load(), refused.Load(), in.received())
	}
}

// TestW8HostileBodies: what is too much is refused before it is verified, what is
// signed but no event leaves no row, and none of it takes more than 8 MiB of memory.
func TestW8HostileBodies(t *testing.T) {
	in := newIntake(t, "first secret")
	deep := func(n int) string {
		return `{"type":"parcel.teleported","data":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
	}
	endless := func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(new(zeros)), -1 }
	tests := []struct {
		name   string
		body   string
		edit   func(*http.Request)
		status int
	}{
		{"nothing", "", nil, 400},
		{"at the limit", padded(1 << 20), nil, 202},
		{"a byte over it", padded(1<<20 + 1), nil, 413},
		{"without an end", "", endless, 413},
		{"a GiB, announced", "", func(r *http.Request) { endless(r); r.ContentLength = 1 << 30 }, 413},
		{"deep", deep(9_999), nil, 400},
		{"as deep as any event is", deep(400), nil, 202},
		{"deep and never closed", `{"type":"x","data":` + strings.Repeat("[", 1<<19), nil, 400},
		{"a member twice", `{"type":"a","type":"parcel.teleported","data":{"id":"1","id":"2"}}`, nil, 400},
		{"invalid UTF-8", "{\"type\":\"parcel.teleported\",\"data\":\"\xff\xfe\"}", nil, 400},
		{"numbers beyond 2^53", `{"type":"parcel.teleported","data":{"n":9007199254740993,"m":-1e400}}`, nil, 202},
		{"not an object", `["type"]`, nil, 400},
		{"no type", `{"data":{}}`, nil, 400},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := &intake{stack: &stack{t: t, url: in.url, store: in.store}, now: in.now}
			c := in.good(fmt.Sprintf("evt_%d", i))
			c.body, c.edit = tt.body, tt.edit
			request := c.request(t, in.url)
			kept := in.received()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			res, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close() // the status says it all
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
				t.Errorf("took %d bytes of memory, want 8 MiB at most", took)
			}
			want := 0
			if tt.status == http.StatusAccepted {
				want = 1
			}
			if got := in.received() - kept; res.StatusCode != tt.status || got != want {
				t.Errorf("answered %d and kept %d, want %d and %d", res.StatusCode, got, tt.status, want)
			}
		})
	}
	due, err := in.store.ClaimDeliveries(t.Context(), 100, in.now().Add(time.Minute), in.now().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range due {
		var n int
		if _, err := fmt.Sscanf(d.ID, "evt_%d", &n); err != nil || !bytes.Equal(d.Body, []byte(tests[n].body)) {
			t.Errorf("%s is not kept as it was sent", d.ID)
		}
	}
}

// zeros never ends.
type zeros struct{}

func (*zeros) Read(p []byte) (int, error) { return len(p), nil }
