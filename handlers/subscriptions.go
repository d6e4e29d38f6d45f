package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
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

// subscriptionOrders is how many orders the page of a subscription shows: two years by the
// month. The others are on the list of all.
const subscriptionOrders = 24

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
	grants, err := s.grants(ctx, who, []billing.Subscription{sub})
	if err != nil {
		return err
	}
	orders, err := s.Store.OrdersOfSubscription(ctx, who.CustomerID, sub.ProviderID, subscriptionOrders)
	if err != nil {
		return err
	}
	model := views.SubscriptionDetail{
		Subscription: subscriptionCard(page.T, sh, sub),
		CanCancel:    canCancel(sub), CanResume: canResume(sub), Provider: s.providerName(),
	}
	if canChangeSeats(sub) {
		model.SeatsURL = "/portal/subscriptions/" + sub.ProviderID + "/seats"
	}
	if page.Acting.Slug != "" && sub.Seats > 0 && sub.Live() {
		model.PeopleURL = "/orgs/" + page.Acting.Slug
	}
	if err := s.pending(ctx, page.T, sub, &model); err != nil {
		return err
	}
	grants = slices.DeleteFunc(grants, func(g billing.Grant) bool { return g.ProviderSubscriptionID != sub.ProviderID })
	model.Benefits, _ = benefitCards(page.T, sh, grants, []billing.Subscription{sub})
	for _, o := range orders {
		model.Orders = append(model.Orders, orderRow(page.T, sh, o))
	}
	page.Title = model.Subscription.Product
	if outdated(r, sub, model.Pending != "") {
		page.Flash = nil
	}
	return s.render(w, r, http.StatusOK, views.SubscriptionPage(page, model))
}

// outdated reports whether the address tells of a change that no longer is how things
// stand: the page was reached by the back button or a bookmark.
func outdated(r *http.Request, sub billing.Subscription, waiting bool) bool {
	switch r.URL.Query().Get("done") {
	case "canceled":
		return !canResume(sub)
	case "resumed", "withdrawn":
		return !canCancel(sub)
	case "queued":
		return !waiting
	}
	return false
}

// refusalShown is how long the page of a subscription goes on to say that the provider
// refused a change.
const refusalShown = 7 * 24 * time.Hour

// actionWords name the messages about a change that waits, or that was refused.
var actionWords = map[billing.ActionKind]struct{ waiting, refused string }{
	billing.ActionCancel: {"action.cancel.waiting", "action.cancel.refused"},
	billing.ActionResume: {"action.resume.waiting", "action.resume.refused"},

	billing.ActionChangeSeats: {"action.change_seats.waiting", "action.change_seats.refused"},
}

// pending says what was asked for and is not done. A cancellation or a resume that waits can
// be taken back until the provider is asked.
func (s *Server) pending(ctx context.Context, t *views.Translator, sub billing.Subscription, model *views.SubscriptionDetail) error {
	a, err := s.Store.LatestAction(ctx, sub.Ref())
	if errors.Is(err, billing.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case a.State == billing.ActionWaiting:
		model.CanCancel, model.CanResume, model.SeatsURL = false, false, ""
		model.CanWithdraw = a.Kind == billing.ActionCancel && a.BegunAt.IsZero()
		model.CanWithdrawResume = a.Kind == billing.ActionResume && a.BegunAt.IsZero()
		model.Pending = t.T(actionWords[a.Kind].waiting, "Provider", s.providerName(), "Ago", t.Ago(a.AskedAt, s.Now()).Text)
	case a.State == billing.ActionRefused && s.Now().Sub(a.EndedAt) < refusalShown && sub.Version <= a.EndedAt.UnixMicro():
		model.Pending = t.T(actionWords[a.Kind].refused, "Provider", s.providerName(), "Ago", t.Ago(a.EndedAt, s.Now()).Text)
	}
	return nil
}

func canCancel(sub billing.Subscription) bool { return sub.Live() && !sub.CancelAtPeriodEnd }
func canResume(sub billing.Subscription) bool { return sub.Live() && sub.CancelAtPeriodEnd }

// subscriptionCard is a subscription in the words of a page.
func subscriptionCard(t *views.Translator, sh shelf, sub billing.Subscription) views.Subscription {
	card := views.Subscription{
		ID: sub.ProviderID, Product: sh.name(sub.ProviderProductID, t.T("plan.another")),
		Status: views.SubscriptionStatus(sub.Status), Price: t.Money(sub.Amount, sub.Currency),
		Interval: views.Interval(sub.Interval), Count: sub.IntervalCount, Started: t.Date(sub.StartedAt), Ended: t.Date(sub.EndedAt),
	}
	if sub.Seats > 0 {
		card.Seats = t.T("seats.plan", "Seats", t.Number(int64(sub.Seats)))
	}
	metered := sh.products[sub.ProviderProductID].Metered()
	if sub.Amount == 0 && !metered {
		card.Price, card.Interval = t.T("plan.free"), views.Once
	}
	if canResume(sub) {
		card.Status, card.Ends, card.Due = views.SubscriptionEnding, t.Date(sub.EndsAt), sub.Status == billing.PastDue
	}
	if due, amount, ok := sub.NextCharge(); ok {
		card.Renews, card.Amount = t.Date(due), t.Money(amount.Amount, amount.Currency)
		if metered {
			card.Amount = t.T("subscription.and_usage", "Amount", card.Amount)
		}
	}
	if sub.Status == billing.Trialing && card.Ends.Text == "" {
		card.Ends = t.Date(sub.TrialEnd)
	}
	amounts, benefits := sh.included(t, sh.products[sub.ProviderProductID])
	card.Included = append(amounts, benefits...)
	return card
}
