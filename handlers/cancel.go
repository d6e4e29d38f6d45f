package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
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

// cancelSubscription handles POST /portal/subscriptions/{id}/cancel. Sent twice it
// changes nothing the second time. When the provider's answer is lost, the truth is
// read by the worker and the page says so; it is never sent again blindly.
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
	case canResume(sub):
		return s.toSubscription(w, sub, "canceled") // sent twice
	case !canCancel(sub):
		return say(billing.ErrConflict, "failure.not_cancelable")
	}
	changed, err := s.Provider.CancelSubscription(r.Context(), sub.ProviderID, c)
	if err != nil {
		return s.actionFailed(r, who, sub, err, "failure.cancel_down")
	}
	if err := s.apply(r.Context(), "cancel", changed, changed.ProviderCustomerID); err != nil {
		return err
	}
	return s.toSubscription(w, sub, "canceled")
}

// resumeSubscription handles POST /portal/subscriptions/{id}/resume: it takes a
// cancellation back before it took effect.
func (s *Server) resumeSubscription(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	sub, err := s.Store.Subscription(r.Context(), who.CustomerID, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !canResume(sub) {
		if sub.Live() {
			return s.toSubscription(w, sub, "resumed") // sent twice
		}
		return say(billing.ErrConflict, "failure.not_resumable")
	}
	changed, err := s.Provider.ResumeSubscription(r.Context(), sub.ProviderID)
	if err != nil {
		return s.actionFailed(r, who, sub, err, "failure.resume_down")
	}
	if err := s.apply(r.Context(), "resume", changed, changed.ProviderCustomerID); err != nil {
		return err
	}
	return s.toSubscription(w, sub, "resumed")
}

// actionFailed has the customer's objects read anew, since the mirror was behind or
// the answer was lost, and says what the reader can do.
func (s *Server) actionFailed(r *http.Request, who auth.Visitor, sub billing.Subscription, err error, message string) error {
	job := db.Job{Kind: db.JobReconcileCustomer, Key: who.CustomerID, CustomerID: who.CustomerID}
	if wished := s.Store.Enqueue(r.Context(), job, s.Now(), s.Now()); wished != nil {
		err = errors.Join(err, wished)
	}
	s.Poke()
	switch {
	case errors.Is(err, billing.ErrUnknown):
		return errors.Join(say(billing.ErrProvider, "failure.action_unknown"), err)
	case errors.Is(err, billing.ErrProvider):
		return errors.Join(say(billing.ErrProvider, message), err)
	case errors.Is(err, billing.ErrConflict), errors.Is(err, billing.ErrDenied):
		return errors.Join(say(billing.ErrConflict, "failure.action_refused"), err)
	}
	return fmt.Errorf("change subscription %s: %w", sub.ProviderID, err)
}

func (s *Server) toSubscription(w http.ResponseWriter, sub billing.Subscription, done string) error {
	redirect(w, "/portal/subscriptions/"+sub.ProviderID+"?done="+done)
	return nil
}
