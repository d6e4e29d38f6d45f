package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// showChangeSeats handles GET /portal/subscriptions/{id}/seats?seats=N: what another number
// of seats costs, before it is bought.
func (s *Server) showChangeSeats(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	sub, err := s.seatSubscription(r, who)
	if err != nil {
		return err
	}
	typed, problem := r.URL.Query().Get("seats"), ""
	return s.changeSeatsPage(w, r, who, sub, http.StatusOK, typed, problem)
}

// seatSubscription finds a subscription whose number of seats can be changed.
func (s *Server) seatSubscription(r *http.Request, who auth.Visitor) (billing.Subscription, error) {
	sub, err := s.Store.Subscription(r.Context(), who.CustomerID, r.PathValue("id"))
	if err != nil {
		return sub, err
	}
	if !canChangeSeats(sub) {
		return sub, say(billing.ErrConflict, "seats.not_now")
	}
	sh, err := s.shelf(r.Context())
	if err != nil {
		return sub, err
	}
	if !soldAsListed(sh, sub) {
		return sub, say(billing.ErrConflict, "seats.other_price", "Provider", s.providerName())
	}
	return sub, nil
}

// soldAsListed reports whether a subscription costs what its product is sold at now. One
// that keeps an older price, or has a discount, does not: what more seats of it cost is
// known to the provider alone, and a wrong sum is worse than none.
func soldAsListed(sh shelf, sub billing.Subscription) bool {
	seats, err := seatPrice(sh, sub).Of(sub.Seats)
	if err != nil {
		return false
	}
	fixed, err := sh.products[sub.ProviderProductID].BasePrice(sub.Currency)
	if err == nil && fixed.Kind == billing.PriceFixed {
		seats += fixed.Amount
	}
	return seats == sub.Amount
}

// seatMark names what a preview was worked out from. A form that brings another one than
// holds now was made before the seats, their price or the period changed.
func seatMark(sub billing.Subscription, price billing.SeatPrice, seats int) string {
	after, err := price.Of(seats)
	if err != nil {
		after = -1 // such a number has no preview
	}
	return fmt.Sprintf("%d-%d-%d-%d", sub.Seats, sub.PeriodEnd.Unix(), sub.Amount, after)
}

// canChangeSeats: a payment that failed is to be made good first.
func canChangeSeats(sub billing.Subscription) bool {
	return sub.Seats > 0 && !sub.CancelAtPeriodEnd && (sub.Status == billing.Active || sub.Status == billing.Trialing)
}

// changeSeatsPage shows the form, and the price once another number was typed. problem is
// a message of the catalogue.
func (s *Server) changeSeatsPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, sub billing.Subscription, status int, typed, problem string) error {
	page, err := s.customerFrame(r, who, "", views.NavPortal)
	if err != nil {
		return err
	}
	sh, err := s.shelf(r.Context())
	if err != nil {
		return err
	}
	given, err := s.givenSeats(r, who, sub)
	if err != nil {
		return err
	}
	t, price := page.T, seatPrice(sh, sub)
	model := views.ChangeSeats{
		Subscription: subscriptionCard(t, sh, sub), Seats: clip(typed, 20), Least: max(1, price.Least, given), Most: price.Most,
		Given: t.T("seats.given", "Total", t.Number(int64(sub.Seats)), "Given", t.Number(int64(given))),
	}
	page.Title = t.T("seats.change.title", "Product", model.Subscription.Product)
	if problem != "" {
		model.Error = t.T(problem)
	}
	if typed == "" {
		model.Seats = strconv.Itoa(sub.Seats)
		return s.render(w, r, status, views.ChangeSeatsPage(page, model))
	}
	seats, sentence := wantedSeats(t, typed, sub, price, model.Least)
	if sentence != "" {
		model.Error = sentence
		return s.render(w, r, max(status, http.StatusBadRequest), views.ChangeSeatsPage(page, model))
	}
	model.From = seatMark(sub, price, seats)
	model.Facts, model.Button, err = s.seatFacts(t, sub, price, seats)
	if err != nil {
		return err
	}
	return s.render(w, r, status, views.ChangeSeatsPage(page, model))
}

// wantedSeats reads the number that was typed, or says why it cannot be bought.
func wantedSeats(t *views.Translator, typed string, sub billing.Subscription, price billing.SeatPrice, least int) (int, string) {
	seats, err := strconv.Atoi(strings.TrimSpace(typed))
	switch {
	case err != nil:
		return 0, t.T("seats.bad")
	case seats == sub.Seats:
		return 0, t.T("seats.same")
	case seats < least:
		return 0, t.T("seats.least", "Least", t.Number(int64(least)))
	case price.Most > 0 && seats > price.Most:
		return 0, t.T("seats.most", "Most", t.Number(int64(price.Most)))
	}
	if _, err := price.Of(seats); err != nil {
		return 0, t.T("seats.bad")
	}
	return seats, ""
}

// seatPrice is what the subscription's product costs by the seat.
func seatPrice(sh shelf, sub billing.Subscription) billing.SeatPrice {
	price, _ := sh.products[sub.ProviderProductID].SeatPrice(sub.Currency)
	return price
}

// seatFacts states what another number of seats costs, from when, and what of it today.
// What is not paid by the seat (a fixed part) stays in both sums.
func (s *Server) seatFacts(t *views.Translator, sub billing.Subscription, price billing.SeatPrice, seats int) ([]views.PriceLine, string, error) {
	before, err := price.Of(sub.Seats)
	if err != nil {
		return nil, "", err
	}
	after, err := price.Of(seats)
	if err != nil {
		return nil, "", err
	}
	money := func(amount int64) string { return t.Money(amount, sub.Currency) }
	due, now := sub.PeriodEnd, views.PriceLine{Term: t.T("seats.now")}
	rest := billing.Rest(after-before, sub.PeriodStart, sub.PeriodEnd, s.Now())
	switch {
	case sub.Status == billing.Trialing:
		due = sub.TrialEnd
		now.Value, now.Note = t.T("seats.now.trial"), t.T("seats.now.trial.note")
	case seats > sub.Seats:
		now.Value, now.Note = t.T("seats.now.charge", "Amount", money(rest)), t.T("seats.now.charge.note")
	default:
		now.Value, now.Note = t.T("seats.now.credit"), t.T("seats.now.credit.note", "Amount", money(-rest))
	}
	later := views.PriceLine{
		Term: t.T("seats.from", "Date", t.Date(due).Text), Value: strings.TrimSpace(money(sub.Amount-before+after) + " " + t.Per(views.Interval(sub.Interval), sub.IntervalCount)),
		Note: t.T("seats.from.note", "Old", money(sub.Amount)),
	}
	button := "seats.buy"
	if seats < sub.Seats {
		button = "seats.reduce"
	}
	return []views.PriceLine{now, later}, t.T(button, "Seats", t.Number(int64(seats))), nil
}

// givenSeats counts the seats of a subscription that are taken.
func (s *Server) givenSeats(r *http.Request, who auth.Visitor, sub billing.Subscription) (given int, err error) {
	taken, err := s.Store.TakenSeats(r.Context(), who.CustomerID)
	for _, seat := range taken {
		if seat.ProviderSubscriptionID == sub.ProviderID {
			given++
		}
	}
	return given, err
}

// changeSeats handles POST /portal/subscriptions/{id}/seats. More seats are paid at once,
// and nothing changes if that fails; fewer are taken off the next bill.
func (s *Server) changeSeats(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	sub, err := s.seatSubscription(r, who)
	if err != nil {
		return err
	}
	typed := r.PostFormValue("seats")
	sh, err := s.shelf(r.Context())
	if err != nil {
		return err
	}
	given, err := s.givenSeats(r, who, sub)
	if err != nil {
		return err
	}
	price := seatPrice(sh, sub)
	wanted, _ := strconv.Atoi(strings.TrimSpace(typed)) // 0 has no preview
	if r.PostFormValue("from") != seatMark(sub, price, wanted) {
		return s.changeSeatsPage(w, r, who, sub, http.StatusConflict, typed, "seats.moved")
	}
	page := s.frame(r, who, "", views.NavPortal)
	seats, sentence := wantedSeats(page.T, typed, sub, price, max(1, price.Least, given))
	if sentence != "" {
		return s.changeSeatsPage(w, r, who, sub, http.StatusBadRequest, typed, "")
	}
	err = s.change(w, r, who, sub, billing.Action{Kind: billing.ActionChangeSeats, Seats: billing.SeatChange{
		ProviderSubscriptionID: sub.ProviderID, Seats: seats, Now: seats > sub.Seats,
	}}, "seat_changed")
	if errors.Is(err, billing.ErrDenied) { // a seat was given meanwhile
		return s.changeSeatsPage(w, r, who, sub, http.StatusConflict, typed, "seats.moved")
	}
	return err
}
