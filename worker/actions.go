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
	again := !action.BegunAt.IsZero()
	if again {
		changed, happened, err := w.lookUpAction(ctx, action)
		if err != nil {
			return fmt.Errorf("find out whether the %s happened: %w", action.Kind, err)
		}
		if happened {
			return w.endAction(ctx, action, changed)
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
	object, err := ask(ctx, w, func(ctx context.Context) (billing.Object, error) { return w.Provider.Fetch(ctx, a.Object) })
	if err != nil {
		return nil, false, err
	}
	sub, ok := object.(billing.Subscription)
	ending := sub.CancelAtPeriodEnd || !sub.Live()
	return sub, ok && ending == (a.Kind == billing.ActionCancel), nil
}

// endAction applies what came of an action, as a delivery would be, and ends it.
func (w *Worker) endAction(ctx context.Context, a billing.Action, changed billing.Object) error {
	if _, err := w.Store.Apply(ctx, billing.Change{Object: changed}, w.Now()); err != nil {
		return err
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
