package pages

import (
	"net/http"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// bankView is the bank's question in words.
type bankView struct{ Action, Merchant, Product, Card, Amount string }

// showBank asks what a bank would ask of a card that needs one more step.
func (s *server) showBank(w http.ResponseWriter, r *http.Request) error {
	c, err := s.engine.CheckoutBySecret(r.PathValue("secret"))
	if err != nil {
		return err
	}
	if !c.Challenged {
		return s.see(w, r, checkoutPath(c))
	}
	product, err := s.engine.Product(c.ProductID)
	if err != nil {
		return err
	}
	look.Guard(w, formTargets(c)...)
	return look.Render(w, r, http.StatusOK, bankPage(look.Page{Title: "Your bank asks"}, bankView{
		Action: checkoutPath(c) + "/bank", Merchant: s.engine.Organization().Name, Product: product.Name,
		Card: lastFour(c.Card), Amount: look.Money(c.DueToday(), c.Currency),
	}))
}

// answerBank takes the answer; anything but a clear yes is a no.
func (s *server) answerBank(w http.ResponseWriter, r *http.Request) error {
	c, err := s.engine.CheckoutBySecret(r.PathValue("secret"))
	if err != nil {
		return err
	}
	if !c.Challenged { // answered before
		return s.leave(w, r, c, "")
	}
	done, err := s.engine.AnswerChallenge(r.Context(), c.ID, r.PostFormValue("answer") == "approve")
	if twin.IsRefused(err, "PaymentError") {
		now, err := s.engine.Checkout(c.ID)
		if err != nil {
			return err
		}
		return s.renderCheckout(w, r, http.StatusPaymentRequired, now, s.formOf(now), problems{{"card", "The payment was refused at your bank. Nothing was charged. Try again, or use another card."}})
	}
	if err != nil {
		return s.explain(w, r, c, s.formOf(c), err)
	}
	return s.leave(w, r, done.Checkout, done.Token)
}
