package db

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// group lets callers that come at the same time share one transaction, so that the
// disk is waited for once for all of them (group commit). Whoever finds nobody
// writing starts a writer, which goes on until nobody waits and then ends: there is
// nothing to start or to stop. Its zero value is ready.
type group[T any] struct {
	mu      sync.Mutex
	waiting []*member[T]
	writing bool

	expected int // callers, by the writer alone; see gather
}

// member is one caller's item on its way to disk. Its caller reads it after done.
type member[T any] struct {
	item T
	ctx  context.Context // the caller's; the transaction does not end with it
	err  error
	done chan struct{} // closed when the transaction has ended
}

// do hands the item to write, which gets up to most of them at once and sets the err
// of each, and waits for the end of the transaction. If ctx ends before, the outcome
// is open.
func (g *group[T]) do(ctx context.Context, item T, most int, write func(batch []*member[T])) (T, error) {
	m := &member[T]{item: item, ctx: ctx, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, m)
	begin := !g.writing
	g.writing = true
	g.mu.Unlock()
	if begin {
		go g.run(most, write)
	}
	select {
	case <-m.done:
		return m.item, m.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (g *group[T]) run(most int, write func(batch []*member[T])) {
	for {
		g.gather(most)
		batch := g.take(most)
		if len(batch) == 0 {
			return
		}
		write(batch)
		for _, m := range batch {
			close(m.done)
		}
	}
}

const (
	gatherFrom  = 4                      // callers of one commit, from which on more are waited for
	gatherPause = 200 * time.Microsecond // that nobody came for ends the wait
)

// gather lets callers that are about to come hand their items over before the writer
// goes to the disk. While it waits there its processor waits too, for the scheduler
// takes a while to see that it could be lent out: on one processor every commit would
// hold a single row. A writer that finds nobody else loses a microsecond. Under load
// those whom the last commit served are expected back with their next item, and are
// worth a pause.
func (g *group[T]) gather(most int) {
	before := 0
	for n := g.size(); n > before && n < most; n = g.size() {
		before = n
		runtime.Gosched()
		if g.size() == n && n < g.expected {
			time.Sleep(gatherPause)
		}
	}
}

func (g *group[T]) size() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting)
}

// take removes the next batch. After an empty one somebody else must begin.
func (g *group[T]) take(most int) []*member[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(most, len(g.waiting))
	batch := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	switch {
	case n == 0:
		g.waiting, g.writing = nil, false
	case n < gatherFrom:
		g.expected = 0
	default:
		g.expected = min(most, max(n, g.expected-1))
	}
	return batch
}
