package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"counterfoil/billing"
)

// circuit keeps the loops from hammering a provider that is failing. It opens after
// some failures in a row; after a while one call is let through to try, and its
// success closes it. A call that the provider answered with a refusal is a success:
// the provider is there.
type circuit struct {
	mu       sync.Mutex
	failures int // in a row
	openTill time.Time
	downFrom time.Time // of the first of them
	why      error     // the latest of them
	trying   bool      // the one call of a half-open circuit is under way
}

const (
	circuitFailures = 5                // in a row, until it opens
	circuitShortest = 5 * time.Second  // open for, the first time
	circuitLongest  = 40 * time.Second // open for, at most: a recovery is seen within a minute
)

func newCircuit() *circuit { return &circuit{} }

// errCircuitOpen is an answer without a call.
type errCircuitOpen struct {
	wait time.Duration
	why  error // what opened it
}

func (e errCircuitOpen) Error() string {
	return fmt.Sprintf("%v: not asked for another %s after repeated failures, such as: %v", billing.ErrProvider, e.wait.Round(time.Second), e.why)
}
func (e errCircuitOpen) Unwrap() error { return billing.ErrProvider }

// RetryAfter is when asking makes sense again.
func (e errCircuitOpen) RetryAfter() time.Duration { return e.wait }

// enter lets a call through, or says why not.
func (c *circuit) enter(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures < circuitFailures {
		return nil
	}
	if wait := c.openTill.Sub(now); wait > 0 {
		return errCircuitOpen{wait, c.why}
	}
	if c.trying {
		return errCircuitOpen{time.Second, c.why}
	}
	c.trying = true
	return nil
}

// leave takes in how a call ended. opened and closed report a change of state.
func (c *circuit) leave(err error, now time.Time) (opened, closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wasOpen := c.failures >= circuitFailures
	c.trying = false
	if !errors.Is(err, billing.ErrProvider) {
		c.failures = 0
		return false, wasOpen
	}
	if c.failures == 0 {
		c.downFrom = now
	}
	c.failures++
	c.why = err
	if over := c.failures - circuitFailures; over >= 0 {
		wait := min(circuitLongest, circuitShortest<<min(over, 10))
		c.openTill = now.Add(max(wait, min(retryAfter(err), circuitLongest)))
	}
	return !wasOpen && c.failures >= circuitFailures, false
}

// retryAfter is how long the provider wants to be left alone; 0 if it did not say.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		return e.RetryAfter()
	}
	return 0
}

// askPatience bounds a call of the background, the wait for its turn included. One that
// would have to wait longer fails at once, and its job is tried again when it makes sense.
const askPatience = 20 * time.Second

// ask calls the provider through the circuit. Every call that a loop makes goes
// through it, in the background unless somebody waits for it (askNow).
func ask[T any](ctx context.Context, w *Worker, call func(ctx context.Context) (T, error)) (T, error) {
	if !billing.InBackground(ctx) {
		ctx = billing.Background(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	return askNow(ctx, w, call)
}

// askNow is ask for somebody who waits before a page.
func askNow[T any](ctx context.Context, w *Worker, call func(ctx context.Context) (T, error)) (T, error) {
	var none T
	if err := w.circuit.enter(w.Now()); err != nil {
		return none, err
	}
	ended := false
	defer func() {
		if !ended { // it panicked, and nobody else may try while it seems to be under way
			w.circuit.abandon()
		}
	}()
	answer, err := call(ctx)
	ended = true
	if err != nil && (errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, billing.ErrPaced)) {
		// We are stopping, or did not ask at all, which says nothing about the provider.
		w.circuit.abandon()
		return none, err
	}
	opened, closed := w.circuit.leave(err, w.Now())
	switch {
	case opened:
		w.Log.WarnContext(ctx, "provider is failing: asking less often", "provider", w.Provider.Name(), "err", err)
	case closed:
		w.Log.InfoContext(ctx, "provider answers again", "provider", w.Provider.Name())
	}
	return answer, err
}

// abandon forgets a call that was cut short by us.
func (c *circuit) abandon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trying = false
}

// state is how many calls failed in a row and until when none is made, once it is open.
func (c *circuit) state() (failures int, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures < circuitFailures {
		return 0, time.Time{}
	}
	return c.failures, c.openTill
}

// down is since when the provider fails, while the circuit is open, and how; zero while it
// is closed.
func (c *circuit) down() (since time.Time, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures < circuitFailures {
		return time.Time{}, nil
	}
	return c.downFrom, c.why
}
