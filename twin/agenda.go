package twin

import (
	"container/heap"
	"context"
	"time"
)

// agenda orders what will have to be done, soonest first. Entries are hints: a row that has since changed its
// mind is asked again when its entry comes up, so nothing is ever removed early.
type agenda struct {
	heap  agendaHeap
	added int
}

// entry is a row to look at, at a time.
type entry struct {
	at  time.Time
	key rowKey
	seq int // order of adding, for equal times
}

// add notes that a row is due.
func (a *agenda) add(at time.Time, kind, id string) {
	a.added++
	heap.Push(&a.heap, entry{at: at, key: rowKey{kind, id}, seq: a.added})
}

// next returns the soonest entry at or before now.
func (a *agenda) next(now time.Time) (entry, bool) {
	if len(a.heap) == 0 || a.heap[0].at.After(now) {
		return entry{}, false
	}
	return heap.Pop(&a.heap).(entry), true
}

// agendaHeap is the order of entries, as container/heap wants it.
type agendaHeap []entry

func (h agendaHeap) Len() int      { return len(h) }
func (h agendaHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *agendaHeap) Push(v any)   { *h = append(*h, v.(entry)) }
func (h agendaHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	// Money before consequences: a payment retried when a grace period ends still counts.
	if first, second := a.key.kind == orderKind, b.key.kind == orderKind; first != second {
		return first
	}
	return a.seq < b.seq
}
func (h *agendaHeap) Pop() any {
	last := len(*h) - 1
	v := (*h)[last]
	*h = (*h)[:last]
	return v
}

// runDue does everything due up to now, each item as its own operation at the time it was due, so that a
// clock moved by a year plays the year. A failed item is logged and left for the next start. The caller
// holds the write lock.
func (e *Engine) runDue(ctx context.Context, now time.Time) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		item, ok := e.agenda.next(now)
		if !ok {
			return nil
		}
		if !e.stillDue(item) {
			continue
		}
		e.playedTo = later(e.playedTo, item.at) // work that comes late does not turn the clock back
		if err := e.apply(ctx, e.playedTo, func(x *tx) error { return x.work(item.key) }); err != nil {
			e.log.ErrorContext(ctx, "twin: due work failed", "kind", item.key.kind, "id", item.key.id, "err", err)
		}
	}
}

// stillDue asks the row whether the entry holds.
func (e *Engine) stillDue(item entry) bool {
	at, ok := e.data.dueOf(item.key)
	return ok && at.Equal(item.at)
}

// work does what is due for a row.
func (x *tx) work(key rowKey) error {
	switch key.kind {
	case x.checkouts.kind:
		return x.expireCheckout(key.id)
	case x.subscriptions.kind:
		return x.cycleSubscription(key.id)
	case x.orders.kind:
		return x.workOrder(key.id)
	case x.refunds.kind:
		return x.settleRefund(key.id)
	case x.sessions.kind:
		remove(x, x.sessions, key.id)
	case x.codes.kind:
		remove(x, x.codes, key.id)
	}
	return nil
}
