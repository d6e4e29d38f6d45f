package handlers

import (
	"errors"
	"net/http"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// latestOrders is how many orders the portal's front shows.
const latestOrders = 5

// showPortal handles GET /portal: what needs the customer first, then what he has.
func (s *Server) showPortal(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.customerFrame(r, who, "portal.title", views.NavPortal)
	if err != nil {
		return err
	}
	ctx, t := r.Context(), page.T
	sh, err := s.shelf(ctx)
	if err != nil {
		return err
	}
	subs, err := s.Store.Subscriptions(ctx, who.CustomerID)
	if err != nil {
		return err
	}
	orders, more, err := s.Store.Orders(ctx, who.CustomerID, db.Page{Size: latestOrders})
	if err != nil {
		return err
	}
	grants, err := s.Store.Grants(ctx, who.CustomerID)
	if err != nil {
		return err
	}
	meters, err := s.meters(ctx, t, sh, who.CustomerID)
	if err != nil {
		return err
	}
	model := views.Portal{
		Needs: s.needs(t, sh, subs, orders), Meters: meters, MoreOrders: more != "",
	}
	if len(subs) > 0 || len(orders) > 0 {
		model.Provider = s.providerName() // a newcomer has no card or invoice there
	}
	for _, sub := range subs {
		if sub.Live() || sub.Status == billing.Incomplete {
			model.Subscriptions = append(model.Subscriptions, subscriptionCard(t, sh, sub))
		}
	}
	for _, o := range orders {
		model.Orders = append(model.Orders, orderRow(t, sh, o))
	}
	model.Benefits, _ = benefitCards(t, sh, grants, subs)
	return s.render(w, r, http.StatusOK, views.PortalPage(page, model))
}

// customerFrame is the frame of a page that shows copies of a provider's data: it
// says how old they are.
func (s *Server) customerFrame(r *http.Request, who auth.Visitor, title string, nav views.Nav) (views.Page, error) {
	page := s.frame(r, who, title, nav)
	states, err := s.Store.SyncStates(r.Context(), who.CustomerID)
	if err != nil {
		return page, err
	}
	for _, state := range states {
		if state.Provider == s.Provider.Name() && !state.SyncedAt.IsZero() {
			page.AsOf = &views.AsOf{At: page.T.Ago(state.SyncedAt, s.Now()), Stale: state.Error != ""}
		}
	}
	notice(r, &page)
	return page, nil
}

// notice says what the last action came to, if the address names one.
func notice(r *http.Request, page *views.Page) {
	if n, ok := notices[r.URL.Query().Get("done")]; ok {
		page.Flash = &views.Flash{Tone: n.tone, Text: page.T.T(n.message)}
	}
}

// notices say what the last action came to. The address names one, and nothing of a
// text is taken from it, so a page that only reads needs to keep nothing.
var notices = map[string]struct {
	tone    views.Tone
	message string
}{
	"canceled": {views.ToneGood, "notice.canceled"},
	"resumed":  {views.ToneGood, "notice.resumed"},
	"sent":     {views.ToneGood, "notice.sent"},

	"queued":    {views.ToneWarn, "notice.queued"},
	"withdrawn": {views.ToneGood, "notice.withdrawn"},

	"saved":         {views.ToneGood, "account.saved"},
	"session_ended": {views.ToneGood, "account.session_ended"},

	"replayed":       {views.ToneGood, "admin.replayed"},
	"replayed_range": {views.ToneGood, "admin.replayed_range"},
	"resent":         {views.ToneGood, "admin.resent"},
	"restarted":      {views.ToneGood, "admin.restarted"},
	"dismissed":      {views.ToneGood, "admin.dismissed"},
	"asked":          {views.ToneGood, "admin.reconcile.asked"},
	"nothing":        {views.ToneNeutral, "admin.nothing"},
}

// needs lists what the customer should act on, the most urgent first.
func (s *Server) needs(t *views.Translator, sh shelf, subs []billing.Subscription, orders []billing.Order) []views.Need {
	var needs []views.Need
	for _, sub := range subs {
		name := sh.name(sub.ProviderProductID, t.T("plan.another"))
		switch {
		case sub.Status == billing.PastDue:
			need := views.Need{
				Tone: views.ToneBad, Title: t.T("need.past_due.title"), Action: t.T("need.past_due.action"), Post: "/portal/provider",
				Text: t.T("need.past_due.text", "Plan", name, "Amount", t.Money(sub.Amount, sub.Currency)),
			}
			if at := nextAttempt(sub, orders); !at.IsZero() {
				need.Text += " " + t.T("need.past_due.retry", "Date", t.Date(at).Text)
			}
			needs = append(needs, need)
		case sub.CancelAtPeriodEnd && sub.Live():
			needs = append(needs, views.Need{
				Tone: views.ToneWarn, Title: t.T("need.ending.title", "Plan", name, "Date", t.Date(sub.EndsAt).Text),
				Text: t.T("need.ending.text"), Action: t.T("need.ending.action"), Post: "/portal/subscriptions/" + sub.ProviderID + "/resume",
			})
		case sub.Status == billing.Trialing:
			needs = append(needs, views.Need{
				Tone: views.ToneNeutral, Title: t.T("need.trial.title", "Plan", name, "Date", t.Date(sub.TrialEnd).Text),
				Text:   t.T("need.trial.text", "Amount", t.Money(sub.Amount, sub.Currency)),
				Action: t.T("need.trial.action"), URL: "/portal/subscriptions/" + sub.ProviderID,
			})
		}
	}
	return needs
}

// nextAttempt is when the failed payment of a subscription is tried again; zero if unknown.
func nextAttempt(sub billing.Subscription, orders []billing.Order) time.Time {
	for _, o := range orders {
		if o.ProviderSubscriptionID == sub.ProviderID && o.Status == billing.OrderPending && !o.NextAttemptAt.IsZero() {
			return o.NextAttemptAt
		}
	}
	return time.Time{}
}

// openProviderPortal handles POST /portal/provider: a short-lived link to the
// provider's own portal, for cards, invoices and tax ids.
func (s *Server) openProviderPortal(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	known, err := s.Store.ProviderCustomer(r.Context(), s.Provider.Name(), who.CustomerID)
	if errors.Is(err, billing.ErrNotFound) {
		return say(billing.ErrConflict, "failure.no_provider_customer")
	}
	if err != nil {
		return err
	}
	url, err := s.Provider.PortalURL(r.Context(), known.ProviderID, s.BaseURL+"/portal")
	if err != nil {
		return s.providerFailure(err, "failure.portal_down")
	}
	return s.toProvider(w, url)
}

// providerFailure adds the reader's sentence to a provider that cannot be reached;
// any other error is left as it is.
func (s *Server) providerFailure(err error, message string) error {
	if errors.Is(err, billing.ErrProvider) {
		return errors.Join(say(billing.ErrProvider, message), err)
	}
	return err
}

// providerName is how people know the provider.
func (s *Server) providerName() string {
	switch name := s.Provider.Name(); name {
	case "polar":
		return "Polar"
	case "stellartools":
		return "StellarTools"
	default:
		return name
	}
}
