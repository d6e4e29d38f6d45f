package handlers

import (
	"context"
	"errors"
	"net/http"

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
	grants, err := s.grants(ctx, who, subs)
	if err != nil {
		return err
	}
	meters, err := s.meters(ctx, t, sh, who.CustomerID)
	if err != nil {
		return err
	}
	if !who.Bills() { // a member sees what he uses, not what it costs
		benefits, _ := benefitCards(t, sh, grants, subs)
		return s.render(w, r, http.StatusOK, views.PortalPage(page, views.Portal{Member: true, Meters: meters, Benefits: benefits}))
	}
	model := views.Portal{
		Needs: s.needs(t, sh, subs, orders), Meters: meters, MoreOrders: more != "",
	}
	if len(subs) > 0 || len(orders) > 0 {
		model.Provider = s.providerName() // a newcomer has no card or invoice there
	}
	if len(subs) == 0 && who.OrganizationID == "" && len(page.Acting.Other) > 0 { // what he has is not his own
		model.Needs = append(model.Needs, views.Need{
			Tone: views.ToneNeutral, Title: t.T("need.org.title"), Text: t.T("need.org.text"), Action: t.T("need.org.action"), URL: "/orgs",
		})
	}
	for _, sub := range subs {
		if sub.Status != billing.Canceled {
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
// says how old they are, and that they may lack something before all was copied once.
func (s *Server) customerFrame(r *http.Request, who auth.Visitor, title string, nav views.Nav) (views.Page, error) {
	page := s.frame(r, who, title, nav)
	asOf, err := s.asOf(r.Context(), page.T, who.CustomerID)
	if err != nil {
		return page, err
	}
	page.AsOf = asOf
	notice(r, &page)
	if asOf == nil && page.Flash == nil {
		page.Flash = &views.Flash{Tone: views.ToneNeutral, Text: page.T.T("asof.copying", "Provider", s.providerName())}
	}
	return page, nil
}

// asOf says how old our copies of what a provider knows are: of a customer, or (customerID
// empty) of the plans. They are stale while the provider does not answer, and until it was
// read again. It is nil before anything was copied.
func (s *Server) asOf(ctx context.Context, t *views.Translator, customerID string) (*views.AsOf, error) {
	states, err := s.Store.SyncStates(ctx, customerID)
	if err != nil {
		return nil, err
	}
	for _, state := range states {
		if state.Provider == s.Provider.Name() && !state.SyncedAt.IsZero() {
			failures, _ := s.ProviderFailing()
			return &views.AsOf{At: t.Ago(state.SyncedAt, s.Now()), Stale: state.Error != "" || failures > 0}, nil
		}
	}
	return nil, nil
}

// plansFrame is the frame of a page about plans, which says how old our copy of them is
// only while it is stale.
func (s *Server) plansFrame(r *http.Request, who auth.Visitor, title string) (views.Page, error) {
	page := s.frame(r, who, title, views.NavPlans)
	asOf, err := s.asOf(r.Context(), page.T, who.CustomerID)
	if asOf != nil && asOf.Stale {
		page.AsOf = asOf
	}
	return page, err
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

	"org_created":  {views.ToneGood, "orgs.created"},
	"org_switched": {views.ToneGood, "orgs.switched"},
	"org_invited":  {views.ToneGood, "org.invited_done"},
	"org_revoked":  {views.ToneGood, "org.revoked"},
	"org_changed":  {views.ToneGood, "org.changed"},
	"org_removed":  {views.ToneGood, "org.removed"},
	"org_left":     {views.ToneGood, "org.left"},
	"org_deleted":  {views.ToneGood, "org.deleted"},
	"org_joined":   {views.ToneGood, "org.joined"},

	"seat_given":   {views.ToneGood, "seat.done.given"},
	"seat_revoked": {views.ToneGood, "seat.done.revoked"},
	"seat_resent":  {views.ToneGood, "seat.done.resent"},
	"seat_claimed": {views.ToneGood, "seat.done.claimed"},
	"seat_changed": {views.ToneGood, "seat.done.changed"},
	"seat_queued":  {views.ToneWarn, "seat.done.queued"},

	"queued":    {views.ToneWarn, "notice.queued"},
	"withdrawn": {views.ToneGood, "notice.withdrawn"},

	"passkey_added":    {views.ToneGood, "passkeys.done.added"},
	"passkey_removed":  {views.ToneGood, "passkeys.done.removed"},
	"totp_removed":     {views.ToneGood, "totp.removed"},
	"reset":            {views.ToneGood, "reset.done"},
	"password_set":     {views.ToneGood, "password.done.set"},
	"password_changed": {views.ToneGood, "password.done.changed"},
	"password_removed": {views.ToneGood, "password.done.removed"},

	"saved":          {views.ToneGood, "account.saved"},
	"unlinked":       {views.ToneGood, "account.identities.unlinked"},
	"session_ended":  {views.ToneGood, "account.session_ended"},
	"sessions_ended": {views.ToneGood, "account.sessions_ended"},
	"email_half":     {views.ToneGood, "account.email.half"},
	"email_changed":  {views.ToneGood, "account.email.changed"},
	"email_canceled": {views.ToneGood, "account.email.canceled"},

	"replayed":       {views.ToneGood, "admin.replayed"},
	"retried":        {views.ToneGood, "admin.retried"},
	"replayed_range": {views.ToneGood, "admin.replayed_range"},
	"resent":         {views.ToneGood, "admin.resent"},
	"restarted":      {views.ToneGood, "admin.restarted"},
	"dismissed":      {views.ToneGood, "admin.dismissed"},
	"asked":          {views.ToneGood, "admin.reconcile.asked"},
	"counts":         {views.ToneGood, "admin.frozen.done"},
	"signed_out":     {views.ToneGood, "people.ended"},
	"revoked":        {views.ToneGood, "keys.revoked"},
	"nothing":        {views.ToneNeutral, "admin.nothing"},
}

// needs lists what the customer should act on, the most urgent first.
func (s *Server) needs(t *views.Translator, sh shelf, subs []billing.Subscription, orders []billing.Order) []views.Need {
	var needs []views.Need
	for _, sub := range subs {
		name := sh.name(sub.ProviderProductID, t.T("plan.another"))
		if sub.Status == billing.PastDue {
			due := dueOrder(sub, orders)
			need := views.Need{
				Tone: views.ToneBad, Title: t.T("need.past_due.title"), Action: t.T("need.past_due.action"), Post: "/portal/provider",
				Text: t.T("need.past_due.text", "Plan", name, "Amount", t.Money(due.Total, due.Currency)),
			}
			if !due.NextAttemptAt.IsZero() {
				need.Text += " " + t.T("need.past_due.retry", "Date", t.Date(due.NextAttemptAt).Text)
			}
			needs = append(needs, need)
		}
		switch {
		case sub.CancelAtPeriodEnd && sub.Live():
			text := t.T("need.ending.text")
			if sub.Status == billing.PastDue {
				text = t.T("need.ending.due")
			}
			needs = append(needs, views.Need{
				Tone: views.ToneWarn, Title: t.T("need.ending.title", "Plan", name, "Date", t.Date(sub.EndsAt).Text),
				Text: text, Action: t.T("need.ending.action"), Post: "/portal/subscriptions/" + sub.ProviderID + "/resume",
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

// dueOrder is the order of a subscription whose payment failed. While it is not in the
// mirror, or not among the latest, what is known of it is what a period costs.
func dueOrder(sub billing.Subscription, orders []billing.Order) billing.Order {
	for _, o := range orders {
		if o.ProviderSubscriptionID == sub.ProviderID && o.Status == billing.OrderPending {
			return o
		}
	}
	return billing.Order{Total: sub.Amount, Currency: sub.Currency}
}

// openProviderPortal handles POST /portal/provider: a short-lived link to the
// provider's own portal, for cards, invoices and tax ids. Plans are canceled and cards
// changed there, so it takes the same fresh proof that doing so here does.
func (s *Server) openProviderPortal(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	known, err := s.Store.ProviderCustomer(r.Context(), s.Provider.Name(), who.CustomerID)
	if errors.Is(err, billing.ErrNotFound) {
		return say(billing.ErrConflict, "failure.no_provider_customer")
	}
	if err != nil {
		return err
	}
	url, err := billing.PortalOf(r.Context(), s.Provider, billing.Member{
		ProviderCustomerID: known.ProviderID, UserID: who.UserID, Email: who.Email, Name: who.Name, Role: who.Role,
	}, s.BaseURL+"/portal")
	switch {
	case errors.Is(err, billing.ErrInvalid), errors.Is(err, billing.ErrConflict), errors.Is(err, billing.ErrDenied), errors.Is(err, billing.ErrNotFound):
		// The wrapped kind is not passed on: the page is ours and is there.
		s.Log.WarnContext(r.Context(), "the provider opens no portal", "customer", who.CustomerID, "err", err)
		return say(billing.ErrConflict, "failure.portal_refused")
	case err != nil:
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
