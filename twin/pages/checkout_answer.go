package pages

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// explain shows a refusal beside the fields it is about.
func (s *server) explain(w http.ResponseWriter, r *http.Request, c twin.Checkout, f checkoutForm, err error) error {
	var invalid *twin.Invalid
	var refused *twin.Refused
	switch {
	case errors.As(err, &invalid):
		return s.renderCheckout(w, r, http.StatusUnprocessableEntity, c, f, fieldProblems(invalid))
	case !errors.As(err, &refused):
		return err
	}
	now, readErr := s.engine.Checkout(c.ID)
	if readErr != nil {
		return readErr
	}
	if now.Status != twin.CheckoutOpen { // decided in the meantime, by a second click or the clock
		return s.leave(w, r, now, "")
	}
	switch refused.Class {
	case "PaymentError":
		return s.renderCheckout(w, r, http.StatusPaymentRequired, now, f, problems{{"card", declined(refused.Detail)}})
	case "AlreadyActiveSubscriptionError":
		return s.renderCheckout(w, r, http.StatusConflict, now, f, problems{{"", "You already have a subscription here. Nothing was charged. Change its plan instead of buying a second one."}})
	}
	return s.renderCheckout(w, r, http.StatusConflict, now, f, problems{{"", refused.Detail}})
}

// renderCheckout shows the page with what is stored, what was typed, and what is wrong.
func (s *server) renderCheckout(w http.ResponseWriter, r *http.Request, status int, c twin.Checkout, f checkoutForm, wrong problems) error {
	view, err := s.checkoutView(c, f, wrong)
	if err != nil {
		return err
	}
	look.Guard(w, formTargets(c)...)
	return look.Render(w, r, status, checkoutPage(s.frame(c, view.Heading), view))
}

// end is a page for a checkout that leads nowhere any more.
func (s *server) end(w http.ResponseWriter, r *http.Request, c twin.Checkout, status int, heading, text string) error {
	back, label := webAddress(c.ReturnURL), ""
	if back != "" {
		label = "Back to " + s.engine.Organization().Name
	}
	return look.Render(w, r, status, look.Message(s.frame(c, heading), heading, text, back, label))
}

func (s *server) frame(c twin.Checkout, title string) look.Page {
	return look.Page{Title: title, Seller: s.engine.Organization().Name, Back: webAddress(c.ReturnURL)}
}

func (s *server) see(w http.ResponseWriter, r *http.Request, target string) error {
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil
}

// formOf fills the form of a fresh page: from the checkout, else from the customer it is for.
func (s *server) formOf(c twin.Checkout) checkoutForm {
	f := checkoutForm{Email: c.CustomerEmail, Name: c.CustomerName, Card: twin.CardSucceeds}
	if c.BillingAddress != nil {
		f.Address = *c.BillingAddress
	}
	known, err := s.engine.Customer(c.CustomerID)
	if err != nil {
		return f
	}
	f.Email = known.Email
	if f.Name == "" {
		f.Name = known.Name
	}
	if c.BillingAddress == nil && known.BillingAddress != nil {
		f.Address = *known.BillingAddress
	}
	return f
}

func checkoutPath(c twin.Checkout) string { return "/checkout/" + url.PathEscape(c.ClientSecret) }

// formTargets is where the form may end: the merchant's success page.
func formTargets(c twin.Checkout) []string {
	if target := origin(c.SuccessURL); target != "" {
		return []string{target}
	}
	return nil
}

// declined turns the provider's word for a failed payment into advice.
func declined(detail string) string {
	detail = strings.TrimSuffix(strings.TrimSpace(detail), ".")
	if detail == "" {
		detail = "Your card was declined"
	}
	return detail + ". Nothing was charged. Try another card."
}
