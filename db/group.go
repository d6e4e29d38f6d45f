package db

import (
	"context"
	"fmt"
	"runtime/debug"
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
		attempt(batch, write)
	}
}

// attempt runs one transaction. A panic in it is an error of the callers: here it has left
// the goroutine in which their server would have caught it, and would end the process, at
// every start again, since who was not answered sends the same once more.
func attempt[T any](batch []*member[T], write func(batch []*member[T])) {
	defer func() {
		if cause := recover(); cause != nil {
			err := fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
			for _, m := range batch {
				m.err = err
			}
		}
		for _, m := range batch {
			close(m.done)
		}
	}()
	write(batch)
}

// gatherFor is when gathering ends although somebody still comes: a flush of the disk is
// not worth more. On a processor that is busy with other things a look takes long.
const gatherFor = 10 * time.Millisecond

// gather lets callers that are about to come hand their items over before the writer
// goes to the disk. While it waits there its processor waits too, for the scheduler
// takes a while to see that it could be lent out: on one processor every commit would
// hold a single row. It goes on for a moment, as long as somebody comes.
func (g *group[T]) gather(most int) {
	before, began := 0, time.Now() // of a wait, not of a fact
	for n := g.size(); n > before && n < most && time.Since(began) < gatherFor; n = g.size() {
		before = n
		lookAround()
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
	if n == 0 {
		g.waiting, g.writing = nil, false
	}
	return batch
}
