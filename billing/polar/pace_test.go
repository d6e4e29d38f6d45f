package polar

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"counterfoil/billing"
)

// busiest is the largest number of requests in any minute, given their times in order.
func busiest(times []time.Time) int {
	most, from := 0, 0
	for i, at := range times {
		for at.Sub(times[from]) >= time.Minute {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// TestR6Pace: whoever asks when, a background request never makes a minute fuller than
// 80 %, a person's never waits, and after a quiet minute nothing does.
func TestR6Pace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(5, 60).Draw(t, "limit")
		p := newPace(limit)
		now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		var times []time.Time
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "ms")) * time.Millisecond)
			background := rapid.IntRange(0, 3).Draw(t, "background") > 0
			wait, err := p.enter(now, background)
			if err != nil || !background && wait > 0 {
				t.Fatalf("waited %s, %v", wait, err)
			}
			if wait > 0 {
				if wait > time.Minute {
					t.Fatalf("waits %s", wait)
				}
				now = now.Add(wait)
				if again, err := p.enter(now, background); again > 0 || err != nil {
					t.Fatalf("after waiting %s, another %s, %v", wait, again, err)
				}
			}
			times = append(times, now)
			recent := 0
			for _, at := range times {
				if now.Sub(at) < time.Minute {
					recent++
				}
			}
			if background && recent > limit*8/10 {
				t.Fatalf("%d requests within a minute, limit %d", recent, limit)
			}
		}
		if wait, _ := p.enter(now.Add(time.Minute), true); wait > 0 {
			t.Fatalf("after a quiet minute it waits %s", wait)
		}
	})
}

// TestR6BurstIsCounted is the control: the whole budget as a rate, and a burst on top.
func TestR6BurstIsCounted(t *testing.T) {
	full := func(p *pace) int {
		now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		var times []time.Time
		for range 1000 {
			if wait, _ := p.enter(now, true); wait > 0 {
				now = now.Add(wait)
				continue
			}
			times = append(times, now)
		}
		return busiest(times)
	}
	step := time.Minute / 400
	if got := full(&pace{step: step, slack: 40 * step}); got <= 400 {
		t.Errorf("the control has %d in a minute", got)
	}
	for _, limit := range []int{2, 3, 7, 10, 100, 500, 10_000} {
		if got, most := full(newPace(limit)), max(2, limit*8/10); got > most {
			t.Errorf("limit %d: %d in a minute, want at most %d", limit, got, most)
		}
	}
}

// wire is a transport that needs no network, so that time can be virtual.
type wire struct {
	mu     sync.Mutex
	times  []time.Time
	answer func(n int) (status int, retryAfter string)
}

func (w *wire) RoundTrip(*http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.times = append(w.times, time.Now())
	status, after := w.answer(len(w.times))
	w.mu.Unlock()
	time.Sleep(80 * time.Millisecond)
	header := http.Header{"Content-Type": {"application/json"}}
	if after != "" {
		header.Set("Retry-After", after)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(list(0)))}, nil
}

func wired(t *testing.T, answer func(int) (int, string)) (*wire, *Provider) {
	t.Helper()
	w := &wire{answer: answer}
	p, err := New(Config{Token: testToken, WebhookSecrets: []string{testSecret}, Server: "production",
		HTTP: &http.Client{Transport: w}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return w, p
}

func fine(int) (int, string) { return 200, "" }

// TestR6FullPass: 700 list calls, as a pass over 70,000 objects makes, take at most two
// minutes and never more than 80 % of Polar's limit, also when some have to be
// repeated; meanwhile nobody before a page waits.
func TestR6FullPass(t *testing.T) {
	for name, answer := range map[string]func(int) (int, string){
		"fine": fine,
		"every twentieth fails": func(n int) (int, string) {
			if n%20 == 0 {
				return 500, ""
			}
			return 200, ""
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, p := wired(t, answer)
				began := time.Now()
				var pass sync.WaitGroup
				for range 4 {
					pass.Go(func() {
						for range 175 {
							if _, err := p.List(billing.Background(context.Background()), billing.KindOrder, 1); err != nil {
								t.Error(err)
							}
						}
					})
				}
				pass.Wait()
				took := time.Since(began)
				if most := busiest(w.times); took > 2*time.Minute && name == "fine" || most > 400 {
					t.Errorf("%d requests took %s, %d in a minute", len(w.times), took, most)
				}
				t.Logf("%d requests took %s, at most %d in a minute", len(w.times), took, busiest(w.times))
				began = time.Now()
				for range 20 {
					if _, err := p.List(context.Background(), billing.KindOrder, 1); err != nil {
						t.Error(err)
					}
				}
				if took := time.Since(began); took > 20*time.Second {
					t.Errorf("20 requests of people took %s", took)
				}
			})
		})
	}
}

// TestR6PeopleTakeFromTheSameBudget: background work makes room for them.
func TestR6PeopleTakeFromTheSameBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := wired(t, fine)
		for range 450 { // more than the 80 %, at once
			if _, err := p.List(context.Background(), billing.KindOrder, 1); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		if _, err := p.List(billing.Background(context.Background()), billing.KindOrder, 1); err != nil {
			t.Fatal(err)
		}
		if w.times[450].Sub(w.times[50]) < time.Minute || time.Since(began) > time.Minute {
			t.Errorf("the background went on after %s, %s after the 51st request", time.Since(began), w.times[450].Sub(w.times[50]))
		}
	})
}

// TestR6RetryAfter: the background waits as told and then goes on by itself; people are
// answered at once, without another request.
func TestR6RetryAfter(t *testing.T) {
	for _, status := range []int{429, 503} {
		for name, header := range map[string]string{"seconds": "30", "date": "Sat, 01 Jan 2000 00:00:30 GMT"} {
			synctest.Test(t, func(t *testing.T) { // begins at midnight, 1 January 2000
				w, p := wired(t, func(n int) (int, string) {
					if n == 1 {
						return status, header
					}
					return 200, ""
				})
				began := time.Now()
				var background sync.WaitGroup
				for range 3 {
					background.Go(func() {
						if _, err := p.List(billing.Background(context.Background()), billing.KindOrder, 1); err != nil {
							t.Errorf("%d %s: %v", status, name, err)
						}
					})
					time.Sleep(time.Second)
				}
				sent := len(w.times)
				_, err := p.List(context.Background(), billing.KindOrder, 1)
				told, ok := errors.AsType[interface {
					error
					RetryAfter() time.Duration
				}](err)
				if kindsOf(err) != "provider" || !ok || told.RetryAfter() < 20*time.Second {
					t.Errorf("%d %s: a person is told %v", status, name, err)
				}
				if time.Since(began) != 3*time.Second || len(w.times) != sent {
					t.Errorf("%d %s: after %s, with %d requests", status, name, time.Since(began), len(w.times)-sent)
				}
				background.Wait()
				for _, at := range w.times[1:] {
					if at.Sub(began) < 30*time.Second {
						t.Errorf("%d %s: asked again after %s", status, name, at.Sub(began))
					}
				}
			})
		}
	}
}

// TestRetryAfterIsBounded: an absurd one does not stop the background for ever, and one
// that has passed not at all.
func TestRetryAfterIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "1.5": 0, "2147483647": longestStop, "99999999999999999999": 0,
		"Tue, 24 Nov 2026 12:00:05 GMT": 5 * time.Second, "Tue, 24 Nov 2026 11:00:05 GMT": 0, "Tue, 24 Nov 2099 11:00:05 GMT": longestStop,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestBackgroundHonoursItsContext: a request that would go out after its deadline fails
// at once, and one that is canceled while it waits then.
func TestBackgroundHonoursItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := wired(t, fine)
		p.client.pace.stop(time.Now(), time.Minute)
		began := time.Now()
		ctx, cancel := context.WithTimeout(billing.Background(context.Background()), 10*time.Second)
		defer cancel()
		if _, err := p.List(ctx, billing.KindOrder, 1); kindsOf(err) != "provider" || time.Since(began) > 0 {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		ctx, stop := context.WithCancel(billing.Background(context.Background()))
		time.AfterFunc(5*time.Second, stop)
		if _, err := p.List(ctx, billing.KindOrder, 1); !errors.Is(err, context.Canceled) || time.Since(began) != 5*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

// TestR6SpareRequestsNeverWait: what is welcome but not needed is sent while there is room,
// and answered at once when there is none, with an error that says so.
func TestR6SpareRequestsNeverWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := wired(t, func(int) (int, string) { return 200, "" })
		refused := 0
		for range 200 {
			began := time.Now()
			_, err := p.List(billing.Spare(context.Background()), billing.KindOrder, 1)
			if err == nil {
				continue
			}
			refused++
			if !errors.Is(err, billing.ErrPaced) || !errors.Is(err, billing.ErrProvider) || time.Since(began) > 0 {
				t.Fatalf("kept back after %s with %v, want at once and paced", time.Since(began), err)
			}
		}
		if refused < 100 || refused > 160 {
			t.Errorf("%d of 200 were kept back, want those beyond the burst", refused)
		}
	})
}
