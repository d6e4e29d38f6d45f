package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// showCancel handles GET /portal/subscriptions/{id}/cancel: what canceling does, when,
// and what it costs, before it is done.
func (s *Server) showCancel(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	sub, err := s.Store.Subscription(r.Context(), who.CustomerID, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !canCancel(sub) {
		return say(billing.ErrConflict, "failure.not_cancelable")
	}
	return s.cancelPage(w, r, who, sub, http.StatusOK, billing.Cancellation{}, "")
}

func (s *Server) cancelPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, sub billing.Subscription,
	status int, typed billing.Cancellation, problem string,
) error {
	page, err := s.customerFrame(r, who, "", views.NavPortal)
	if err != nil {
		return err
	}
	sh, err := s.shelf(r.Context())
	if err != nil {
		return err
	}
	amounts, benefits := sh.included(page.T, sh.products[sub.ProviderProductID])
	date := page.T.Date(sub.PeriodEnd)
	model := views.Cancel{
		Subscription: subscriptionCard(page.T, sh, sub), Ends: date,
		Keeps:  []string{page.T.T("cancel.keep.access", "Date", date.Text), page.T.T("cancel.keep.orders")},
		Loses:  append(amounts, benefits...),
		Reason: views.CancelReason(typed.Reason), Comment: typed.Comment,
	}
	if problem != "" {
		model.Error = page.T.T(problem)
	}
	page.Title = page.T.T("cancel.title", "Product", model.Subscription.Product)
	return s.render(w, r, status, views.CancelPage(page, model))
}

// maxComment is how many characters Polar keeps of a cancellation's comment.
const maxComment = 1000

// cancelSubscription handles POST /portal/subscriptions/{id}/cancel. The wish is kept
// before the provider is asked: while that cannot be reached it waits, and the page says
// so. Sent twice it changes nothing the second time.
func (s *Server) cancelSubscription(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	sub, err := s.Store.Subscription(r.Context(), who.CustomerID, r.PathValue("id"))
	if err != nil {
		return err
	}
	c := billing.Cancellation{Reason: r.PostFormValue("reason"), Comment: strings.TrimSpace(r.PostFormValue("comment"))}
	switch {
	case c.Reason != "" && !slices.Contains(billing.CancelReasons, c.Reason):
		return s.cancelPage(w, r, who, sub, http.StatusBadRequest, c, "cancel.bad_reason")
	case utf8.RuneCountInString(c.Comment) > maxComment:
		return s.cancelPage(w, r, who, sub, http.StatusBadRequest, c, "cancel.long_comment")
	}
	waiting, err := s.waitingAction(r.Context(), sub.Ref())
	switch {
	case err != nil:
		return err
	case waiting.Kind == billing.ActionResume: // it would undo what this page says
		return s.withdraw(w, r, who, sub, waiting, "canceled")
	case canResume(sub):
		return s.toSubscription(w, sub, "canceled") // sent twice
	case !canCancel(sub):
		return say(billing.ErrConflict, "failure.not_cancelable")
	}
	return s.change(w, r, who, sub, billing.Action{Kind: billing.ActionCancel, Cancellation: c}, "canceled")
}

// resumeSubscription handles POST /portal/subscriptions/{id}/resume: it takes a
// cancellation back before it took effect, be it before the provider has heard of it.
func (s *Server) resumeSubscription(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	sub, err := s.Store.Subscription(r.Context(), who.CustomerID, r.PathValue("id"))
	if err != nil {
		return err
	}
	waiting, err := s.waitingAction(r.Context(), sub.Ref())
	if err != nil {
		return err
	}
	if waiting.Kind == billing.ActionCancel {
		return s.withdraw(w, r, who, sub, waiting, "withdrawn")
	}
	if !canResume(sub) {
		if sub.Live() {
			return s.toSubscription(w, sub, "resumed") // sent twice
		}
		return say(billing.ErrConflict, "failure.not_resumable")
	}
	return s.change(w, r, who, sub, billing.Action{Kind: billing.ActionResume}, "resumed")
}

// withdraw takes back a change that the provider has not heard of.
func (s *Server) withdraw(w http.ResponseWriter, r *http.Request, who auth.Visitor, sub billing.Subscription, a billing.Action, done string) error {
	err := s.Store.WithdrawAction(r.Context(), who.CustomerID, a.ID, s.Now())
	if errors.Is(err, billing.ErrConflict) {
		return errors.Join(say(billing.ErrConflict, "failure.action_begun"), err)
	}
	if err != nil {
		return err
	}
	return s.toSubscription(w, sub, done)
}

// change asks for an action on a subscription and stays for its end as long as people
// like to wait: mostly the worker has done it by then.
func (s *Server) change(w http.ResponseWriter, r *http.Request, who auth.Visitor, sub billing.Subscription, a billing.Action, done string) error {
	a.Object, a.CustomerID, a.AskedBy = sub.Ref(), who.CustomerID, who.UserID
	a, err := s.Store.Ask(r.Context(), a, s.Now())
	if errors.Is(err, billing.ErrConflict) {
		return errors.Join(say(billing.ErrConflict, "failure.action_begun"), err)
	}
	if err != nil {
		return err
	}
	s.Poke()
	if a, err = s.actionEnd(r.Context(), a.ID); err != nil {
		return err
	}
	switch a.State {
	case billing.ActionDone:
		return s.toSubscription(w, sub, done)
	case billing.ActionRefused:
		return say(billing.ErrConflict, "failure.action_refused")
	case billing.ActionWithdrawn:
		return s.toSubscription(w, sub, "withdrawn")
	}
	return s.toSubscription(w, sub, "queued")
}

const (
	defaultPatience = 4 * time.Second // how long a page is kept waiting for a provider
	actionLook      = 25 * time.Millisecond
)

// actionEnd returns an action when it has ended or had to wait, or after a while as it is.
func (s *Server) actionEnd(ctx context.Context, id string) (billing.Action, error) {
	patience := time.After(s.Patience)
	for {
		a, err := s.Store.Action(ctx, id)
		held := a.Reason != "" // the provider could not be reached
		if err != nil || a.State != billing.ActionWaiting || held {
			return a, err
		}
		select {
		case <-ctx.Done():
			return a, ctx.Err()
		case <-s.Stopping:
			return a, nil
		case <-patience:
			return a, nil
		case <-time.After(actionLook):
		}
	}
}

// waitingAction is what waits to be done to an object; the zero Action: nothing.
func (s *Server) waitingAction(ctx context.Context, ref billing.Ref) (billing.Action, error) {
	a, err := s.Store.LatestAction(ctx, ref)
	if errors.Is(err, billing.ErrNotFound) || err == nil && a.State != billing.ActionWaiting {
		return billing.Action{}, nil
	}
	return a, err
}

func (s *Server) toSubscription(w http.ResponseWriter, sub billing.Subscription, done string) error {
	redirect(w, "/portal/subscriptions/"+sub.ProviderID+"?done="+done)
	return nil
}
