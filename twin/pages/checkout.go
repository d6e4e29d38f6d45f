package pages

import (
	"net/http"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// showCheckout shows an open checkout; one that is over says how it ended.
func (s *server) showCheckout(w http.ResponseWriter, r *http.Request) error {
	c, err := s.engine.CheckoutBySecret(r.PathValue("secret"))
	if err != nil {
		return err
	}
	switch {
	case c.Challenged:
		return s.see(w, r, checkoutPath(c)+"/bank")
	case c.Status == twin.CheckoutSucceeded:
		return s.see(w, r, checkoutPath(c)+"/confirmation")
	case c.Status == twin.CheckoutExpired, c.Status == twin.CheckoutOpen && !s.engine.Now().Before(c.ExpiresAt):
		return s.end(w, r, c, http.StatusGone, "This checkout has expired", "Nothing was charged. Go back and start again: it takes a moment.")
	case c.Status != twin.CheckoutOpen:
		return s.end(w, r, c, http.StatusConflict, "This checkout is closed", "Nothing was charged. Go back and start again.")
	}
	return s.renderCheckout(w, r, http.StatusOK, c, s.formOf(c), nil)
}

// editCheckout handles every button of the checkout's one form. Pressing Enter in a
// field presses none of them: it pays, or tries the code that was just typed.
func (s *server) editCheckout(w http.ResponseWriter, r *http.Request) error {
	c, err := s.engine.CheckoutBySecret(r.PathValue("secret"))
	if err != nil {
		return err
	}
	if c.Status != twin.CheckoutOpen {
		return s.leave(w, r, c, "") // sent twice: the first one counted
	}
	f := postedForm(r, c)
	choice := f.edit(c, true)
	changed, wrong := f.chosen(r, c, &choice)
	if len(wrong) > 0 {
		return s.renderCheckout(w, r, http.StatusUnprocessableEntity, c, f, wrong)
	}
	switch do, chosen := r.PostFormValue("do"), r.PostFormValue("product"); {
	case chosen != "":
		edit := f.edit(c, true)
		edit.ProductID = &chosen
		return s.update(w, r, c, f, edit)
	case do == "remove":
		edit := f.edit(c, true)
		edit.DiscountCode = new(string)
		return s.update(w, r, c, f, edit)
	case do == "apply" || f.Code != "":
		// A code still in the field is tried before anybody pays the full price.
		edit := f.edit(c, true)
		edit.DiscountCode = &f.Code
		return s.update(w, r, c, f, edit)
	case do == "update" || changed: // the new total is shown before anybody pays it
		return s.update(w, r, c, f, choice)
	default:
		return s.pay(w, r, c, f)
	}
}

// update stores what the buyer chose and shows the checkout anew.
func (s *server) update(w http.ResponseWriter, r *http.Request, c twin.Checkout, f checkoutForm, edit twin.CheckoutEdit) error {
	if edit.DiscountCode != nil && *edit.DiscountCode == "" && c.DiscountID == "" {
		return s.renderCheckout(w, r, http.StatusUnprocessableEntity, c, f, problems{{"discount", "Enter a discount code."}})
	}
	if _, err := s.engine.UpdateCheckout(r.Context(), c.ID, edit); err != nil {
		return s.explain(w, r, c, f, err)
	}
	return s.see(w, r, checkoutPath(c))
}

// pay confirms the checkout. The buyer leaves for the merchant, for the bank's
// question, or stays with a sentence that says what to change.
func (s *server) pay(w http.ResponseWriter, r *http.Request, c twin.Checkout, f checkoutForm) error {
	card := ""
	if c.NeedsCard() {
		card = f.number()
	}
	if missing := f.missing(c, c.NeedsCard()); len(missing) > 0 {
		return s.renderCheckout(w, r, http.StatusUnprocessableEntity, c, f, missing)
	}
	done, err := s.engine.ConfirmCheckout(r.Context(), c.ID, f.edit(c, false), card)
	if err != nil {
		return s.explain(w, r, c, f, err)
	}
	if done.Challenged {
		return s.see(w, r, checkoutPath(c)+"/bank")
	}
	return s.leave(w, r, done.Checkout, done.Token)
}

// leave sends the buyer of a finished checkout on. As the provider does, it first
// gives the merchant a chance to hear of it (Config.Deliver).
func (s *server) leave(w http.ResponseWriter, r *http.Request, c twin.Checkout, token string) error {
	if c.Status != twin.CheckoutSucceeded {
		return s.see(w, r, checkoutPath(c))
	}
	s.engine.WaitDelivered(r.Context(), "checkout.updated", c.ID, s.Deliver)
	target := webAddress(c.SuccessAddress(s.BaseURL+checkoutPath(c), token))
	if target == "" {
		target = checkoutPath(c) + "/confirmation"
	}
	return s.see(w, r, target)
}

// showConfirmation is the receipt for merchants that name no page of their own, and
// what a used checkout shows to anybody who opens it again.
func (s *server) showConfirmation(w http.ResponseWriter, r *http.Request) error {
	c, err := s.engine.CheckoutBySecret(r.PathValue("secret"))
	if err != nil {
		return err
	}
	if c.Status != twin.CheckoutSucceeded {
		return s.see(w, r, checkoutPath(c))
	}
	view, err := s.receipt(c, r.URL.Query().Get("customer_session_token"))
	if err != nil {
		return err
	}
	return look.Render(w, r, http.StatusOK, confirmationPage(s.frame(c, "Thank you"), view))
}
