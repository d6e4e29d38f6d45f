package db

import (
	"context"
	"errors"
	"sync"
)

// mostTogether is how many events share a transaction at most.
const mostTogether = 256

// usageGroup lets callers that come at the same time share one transaction (group
// commit). Whoever finds nobody writing starts a writer, which goes on until nobody
// waits and then ends: there is nothing to start or to stop. Its zero value is ready.
type usageGroup struct {
	mu      sync.Mutex
	waiting []*waitingUse
	writing bool
}

type waitingUse struct {
	use
	ctx      context.Context
	recorded bool
	err      error
	done     chan struct{} // closed when the transaction has ended
}

// do hands the use over and waits for the end of its transaction.
func (g *usageGroup) do(ctx context.Context, s *Store, u use) (bool, error) {
	w := &waitingUse{use: u, ctx: ctx, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, w)
	if !g.writing {
		g.writing = true
		go g.write(s)
	}
	g.mu.Unlock()
	select {
	case <-w.done:
		return w.recorded, w.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (g *usageGroup) write(s *Store) {
	for {
		g.mu.Lock()
		batch := g.waiting[:min(len(g.waiting), mostTogether)]
		g.waiting = g.waiting[len(batch):]
		if len(batch) == 0 {
			g.waiting, g.writing = nil, false
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		s.recordTogether(batch)
	}
}

// recordTogether writes a batch in one transaction. If that fails each is tried on
// its own, so that nobody fails for a neighbour. A caller that has gone before the
// start is left out; after it, the shared transaction does not depend on anyone.
func (s *Store) recordTogether(batch []*waitingUse) {
	err := s.recordAll(batch)
	if err != nil && len(batch) > 1 {
		for _, w := range batch {
			s.recordTogether([]*waitingUse{w})
		}
		return
	}
	for _, w := range batch {
		if err != nil {
			w.recorded, w.err = false, err
		}
		close(w.done)
	}
}

func (s *Store) recordAll(batch []*waitingUse) error {
	ctx := context.WithoutCancel(batch[0].ctx)
	return s.inLedger(ctx, batch[0].at, func(l *ledger) error {
		for _, w := range batch {
			w.recorded = false // as it was before a try that was rolled back
			if w.err = w.ctx.Err(); w.err != nil {
				continue
			}
			l.now = w.at
			w.recorded, w.err = l.record(ctx, w.use)
			if w.err != nil && !errors.Is(w.err, errReused) {
				return w.err
			}
		}
		return nil
	})
}
