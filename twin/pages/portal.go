package pages

import (
	"net/http"
	"net/url"
	"slices"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// visitor is a customer who showed a good session token.
type visitor struct {
	org      twin.Organization
	customer twin.Customer
	session  twin.CustomerSession
}

// visit finds out who opens the portal. Without a good token it answers the request
// itself, and ok is false.
func (s *server) visit(w http.ResponseWriter, r *http.Request) (who visitor, ok bool, err error) {
	who.org = s.engine.Organization()
	if r.PathValue("slug") != who.org.Slug {
		return who, false, twin.ErrNotFound
	}
	token := r.URL.Query().Get("customer_session_token")
	err = s.engine.Read(func(v *twin.View) (err error) {
		who.session, err = v.SessionByToken(token)
		return err
	})
	if err == nil {
		who.customer, err = s.engine.CustomerByToken(token)
	}
	if err == nil {
		return who, true, nil
	}
	heading := "This link no longer works"
	return who, false, look.Render(w, r, http.StatusUnauthorized, look.Message(look.Page{Title: heading, Seller: who.org.Name}, heading,
		"Links to your purchases are good for one hour. Go back to "+who.org.Name+" and open them again from there.", "", ""))
}

// link is an address within the portal that keeps the visitor signed in.
func (who visitor) link(rest string) string {
	return portalPath(who.org.Slug, rest) + "?customer_session_token=" + url.QueryEscape(who.session.Token)
}

func (who visitor) frame(title string) look.Page {
	return look.Page{Title: title, Seller: who.org.Name, Back: webAddress(who.session.ReturnURL)}
}

func portalPath(slug, rest string) string { return "/" + url.PathEscape(slug) + "/portal" + rest }

// showPortal shows everything a customer has.
func (s *server) showPortal(w http.ResponseWriter, r *http.Request) error {
	who, ok, err := s.visit(w, r)
	if !ok || err != nil {
		return err
	}
	return look.Render(w, r, http.StatusOK, portalPage(who.frame("Your purchases"), s.portalView(who)))
}

// showCancel says what cancelling will do, before it is done.
func (s *server) showCancel(w http.ResponseWriter, r *http.Request) error {
	who, ok, err := s.visit(w, r)
	if !ok || err != nil {
		return err
	}
	sub, err := s.subscriptionOf(who, r.PathValue("id"))
	if err != nil {
		return err
	}
	product, err := s.engine.Product(sub.ProductID)
	if err != nil {
		return err
	}
	return look.Render(w, r, http.StatusOK, cancelPage(who.frame("Cancel "+product.Name), cancelView{
		Product: product.Name, Until: day(sub.PeriodEnd), Action: who.link("/subscriptions/" + sub.ID + "/cancel"),
		Back: who.link(""), Reasons: reasons,
	}))
}

// cancelSubscription schedules the end at the period's end.
func (s *server) cancelSubscription(w http.ResponseWriter, r *http.Request) error {
	who, ok, err := s.visit(w, r)
	if !ok || err != nil {
		return err
	}
	sub, err := s.subscriptionOf(who, r.PathValue("id"))
	if err != nil {
		return err
	}
	why := twin.Cancellation{Reason: r.PostFormValue("reason"), Comment: r.PostFormValue("comment")}
	if !slices.ContainsFunc(reasons, func(known reason) bool { return known.Value == why.Reason }) {
		why.Reason = ""
	}
	if _, err := s.engine.CancelSubscription(r.Context(), sub.ID, why); err != nil {
		return err
	}
	return s.see(w, r, who.link(""))
}

// uncancelSubscription takes a scheduled end back.
func (s *server) uncancelSubscription(w http.ResponseWriter, r *http.Request) error {
	who, ok, err := s.visit(w, r)
	if !ok || err != nil {
		return err
	}
	sub, err := s.subscriptionOf(who, r.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := s.engine.UncancelSubscription(r.Context(), sub.ID); err != nil {
		return err
	}
	return s.see(w, r, who.link(""))
}

// showPayment offers the cards for an order that is still to be paid.
func (s *server) showPayment(w http.ResponseWriter, r *http.Request) error {
	who, ok, err := s.visit(w, r)
	if !ok || err != nil {
		return err
	}
	order, err := s.pendingOrder(who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.renderPayment(w, r, http.StatusOK, who, order, twin.CardSucceeds, nil)
}

// payOrder charges the order again with the chosen card.
func (s *server) payOrder(w http.ResponseWriter, r *http.Request) error {
	who, ok, err := s.visit(w, r)
	if !ok || err != nil {
		return err
	}
	order, err := s.pendingOrder(who, r.PathValue("id"))
	if err != nil {
		return err
	}
	card := r.PostFormValue("card")
	paid, err := s.engine.RetryPayment(r.Context(), order.ID, card)
	switch {
	case twin.IsRefused(err, "PaymentError"), twin.IsRefused(err, "PaymentFailed"), err == nil && !paid.Paid():
		return s.renderPayment(w, r, http.StatusPaymentRequired, who, order, card, problems{{"card", declined("")}})
	case err != nil:
		return err
	}
	return s.see(w, r, who.link(""))
}

func (s *server) renderPayment(w http.ResponseWriter, r *http.Request, status int, who visitor, order twin.Order, card string, wrong problems) error {
	return look.Render(w, r, status, paymentPage(who.frame("Pay "+order.Number), paymentView{
		Number: order.Number, For: order.Description, Amount: look.Money(order.Due, order.Currency), Cards: cards(card),
		Action: who.link("/orders/" + order.ID + "/pay"), Back: who.link(""), Problems: wrong,
	}))
}

// subscriptionOf returns the visitor's own subscription; any other is not found.
func (s *server) subscriptionOf(who visitor, id string) (twin.Subscription, error) {
	for _, sub := range s.engine.SubscriptionsOf(who.customer.ID) {
		if sub.ID == id && !sub.Ended() {
			return sub, nil
		}
	}
	return twin.Subscription{}, twin.ErrNotFound
}

// pendingOrder returns the visitor's own unpaid order; any other is not found.
func (s *server) pendingOrder(who visitor, id string) (twin.Order, error) {
	for _, order := range s.engine.OrdersOf(who.customer.ID) {
		if order.ID == id && order.Status == twin.OrderPending {
			return order, nil
		}
	}
	return twin.Order{}, twin.ErrNotFound
}
