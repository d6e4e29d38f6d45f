package pages

import (
	"net/http"
	"net/mail"
	"strings"

	"counterfoil/twin"
)

// checkoutForm is what the buyer typed, kept as typed so that a page with a problem
// loses nothing.
type checkoutForm struct {
	Email, Name string
	Address     twin.Address
	Code        string // of a discount, not applied yet
	Choice      string // of the sum or the seats
	Card        string // the chosen test card, digits only
	Other       string // a number typed instead
}

// postedForm reads the form; a locked address is the customer's, whatever was sent.
func postedForm(r *http.Request, c twin.Checkout) checkoutForm {
	value := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	f := checkoutForm{
		Email: value("email"), Name: value("name"), Code: value("discount_code"),
		Card: value("card"), Other: value("card_number"), Choice: value("sum") + value("seats"),
		Address: twin.Address{
			Line1: value("line1"), Line2: value("line2"), PostalCode: value("postal_code"),
			City: value("city"), State: value("state"), Country: value("country"),
		},
	}
	if c.CustomerID != "" {
		f.Email = c.CustomerEmail
	}
	return f
}

// number is the card to charge, without blanks.
func (f checkoutForm) number() string {
	if f.Other != "" {
		return strings.NewReplacer(" ", "", "-", "").Replace(f.Other)
	}
	return f.Card
}

// edit is the change that the form asks for. A draft leaves out what is not fit to be
// stored yet: whoever changes the product has not finished typing.
func (f checkoutForm) edit(c twin.Checkout, draft bool) twin.CheckoutEdit {
	edit := twin.CheckoutEdit{}
	if c.CustomerID == "" && (!draft || wellFormed(f.Email)) {
		edit.CustomerEmail = &f.Email
	}
	if f.Name != "" {
		edit.CustomerName = &f.Name
	}
	if f.Address.Country != "" {
		address := f.Address
		edit.BillingAddress = &address
	}
	return edit
}

// missing lists what has to be filled in before anything can be charged.
func (f checkoutForm) missing(c twin.Checkout, card bool) problems {
	var found problems
	need := func(ok bool, field, text string) {
		if !ok {
			found = append(found, problem{field, text})
		}
	}
	need(c.CustomerID != "" || wellFormed(f.Email), "email", advice["email"])
	need(f.Address.Country != "", "country", advice["country"])
	if c.RequireBillingAddress {
		need(f.Address.Line1 != "", "line1", "Enter your street and number.")
		need(f.Address.City != "", "city", "Enter your town or city.")
	}
	need(!card || f.number() != "", "card", advice["card"])
	return found
}

func wellFormed(address string) bool {
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address && len(address) <= 254
}

// problem is a sentence about one field; an empty field means the whole page.
type problem struct{ Field, Text string }

type problems []problem

// On returns what is wrong with a field, or "".
func (ps problems) On(field string) string {
	for _, p := range ps {
		if p.Field == field {
			return p.Text
		}
	}
	return ""
}

// fieldNames maps the provider's names of inputs to ours.
var fieldNames = map[string]string{
	"customer_email": "email", "customer_name": "name", "discount_code": "discount", "confirmation_token_id": "card",
	"amount": "sum", "seats": "seats",
	"customer_billing_address": "country", "country": "country", "line1": "line1", "line2": "line2",
	"city": "city", "postal_code": "postal_code", "state": "state",
}

// advice says what to do about a field where the provider only says that it is wrong.
var advice = map[string]string{
	"email":    "Enter an e-mail address such as ada@example.com.",
	"country":  "Choose your country.",
	"card":     "Choose a card, or enter a card number.",
	"discount": "This code is not valid here. Check its spelling, or clear the field to go on without it.",
}

// fieldProblems puts each complaint beside the innermost field that we show.
func fieldProblems(invalid *twin.Invalid) problems {
	found := make(problems, 0, len(invalid.Fields))
	for _, field := range invalid.Fields {
		p := problem{Text: field.Msg}
		for _, step := range field.Loc {
			if name, _ := step.(string); fieldNames[name] != "" {
				p.Field = fieldNames[name]
			}
		}
		if advice[p.Field] != "" {
			p.Text = advice[p.Field]
		}
		found = append(found, p)
	}
	return found
}
