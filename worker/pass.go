package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

const (
	// passLease is how long a pass is kept from other processes after each of its pages.
	passLease = 2 * time.Minute
	// pageTimeout bounds one page, waiting for its turn included.
	pageTimeout = time.Minute
	// passRound is how often is looked for a pass to run.
	passRound = 2 * time.Second
	// startGrace: at a start a pass begins at once, since webhooks may have been missed,
	// unless one began that shortly before.
	startGrace = 2 * time.Minute
)

// runPass runs the pass that is due, from where it was cut short: every list of the
// provider page by page, applied as webhooks would be. It takes as long as the pace of
// background calls allows.
func (w *Worker) runPass(ctx context.Context) (int, error) {
	now := w.Now()
	if w.began.IsZero() {
		if err := w.Store.ReleasePasses(ctx, w.Provider.Name()); err != nil {
			return 0, err
		}
		w.began = now
	}
	if w.began.After(now) {
		w.began = now // the clock was ahead, and has been put back
	}
	olderThan := now.Add(-w.ReconcileEvery)
	if start := w.began.Add(-startGrace); start.After(olderThan) {
		olderThan = start
	}
	pass, err := w.Store.DuePass(ctx, w.Provider.Name(), olderThan, now.Add(passLease), now)
	if errors.Is(err, billing.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	r := &passRun{w: w, pass: pass, clean: pass.Broken == 0}
	err = safely(func() error { return r.run(billing.Background(ctx)) })
	w.Poke() // readings ask for jobs and hooks
	return 1, r.end(context.WithoutCancel(ctx), err, ctx.Err() != nil)
}

// RunPass runs passes until the one with an id has ended, for a program that is alone with
// the database. It returns nil then, however that one ended.
func (w *Worker) RunPass(ctx context.Context, id string) error {
	for {
		if _, err := w.runPass(ctx); err != nil {
			return err
		}
		pass, err := w.Store.Pass(ctx, id)
		if err != nil || pass.State == db.StateDone || pass.State == db.StateFailed {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(passRound):
		}
	}
}

// passRun is one run of a pass. What it keeps in memory is lost when it is cut short; the
// pass goes on all the same, and only what is missing from lists is not looked for then.
type passRun struct {
	w     *Worker
	pass  db.Pass
	calls int       // of the provider, since the pass was last written down
	clean bool      // nothing was strange, and nothing went wrong
	note  string    // what was strange
	kept  time.Time // when the lease was last renewed between two pages

	gone []billing.Ref // missing in two passes in a row
}

func (r *passRun) run(ctx context.Context) error {
	if r.pass.CustomerID != "" {
		return r.w.readCustomer(ctx, r.pass.CustomerID, r.pass)
	}
	kinds := r.w.Provider.Lists()
	from := 0
	for i, kind := range kinds {
		if kind == r.pass.CursorKind {
			from = i
		}
	}
	for i := from; i < len(kinds); i++ {
		next := billing.Kind("")
		if i+1 < len(kinds) {
			next = kinds[i+1]
		}
		if err := r.list(ctx, kinds[i], next); err != nil {
			return fmt.Errorf("list of %s: %w", kinds[i], err)
		}
		r.pass.CursorPage = 0
	}
	return r.bury(ctx)
}

// list reads one list to its end and applies it page by page.
func (r *passRun) list(ctx context.Context, kind, next billing.Kind) error {
	seen := &sightings{whole: r.pass.CursorPage == 0, total: -1}
	err := billing.EachPage(ctx, r, kind, r.pass.CursorPage, func(page billing.Page) error {
		seen.add(page)
		seats, err := r.seatsOf(ctx, page.Objects)
		if err != nil {
			return err
		}
		reading := db.Reading{
			Pass: r.pass, Objects: append(page.Objects, seats...), Kind: kind, Page: page.Number - 1, Calls: r.calls,
			LeasedUntil: r.w.Now().Add(passLease),
		}
		if page.Number == 1 { // the list is done
			reading.Kind, reading.Page = next, 0
			if next == "" {
				reading.Kind, reading.Page = kind, 1
			}
		}
		if _, err := r.w.Store.ApplyReading(ctx, reading, r.w.Now()); err != nil {
			return err
		}
		r.calls, r.pass.MovedAt, r.pass.Error = 0, r.w.Now(), ""
		return nil
	})
	if err != nil {
		return err
	}
	return r.miss(ctx, kind, seen)
}

// seatsOf reads the seats of the subscriptions of a page. There is no list of all seats.
// Those that cannot be read stay as they are until the next pass. An error says that the
// pass is another process's by now.
func (r *passRun) seatsOf(ctx context.Context, page []billing.Object) (seats []billing.Object, err error) {
	teams, ok := billing.TeamsOf(r.w.Provider)
	for _, object := range page {
		sub, isOne := object.(billing.Subscription)
		if !ok || !isOne || sub.Seats == 0 || !sub.Live() {
			continue
		}
		if err := r.keep(ctx); err != nil {
			return nil, err
		}
		r.calls++
		seating, err := ask(ctx, r.w, func(ctx context.Context) (billing.Seating, error) { return teams.Seats(ctx, sub.ProviderID) })
		if err != nil {
			r.w.Log.WarnContext(ctx, "seats not read", "subscription", sub.ProviderID, "err", err)
			r.doubt("the seats of a subscription could not be read: " + err.Error())
			continue
		}
		for _, seat := range seating.Seats {
			seats = append(seats, seat)
		}
	}
	return seats, nil
}

// keep renews the lease, at most every quarter of it, before a question about one object: a
// page may need a hundred of them at the pace of background calls, and were the pass taken
// meanwhile, no process would ever get past that page.
func (r *passRun) keep(ctx context.Context) error {
	now := r.w.Now()
	if now.Sub(r.kept) < passLease/4 {
		return nil
	}
	if err := r.w.Store.HoldPass(ctx, r.pass, now.Add(passLease), r.calls, ""); err != nil {
		return err
	}
	r.kept, r.calls = now, 0
	return nil
}

// List implements billing.Lister: one page through the circuit, in bounded time.
func (r *passRun) List(ctx context.Context, kind billing.Kind, page int) (billing.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	r.calls++
	return ask(ctx, r.w, func(ctx context.Context) (billing.Page, error) { return r.w.Provider.List(ctx, kind, page) })
}

// end writes down how a run ended. A pass that fails goes on where it was, as soon as the
// provider may be asked again; one that has got nothing for a whole interval is given up,
// and the next one begins.
func (r *passRun) end(ctx context.Context, err error, stopping bool) error {
	w, now := r.w, r.w.Now()
	log := w.Log.With("pass", r.pass.ID, "kind", r.pass.Kind)
	whole := r.pass.CustomerID == "" && r.pass.Kind != db.PassDry
	switch {
	case err == nil:
		r.pass.Error = r.note
		if err := w.Store.FinishPass(ctx, r.pass, now); err != nil {
			return err
		}
		log.DebugContext(ctx, "pass finished", "took", now.Sub(r.pass.StartedAt), "note", r.note)
		return nil
	case errors.Is(err, billing.ErrConflict):
		log.InfoContext(ctx, "pass left to another process", "err", err)
		return nil
	case stopping:
		return w.Store.HoldPass(ctx, r.pass, time.Time{}, r.calls, "")
	}
	if whole && r.pass.Error == "" {
		log.WarnContext(ctx, "pass is held up", "err", err)
		if err := w.Store.MarkPassFailing(ctx, w.Provider.Name(), err.Error()); err != nil {
			return err
		}
	}
	final := r.pass.CustomerID != "" && !errors.Is(err, billing.ErrProvider)
	if final || now.Sub(r.pass.MovedAt) > w.ReconcileEvery {
		log.ErrorContext(ctx, "pass given up", "err", err)
		if err := w.Store.ForgetMissing(ctx, w.Provider.Name()); err != nil {
			return err
		}
		return w.Store.FailPass(ctx, r.pass, err.Error(), now)
	}
	return w.Store.HoldPass(ctx, r.pass, now.Add(max(circuitShortest, retryAfter(err))), r.calls, err.Error())
}
