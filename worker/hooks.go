package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// Hook is somebody who is told facts. Name is its target in the database, the same for
// ever. Call is given each fact at least once; an error has it called again.
type Hook struct {
	Name  string
	Wants func(factType string) bool
	Call  func(ctx context.Context, call db.HookCall) error
}

const (
	hookBatch   = 16 // calls claimed at once
	hookObjects = 4  // objects told of at once
	// hookTimeout bounds one call; the lease covers a batch about one single object.
	hookTimeout = 30 * time.Second
	hookLease   = hookBatch*hookTimeout + time.Minute
	// hookTries is after how many failures a call is parked: with the waits between them
	// about two days, so that a weekend's outage at the other end loses nothing.
	hookTries       = 24
	hookLongestWait = 4 * time.Hour
)

// hookLoop makes the loop that calls one hook. A hook that is slow or fails holds up
// nobody else: not the inbox, and no other hook.
func (w *Worker) hookLoop(hook Hook) loop {
	step := func(ctx context.Context) (int, error) {
		calls, err := w.Store.ClaimHooks(ctx, hook.Name, hookBatch, w.Now().Add(hookLease), w.Now())
		if err != nil {
			return 0, err
		}
		var running sync.WaitGroup
		slots := make(chan struct{}, hookObjects)
		for _, group := range byFactObject(calls) {
			slots <- struct{}{}
			running.Go(func() {
				defer func() { <-slots }()
				for _, call := range group {
					w.callHook(ctx, hook, call)
				}
			})
		}
		running.Wait()
		return len(calls), nil
	}
	return loop{name: "hook " + hook.Name, every: 2 * time.Second, step: step}
}

// byFactObject groups calls by the object that their fact is about, in their order.
func byFactObject(calls []db.HookCall) [][]db.HookCall {
	var groups [][]db.HookCall
	place := map[billing.Ref]int{}
	for _, call := range calls {
		about := billing.Ref{Provider: call.Fact.Provider, Kind: call.Fact.Kind, ProviderID: call.Fact.ProviderID}
		i, ok := place[about]
		if !ok {
			i = len(groups)
			place[about] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], call)
	}
	return groups
}

// callHook makes one call and writes down how it ended, even while stopping. A process
// that dies between the two makes the call again, under the same key.
func (w *Worker) callHook(ctx context.Context, hook Hook, call db.HookCall) {
	keep := context.WithoutCancel(ctx)
	if ctx.Err() != nil {
		w.endHook(keep, call, db.StateWaiting, "", w.Now()) // not begun: due at once
		return
	}
	run, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	//failpoint:hook.before_call
	err := safely(func() error { return hook.Call(run, call) })
	//failpoint:hook.after_call
	switch {
	case err == nil:
		w.endHook(keep, call, db.StateDone, "", w.Now())
	case ctx.Err() != nil:
		w.endHook(keep, call, db.StateWaiting, err.Error(), w.Now())
	case call.Tries >= hookTries:
		w.Log.ErrorContext(ctx, "hook call parked: it needs an operator", "hook", hook.Name, "fact", call.Fact.Key, "type", call.Fact.Type, "err", err)
		w.endHook(keep, call, db.StateParked, err.Error(), w.Now())
	default:
		next := w.Now().Add(hookBackoff(call.Tries))
		w.Log.WarnContext(ctx, "hook call failed, will be made again", "hook", hook.Name, "fact", call.Fact.Key,
			"type", call.Fact.Type, "tries", call.Tries, "next", next, "err", err)
		w.endHook(keep, call, db.StateWaiting, err.Error(), next)
	}
}

func (w *Worker) endHook(ctx context.Context, call db.HookCall, state, reason string, next time.Time) {
	if err := w.Store.EndHook(ctx, call, state, reason, next, w.Now()); err != nil {
		w.Log.ErrorContext(ctx, "how a hook call ended was not kept: it will be made again", "fact", call.Fact.Key, "err", err)
	}
}

// hookBackoff is the wait after that many failed tries: 2 s, doubling up to four hours,
// jittered.
func hookBackoff(tries int) time.Duration {
	const first = 2 * time.Second
	return jitter(min(hookLongestWait, first<<min(max(tries-1, 0), 20)))
}

// GoHook makes a hook of functions.
func GoHook(wants func(factType string) bool, call func(ctx context.Context, fact billing.FactBody) error) Hook {
	return Hook{Name: "go", Wants: wants, Call: func(ctx context.Context, c db.HookCall) error {
		if err := call(ctx, c.Fact); err != nil {
			return fmt.Errorf("fact %s: %w", c.Fact.Key, err)
		}
		return nil
	}}
}
