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

// showSubscriptions handles GET /portal/subscriptions: what runs, and what is over.
func (s *Server) showSubscriptions(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.customerFrame(r, who, "subscriptions.title", views.NavPortal)
	if err != nil {
		return err
	}
	sh, err := s.shelf(r.Context())
	if err != nil {
		return err
	}
	subs, err := s.Store.Subscriptions(r.Context(), who.CustomerID)
	if err != nil {
		return err
	}
	var model views.Subscriptions
	for _, sub := range subs {
		card := subscriptionCard(page.T, sh, sub)
		if sub.Status == billing.Canceled {
			model.Past = append(model.Past, card)
		} else {
			model.Running = append(model.Running, card)
		}
	}
	return s.render(w, r, http.StatusOK, views.SubscriptionsPage(page, model))
}

// showSubscription handles GET /portal/subscriptions/{id}.
func (s *Server) showSubscription(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.customerFrame(r, who, "subscriptions.title", views.NavPortal)
	if err != nil {
		return err
	}
	ctx := r.Context()
	sub, err := s.Store.Subscription(ctx, who.CustomerID, r.PathValue("id"))
	if err != nil {
		return err
	}
	sh, err := s.shelf(ctx)
	if err != nil {
		return err
	}
	grants, err := s.Store.Grants(ctx, who.CustomerID)
	if err != nil {
		return err
	}
	orders, _, err := s.Store.Orders(ctx, who.CustomerID, db.Page{Size: 100})
	if err != nil {
		return err
	}
	model := views.SubscriptionDetail{
		Subscription: subscriptionCard(page.T, sh, sub),
		CanCancel:    canCancel(sub), CanResume: canResume(sub), Provider: s.providerName(),
	}
	grants = slices.DeleteFunc(grants, func(g billing.Grant) bool { return g.ProviderSubscriptionID != sub.ProviderID })
	model.Benefits, _ = benefitCards(page.T, sh, grants, []billing.Subscription{sub})
	for _, o := range orders {
		if o.ProviderSubscriptionID == sub.ProviderID {
			model.Orders = append(model.Orders, orderRow(page.T, sh, o))
		}
	}
	page.Title = model.Subscription.Product
	return s.render(w, r, http.StatusOK, views.SubscriptionPage(page, model))
}

func canCancel(sub billing.Subscription) bool { return sub.Live() && !sub.CancelAtPeriodEnd }
func canResume(sub billing.Subscription) bool { return sub.Live() && sub.CancelAtPeriodEnd }

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

// subscriptionCard is a subscription in the words of a page.
func subscriptionCard(t *views.Translator, sh shelf, sub billing.Subscription) views.Subscription {
	card := views.Subscription{
		ID: sub.ProviderID, Product: sh.name(sub.ProviderProductID, t.T("plan.another")),
		Status: views.SubscriptionStatus(sub.Status), Price: t.Money(sub.Amount, sub.Currency),
		Interval: views.Interval(sub.Interval), Started: t.Date(sub.StartedAt), Ended: t.Date(sub.EndedAt),
	}
	if sub.Amount == 0 {
		card.Price, card.Interval = t.T("plan.free"), views.Once
	}
	if canResume(sub) {
		card.Status, card.Ends = views.SubscriptionEnding, t.Date(sub.EndsAt)
	}
	if due, amount, ok := sub.NextCharge(); ok {
		card.Renews, card.Amount = t.Date(due), t.Money(amount.Amount, amount.Currency)
	}
	if sub.Status == billing.Trialing && card.Ends.Text == "" {
		card.Ends = t.Date(sub.TrialEnd)
	}
	amounts, benefits := sh.included(t, sh.products[sub.ProviderProductID])
	card.Included = append(amounts, benefits...)
	return card
}
