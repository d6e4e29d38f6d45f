package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"counterfoil/billing"
)

// TestLoop: work while there is some, rest when there is none, wake by a poke or the
// clock, survive errors and panics, end with the context.
func TestLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var steps []time.Duration
		answers := []func() (int, error){
			func() (int, error) { return 3, nil },
			func() (int, error) { return 1, nil },
			func() (int, error) { return 0, nil },                     // rests until the poke at 1 s
			func() (int, error) { return 9, errors.New("disk full") }, // rests: no hot loop
			func() (int, error) { panic("poison") },
			func() (int, error) { return 0, nil },
		}
		w := &Worker{Config: Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))}}
		w.wakes = []chan struct{}{make(chan struct{}, 1)}
		w.loops = []loop{{name: "test", every: 10 * time.Second, step: func(context.Context) (int, error) {
			steps = append(steps, time.Since(begin))
			if len(steps) > len(answers) {
				return 0, nil
			}
			return answers[len(steps)-1]()
		}}}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			w.Run(ctx)
			close(ended)
		}()
		time.Sleep(time.Second)
		w.Poke()
		time.Sleep(39 * time.Second)
		stop()
		<-ended
		if len(steps) < 6 || steps[2] != 0 || steps[3] != time.Second {
			t.Fatalf("steps at %v, want three at once, the fourth at the poke after 1 s", steps)
		}
		for i := 4; i < len(steps); i++ {
			if rest := steps[i] - steps[i-1]; rest < 7500*time.Millisecond || rest > 12500*time.Millisecond {
				t.Errorf("step %d came after %v, want ten seconds give or take a quarter", i, rest)
			}
		}
	})
}

func TestCircuit(t *testing.T) {
	down := fmt.Errorf("status 503: %w", billing.ErrProvider)
	refused := fmt.Errorf("no: %w", billing.ErrInvalid)
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	c := newCircuit()
	call := func(answer error) error {
		if err := c.enter(now); err != nil {
			return err
		}
		c.leave(answer, now)
		return answer
	}
	wantOpen := func(open bool, when string) {
		t.Helper()
		err := c.enter(now)
		if (err != nil) != open {
			t.Fatalf("%s: %v, want open %v", when, err, open)
		}
		if err != nil && (!errors.Is(err, billing.ErrProvider) || retryAfter(err) <= 0) {
			t.Fatalf("%s: %v is no ErrProvider with a time to wait", when, err)
		}
		if err == nil {
			c.abandon()
		}
	}
	for range circuitFailures - 1 {
		_ = call(down)
	}
	wantOpen(false, "before the last straw")
	_ = call(refused)
	for range circuitFailures - 1 {
		_ = call(down)
	}
	wantOpen(false, "a refusal is a sign of life")
	_ = call(down)
	wantOpen(true, "after five failures in a row")
	now = now.Add(circuitShortest)
	if err := c.enter(now); err != nil {
		t.Fatalf("half open: %v, want one call through", err)
	}
	if err := c.enter(now); err == nil {
		t.Fatal("half open: a second call went through")
	}
	c.leave(down, now)
	wantOpen(true, "after the trial failed")
	for range 20 {
		now = now.Add(circuitLongest)
		_ = call(down)
	}
	wantOpen(true, "after hours")
	now = now.Add(circuitLongest)
	wantOpen(false, "however long it lasted, a call is tried within a minute")
	if err := call(nil); err != nil {
		t.Fatal(err)
	}
	_ = call(down)
	wantOpen(false, "closed by the success, with all its failures forgiven")
}

// TestAnswerIsNotLostToAShutdown: what the provider answered before we began to stop is
// the answer, and never nothing without an error, which would be taken for "no such thing".
func TestAnswerIsNotLostToAShutdown(t *testing.T) {
	w := &Worker{Config: Config{Now: time.Now, Log: slog.New(slog.DiscardHandler)}, circuit: newCircuit()}
	ctx, stop := context.WithCancel(t.Context())
	answer, err := askNow(ctx, w, func(context.Context) (string, error) {
		stop()
		return "a refund", nil
	})
	if answer != "a refund" || err != nil {
		t.Errorf("%q, %v", answer, err)
	}
}

// nameOnly is a provider that is only named.
type nameOnly struct{ billing.Provider }

func (nameOnly) Name() string { return "polar" }

// TestCircuitOutlivesAPanic: a call that panics while it is the one that may try leaves
// the next one to try.
func TestCircuitOutlivesAPanic(t *testing.T) {
	now := time.Now()
	w := &Worker{Config: Config{Provider: nameOnly{}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}, circuit: newCircuit()}
	for range circuitFailures {
		w.circuit.leave(billing.ErrProvider, now)
	}
	now = now.Add(circuitLongest)
	err := safely(func() error {
		_, err := askNow(t.Context(), w, func(context.Context) (string, error) { panic("an answer of a strange shape") })
		return err
	})
	if err == nil {
		t.Fatal("the panic is no error")
	}
	now = now.Add(time.Hour)
	if _, err := askNow(t.Context(), w, func(context.Context) (string, error) { return "", nil }); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestBackoff(t *testing.T) {
	for tries, want := range map[int]time.Duration{0: 2 * time.Second, 1: 2 * time.Second, 2: 4 * time.Second, 5: 32 * time.Second, 12: 10 * time.Minute, 1 << 40: 10 * time.Minute} {
		for range 50 {
			if got := backoff(tries); got < want-want/4 || got > want+want/4 {
				t.Fatalf("after %d tries %v, want %v give or take a quarter", tries, got, want)
			}
		}
	}
}
