package polar

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// dated is an answer of a server whose clock is ahead of ours by skew, as of now.
func dated(now time.Time, skew time.Duration) http.Header {
	return http.Header{"Date": {now.Add(skew).UTC().Format(http.TimeFormat)}}
}

// TestW7ClockOffset: a server's clock is told to the second from its Date headers,
// although they are cut to whole seconds, answers take a while, and one is wrong.
func TestW7ClockOffset(t *testing.T) {
	for _, skew := range []time.Duration{-300 * time.Second, -61 * time.Second, 0, 61 * time.Second, 300 * time.Second} {
		random := rand.New(rand.NewPCG(7, uint64(skew)))
		var c clock
		if _, known := c.offset(); known {
			t.Fatal("known before the first answer")
		}
		now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		for i := range 60 {
			there := time.Duration(random.IntN(400)) * time.Millisecond
			back := time.Duration(random.IntN(400)) * time.Millisecond
			header := dated(now.Add(there), skew)
			if i%10 == 3 {
				header = dated(now, skew+7*time.Hour) // a proxy of its own mind
			}
			c.saw(header, now, now.Add(there+back))
			got, known := c.offset()
			if off := (got + skew).Abs(); i > 0 && i != 3 && (!known || off > 900*time.Millisecond) {
				t.Errorf("skew %s after %d answers: %s", skew, i+1, got)
			}
			now = now.Add(time.Duration(random.IntN(5000)) * time.Millisecond)
		}
		c.saw(http.Header{}, now, now)
		c.saw(http.Header{"Date": {"yesterday"}}, now, now)
		if got, _ := c.offset(); (got + skew).Abs() > 500*time.Millisecond {
			t.Errorf("skew %s in the end: %s", skew, got)
		}
	}
}

// TestW7ClockOffsetOfAServer: the same over HTTP, told after the first answer, be it a
// refusal.
func TestW7ClockOffsetOfAServer(t *testing.T) {
	for _, skew := range []time.Duration{-300 * time.Second, -61 * time.Second, 0, 61 * time.Second, 300 * time.Second} {
		now := time.Now() // stands still during a request: how long one takes here is no matter
		_, p := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", dated(now, skew).Get("Date"))
			reply(w, 404, `{"error":"ResourceNotFound","detail":"Not found"}`)
		})
		p.client.now = func() time.Time { return now }
		if _, known := p.ClockOffset(); known {
			t.Error("known before the first answer")
		}
		for i := range 4 {
			if err := readOne(p); kindsOf(err) != "not found" {
				t.Fatal(err)
			}
			if got, known := p.ClockOffset(); !known || (got+skew).Abs() > time.Second {
				t.Errorf("skew %s after %d answers: %s", skew, i+1, got)
			}
			now = now.Add(1300 * time.Millisecond)
		}
	}
}

// TestClockFollowsAStep: when our clock is set right, the answers after it win.
func TestClockFollowsAStep(t *testing.T) {
	var c clock
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for i := range 3 * clockRanges {
		skew := 90 * time.Second
		if i >= clockRanges {
			skew = 0
		}
		now = now.Add(1300 * time.Millisecond)
		c.saw(dated(now, skew), now, now.Add(50*time.Millisecond))
	}
	if got, _ := c.offset(); got.Abs() > time.Second {
		t.Errorf("offset %s", got)
	}
}
