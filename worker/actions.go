package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// underWay is how long a request whose answer was lost may go on at the provider: longer
// than ours waits for it. A refund that is not there yet before that may come; asking for
// it again then would give the money back twice. Other changes may be made twice.
const underWay = time.Minute

// errUnderWay is an action that is looked up once more before it is asked for again.
type errUnderWay struct{ wait time.Duration }

func (e errUnderWay) Error() string {
	return fmt.Sprintf("%v: the answer was lost and the request may still be under way: it is looked for again in %s", billing.ErrProvider, e.wait.Round(time.Second))
}
func (e errUnderWay) Unwrap() error { return billing.ErrProvider }

// RetryAfter is when it would be there if it happened.
func (e errUnderWay) RetryAfter() time.Duration { return e.wait }

// doAction makes a change that somebody asked for. It may be repeated at any point:
// before the provider is asked, the action says that it has begun, so a try whose end
// nobody knows (a lost answer, a process that died) is looked up first, and only what
// did not happen is asked for again.
func (w *Worker) doAction(ctx context.Context, job db.Job) error {
	action, err := w.Store.Action(ctx, job.Key)
	if errors.Is(err, billing.ErrNotFound) {
		return &unfit{"there is no such action here", err}
	}
	if err != nil || action.State != billing.ActionWaiting {
		return err
	}
	again, looked := !action.BegunAt.IsZero(), w.Now()
	if again || action.Kind.AboutSeat() { // whoever gives seats looks first who has them
		changed, happened, err := w.lookUpAction(ctx, action)
		switch {
		case err == nil:
		case action.Kind.AboutSeat() && ctx.Err() == nil && !errors.Is(err, billing.ErrProvider):
			return w.refuseAction(ctx, action, err)
		case !again && errors.Is(err, billing.ErrProvider):
			err = errors.Join(err, w.Store.HoldAction(context.WithoutCancel(ctx), action.ID, err.Error()))
		}
		if err != nil {
			return fmt.Errorf("find out whether the %s happened: %w", action.Kind, err)
		}
		if happened {
			return w.endAction(ctx, action, changed)
		}
		if wait := action.BegunAt.Add(underWay).Sub(looked); again && wait > 0 && action.Kind == billing.ActionRefund {
			return errUnderWay{wait}
		}
	}
	if err := w.Store.BeginAction(ctx, action.ID, w.Now()); err != nil {
		if errors.Is(err, billing.ErrConflict) {
			return nil // withdrawn meanwhile
		}
		return err
	}
	//failpoint:action.begun
	changed, err := w.askForAction(ctx, action)
	//failpoint:action.accepted
	switch {
	case err == nil:
		return w.endAction(ctx, action, changed)
	case errors.Is(err, billing.ErrUnknown):
		return err // stays begun: the next try looks it up
	case errors.Is(err, billing.ErrProvider):
		return errors.Join(err, w.Store.HoldAction(context.WithoutCancel(ctx), action.ID, err.Error()))
	case ctx.Err() != nil, again && errors.Is(err, billing.ErrConflict):
		return err // cut short by us, or in the way of its own first try: it stays begun
	}
	return w.refuseAction(ctx, action, err)
}

// askForAction asks the provider for the change and returns the object as it is after it.
func (w *Worker) askForAction(ctx context.Context, a billing.Action) (billing.Object, error) {
	return askNow(ctx, w, func(ctx context.Context) (billing.Object, error) {
		switch a.Kind {
		case billing.ActionCancel:
			return w.Provider.CancelSubscription(ctx, a.Object.ProviderID, a.Cancellation)
		case billing.ActionResume:
			return w.Provider.ResumeSubscription(ctx, a.Object.ProviderID)
		case billing.ActionRefund:
			return w.Provider.CreateRefund(ctx, a.Refund)
		}
		if a.Kind.AboutSeat() || a.Kind == billing.ActionChangeSeats {
			return w.askForSeats(ctx, a)
		}
		return nil, fmt.Errorf("%q is nothing that can be asked for: %w", a.Kind, billing.ErrInvalid)
	})
}

// lookUpAction finds out whether a change whose answer was lost has happened, and returns
// the object as it is after it.
func (w *Worker) lookUpAction(ctx context.Context, a billing.Action) (changed billing.Object, happened bool, err error) {
	if a.Kind == billing.ActionRefund {
		refunds, err := ask(ctx, w, func(ctx context.Context) ([]billing.Refund, error) {
			return w.Provider.Refunds(ctx, a.Refund.ProviderOrderID)
		})
		ours := slices.IndexFunc(refunds, func(r billing.Refund) bool { return r.Metadata[billing.RefundKey] == a.Refund.Key })
		if err != nil || ours < 0 {
			return nil, false, err
		}
		return refunds[ours], true, nil
	}
	if a.Kind.AboutSeat() {
		return w.lookUpSeat(ctx, a)
	}
	object, err := ask(ctx, w, func(ctx context.Context) (billing.Object, error) { return w.Provider.Fetch(ctx, a.Object) })
	if err != nil {
		return nil, false, err
	}
	sub, ok := object.(billing.Subscription)
	if a.Kind == billing.ActionChangeSeats {
		return sub, ok && sub.Seats == a.Seats.Seats, nil
	}
	ending := sub.CancelAtPeriodEnd || !sub.Live()
	return sub, ok && ending == (a.Kind == billing.ActionCancel), nil
}

// endAction applies what came of an action, as a delivery would be, and ends it.
func (w *Worker) endAction(ctx context.Context, a billing.Action, changed billing.Object) error {
	if changed != nil {
		if _, err := w.Store.Apply(ctx, billing.Change{Object: changed}, w.Now()); err != nil {
			return err
		}
	}
	if refund, ok := changed.(billing.Refund); ok { // the order changes by it
		order := billing.Ref{Provider: refund.Provider, Kind: billing.KindOrder, ProviderID: refund.ProviderOrderID}
		if object := w.reread(ctx, order); object != nil {
			if _, err := w.Store.Apply(ctx, billing.Change{Object: object}, w.Now()); err != nil {
				return err
			}
		}
	}
	w.Log.InfoContext(ctx, "action done", "action", a.ID, "kind", string(a.Kind), "object", a.Object.ProviderID, "asked_by", a.AskedBy)
	return w.Store.EndAction(ctx, a.ID, billing.ActionDone, "", w.Now())
}

// refuseAction ends an action that the provider refuses, and has the customer read anew:
// the mirror was behind, or it would not have been asked for.
func (w *Worker) refuseAction(ctx context.Context, a billing.Action, why error) error {
	w.Log.WarnContext(ctx, "action refused by the provider", "action", a.ID, "kind", string(a.Kind), "object", a.Object.ProviderID, "err", why)
	if err := w.Store.EndAction(ctx, a.ID, billing.ActionRefused, why.Error(), w.Now()); err != nil {
		return err
	}
	job := db.Job{Kind: db.JobReconcileCustomer, Key: a.CustomerID, CustomerID: a.CustomerID}
	if err := w.Store.Enqueue(ctx, job, time.Time{}, w.Now()); err != nil {
		return err
	}
	w.Poke()
	return nil
}
