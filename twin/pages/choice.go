package pages

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// amountChoice is the field in which a buyer says how much to pay, or for how many seats.
type amountChoice struct {
	Name, Label, Value, Hint string
}

// choiceOf is the field that the checkout's price asks for; the zero value when it asks for none. typed is what
// the buyer wrote last, "" for nothing yet.
func choiceOf(c twin.Checkout, product twin.Product, typed string) amountChoice {
	price, ok := product.Base(c.Currency)
	switch {
	case ok && price.Kind == twin.Custom:
		choice := amountChoice{Name: "sum", Label: "What you want to pay, in " + strings.ToUpper(c.Currency), Value: typed}
		if typed == "" {
			choice.Value = decimal(c.Subtotal)
		}
		choice.Hint = "At least " + look.Money(price.MinimumAmount, c.Currency)
		if price.MaximumAmount != nil {
			choice.Hint += ", at most " + look.Money(*price.MaximumAmount, c.Currency)
		}
		choice.Hint += "."
		return choice
	case ok && price.Kind == twin.Seats:
		choice := amountChoice{Name: "seats", Label: "Seats", Value: typed}
		if typed == "" {
			choice.Value = strconv.FormatInt(c.SeatCount, 10)
		}
		return choice
	}
	return amountChoice{}
}

// chosen reads the field into the edit. changed is true when it differs from what is stored, so that the buyer
// sees the new total before anything is charged; a field that cannot be read is a problem.
func (f checkoutForm) chosen(r *http.Request, c twin.Checkout, edit *twin.CheckoutEdit) (changed bool, wrong problems) {
	if text, sent := r.PostForm["sum"]; sent && text[0] != "" {
		sum, ok := parseDecimal(text[0])
		if !ok {
			return false, problems{{"sum", "Enter an amount such as 12.50."}}
		}
		edit.CustomSum = &sum
		return sum != c.Subtotal, nil
	}
	if text, sent := r.PostForm["seats"]; sent && text[0] != "" {
		seats, err := strconv.ParseInt(strings.TrimSpace(text[0]), 10, 32)
		if err != nil || seats < 1 {
			return false, problems{{"seats", "Enter a whole number of seats."}}
		}
		edit.SeatCount = &seats
		return seats != c.SeatCount, nil
	}
	return false, nil
}

// decimal writes minor units of a two-decimal currency as a buyer would type them.
func decimal(amount int64) string { return fmt.Sprintf("%d.%02d", amount/100, amount%100) }

// parseDecimal reads "12", "12.5" or "12.50" as minor units.
func parseDecimal(text string) (int64, bool) {
	text = strings.TrimLeft(strings.TrimSpace(text), "$€£ ")
	whole, cents, _ := strings.Cut(text, ".")
	if len(cents) > 2 || len(whole) > 9 || !digits(whole) || !digits(cents) || whole+cents == "" {
		return 0, false
	}
	amount, err := strconv.ParseInt("0"+whole+(cents + "00")[:2], 10, 64)
	return amount, err == nil
}

func digits(text string) bool { return strings.Trim(text, "0123456789") == "" }
