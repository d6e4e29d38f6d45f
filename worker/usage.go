package worker

import (
	"context"
	"errors"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

const (
	// usageBatch is how many events are reported in one call. Polar counts calls and
	// caps nothing but the size of a body, at 10 MiB; it takes a batch or leaves it.
	usageBatch = 1000
	// usageBytes bounds what is stored of a batch, which grows less than twofold on the
	// way: an event is at most about 100 KiB.
	usageBytes = 4 << 20
	// usageTimeout bounds one report; the lease covers it and the splitting of a batch.
	usageTimeout = 30 * time.Second
	usageLease   = 5 * time.Minute
	// clockMargin is taken off our clock when an event is dated: a provider refuses a
	// whole batch for one event that lies in its future, and its clock is not ours.
	clockMargin = 2 * time.Second
	// clockTrust is how far our clock may be ahead of the provider's without our knowing.
	// A refusal of an event that is younger may be for its date, the one fault that time cures.
	clockTrust = 2 * time.Minute
)

// sendUsage reports events that are due, a batch at a time. It may be repeated at any
// point: the provider knows every event by our id, so an answer that was lost does no
// harm. No event is ever dropped: it is sent, or waits, or is parked with a reason.
func (w *Worker) sendUsage(ctx context.Context) (done int, err error) {
	due, err := w.Store.UsageDue(ctx, w.Provider.Name(), w.Now())
	if err != nil || !due {
		return 0, err
	}
	//failpoint:usage.before_claim
	queued, err := w.Store.ClaimUsage(ctx, w.Provider.Name(), usageBatch, w.Now().Add(usageLease), w.Now())
	if err != nil {
		return 0, err
	}
	if len(queued) == 0 {
		return 0, nil
	}
	// How a report ended is written down even while stopping.
	keep := context.WithoutCancel(ctx)
	w.learnClock(ctx, queued[0].CustomerID)
	for len(queued) > 0 {
		n := fitting(queued)
		err = errors.Join(err, w.report(ctx, keep, queued[:n]))
		queued = queued[n:]
		done += n
	}
	if errors.Is(err, billing.ErrProvider) || ctx.Err() != nil {
		// Waiting is written down and in the log; there is nothing to do at once.
		return 0, nil
	}
	return done, err
}

// fitting is how many of the events fit into one report: one at least.
func fitting(queued []db.QueuedUsage) int {
	bytes := 0
	for n, q := range queued {
		if bytes += q.Size; bytes > usageBytes && n > 0 {
			return n
		}
	}
	return len(queued)
}

// learnClock asks the provider anything when its clock is not known yet, so that the
// very first report is dated right. What becomes of it the report itself will tell.
func (w *Worker) learnClock(ctx context.Context, customerID string) {
	if _, known := w.Provider.ClockOffset(); known {
		return
	}
	if _, err := ask(ctx, w, func(ctx context.Context) (billing.Customer, error) { return w.Provider.Customer(ctx, customerID) }); err != nil {
		w.Log.DebugContext(ctx, "ask for the provider's clock", "err", err)
	}
}

// latestDate is the latest date that an event may carry: the provider's present, as far
// as its answers tell how much our clock is ahead, less a margin.
func (w *Worker) latestDate() time.Time {
	now := w.Now().Add(-clockMargin)
	if ahead, known := w.Provider.ClockOffset(); known && ahead > 0 {
		now = now.Add(-ahead)
	}
	return now
}

// report sends a batch and writes down how it ended. A batch that is refused without
// saying for which event is halved until the event is found.
func (w *Worker) report(ctx, keep context.Context, batch []db.QueuedUsage) error {
	events, latest := make([]billing.Event, len(batch)), w.latestDate()
	for i, q := range batch {
		events[i] = q.Event
		events[i].OccurredAt = earlier(q.OccurredAt, latest) // what is told; we keep its own date
	}
	_, err := ask(ctx, w, func(ctx context.Context) (struct{}, error) {
		ctx, cancel := context.WithTimeout(billing.Background(ctx), usageTimeout)
		defer cancel()
		return struct{}{}, w.Provider.SendUsage(ctx, events)
	})
	refused, named := errors.AsType[*billing.InvalidEvents](err)
	switch {
	case err == nil:
		//failpoint:usage.before_mark
		return w.Store.MarkUsageSent(keep, ids(batch), w.Now())
	case named && names(refused, batch):
		return w.setAside(ctx, keep, batch, refused.Reasons)
	case errors.Is(err, billing.ErrInvalid) && len(batch) > 1:
		half := len(batch) / 2
		return errors.Join(w.report(ctx, keep, batch[:half]), w.report(ctx, keep, batch[half:]))
	case errors.Is(err, billing.ErrInvalid):
		return w.setAside(ctx, keep, batch, map[string]string{batch[0].ID: err.Error()})
	}
	return w.letWait(ctx, keep, batch, err)
}

// letWait keeps a batch for later. While we are stopping the events are due at once.
func (w *Worker) letWait(ctx, keep context.Context, batch []db.QueuedUsage, cause error) error {
	if ctx.Err() != nil {
		return w.Store.RetryUsage(keep, ids(batch), "", w.Now())
	}
	wait := max(backoff(batch[0].Tries), retryAfter(cause))
	w.Log.WarnContext(ctx, "usage not reported, will be tried again", "events", len(batch), "in", wait, "err", cause)
	if err := w.Store.RetryUsage(keep, ids(batch), cause.Error(), w.Now().Add(wait)); err != nil {
		return err
	}
	return cause
}

// setAside takes the refused events out of a batch and reports the rest: the provider
// takes all of a batch or nothing.
func (w *Worker) setAside(ctx, keep context.Context, batch []db.QueuedUsage, reasons map[string]string) error {
	var rest []db.QueuedUsage
	var err error
	parked := map[string]string{}
	for _, q := range batch {
		reason, refused := reasons[q.ID]
		switch {
		case !refused:
			rest = append(rest, q)
		case q.OccurredAt.After(w.Now().Add(-clockTrust)):
			err = errors.Join(err, w.Store.RetryUsage(keep, []string{q.ID}, reason, w.Now().Add(clockTrust)))
		default:
			parked[q.ID] = reason
			w.Log.ErrorContext(ctx, "usage event parked: it needs an operator", "event", q.ID, "customer", q.CustomerID, "reason", reason)
		}
	}
	if len(parked) > 0 {
		err = errors.Join(err, w.Store.ParkUsage(keep, parked))
	}
	if len(rest) > 0 {
		err = errors.Join(err, w.report(ctx, keep, rest))
	}
	return err
}

// names reports whether a refusal is about at least one event of the batch.
func names(refused *billing.InvalidEvents, batch []db.QueuedUsage) bool {
	for _, q := range batch {
		if _, ok := refused.Reasons[q.ID]; ok {
			return true
		}
	}
	return false
}

func ids(batch []db.QueuedUsage) []string {
	list := make([]string, len(batch))
	for i, q := range batch {
		list[i] = q.ID
	}
	return list
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
