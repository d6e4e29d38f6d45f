package pages

import (
	"slices"
	"strconv"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// portalView is the customer portal in words.
type portalView struct {
	Merchant, Name, Email string
	Subscriptions         []subscriptionRow
	Ended                 int // subscriptions that are over
	Meters                []meterRow
	Perks                 []string
	Orders                []orderRow
}

type subscriptionRow struct {
	Product, Price, Next string
	State, Tone          string
	Cancel, Uncancel     string // addresses; empty when not possible
}

type meterRow struct {
	Name, Balance, Consumed, Credited string
	Max, Value                        string // of the meter element, whole units
	Granted                           bool   // whether there is anything to measure against
}

type orderRow struct {
	Number, Date, For, Amount string
	State, Tone               string
	Pay                       string // address; empty when there is nothing to pay
}

// portalView gathers what a customer has, newest orders first.
func (s *server) portalView(who visitor) portalView {
	v := portalView{Merchant: who.org.Name, Name: who.customer.Name, Email: who.customer.Email}
	for _, sub := range s.engine.SubscriptionsOf(who.customer.ID) {
		if sub.Ended() {
			v.Ended++
			continue
		}
		v.Subscriptions = append(v.Subscriptions, s.subscriptionRow(who, sub))
	}
	for _, standing := range s.engine.MetersOf(who.customer.ID) {
		if meter, err := s.engine.Meter(standing.MeterID); err == nil {
			v.Meters = append(v.Meters, meterRowOf(meter, standing))
		}
	}
	for _, grant := range s.engine.GrantsOf(who.customer.ID) {
		if benefit, err := s.engine.Benefit(grant.BenefitID); err == nil && grant.Granted() && !slices.Contains(v.Perks, benefit.Description) {
			v.Perks = append(v.Perks, benefit.Description)
		}
	}
	for _, order := range slices.Backward(s.engine.OrdersOf(who.customer.ID)) {
		v.Orders = append(v.Orders, s.orderRow(who, order))
	}
	return v
}

func (s *server) subscriptionRow(who visitor, sub twin.Subscription) subscriptionRow {
	row := subscriptionRow{Price: look.Money(sub.Amount, sub.Currency) + " " + per(sub.Interval, sub.IntervalCount), State: "Active", Tone: "good"}
	if product, err := s.engine.Product(sub.ProductID); err == nil {
		row.Product = product.Name
	}
	row.Next = "Renews on " + day(sub.PeriodEnd) + "."
	switch {
	case sub.CancelAtPeriodEnd:
		row.State, row.Tone, row.Next = "Ends soon", "warn", "Ends on "+day(sub.PeriodEnd)+". Nothing more will be charged."
		row.Uncancel = who.link("/subscriptions/" + sub.ID + "/uncancel")
	case sub.Status == twin.PastDue:
		row.State, row.Tone, row.Next = "Payment failed", "bad", "Pay the open order below to keep it."
	case sub.Status == twin.Trialing:
		row.State, row.Next = "Trial", "The trial ends on "+day(sub.TrialEnd)+"; the first payment is due then."
	}
	if sub.Amount == 0 {
		row.Price, row.Next = "Free", ""
	}
	if row.Uncancel == "" {
		row.Cancel = who.link("/subscriptions/" + sub.ID + "/cancel")
	}
	return row
}

// meterRowOf shows how much of what was credited is used up.
func meterRowOf(meter twin.Meter, standing twin.CustomerMeter) meterRow {
	consumed := standing.Consumed.Trunc()
	return meterRow{
		Name: meter.Name, Balance: look.Count(standing.Balance().Trunc()), Consumed: look.Count(consumed),
		Credited: look.Count(standing.Credited), Granted: standing.Credited > 0,
		Max: strconv.FormatInt(max(1, standing.Credited), 10), Value: strconv.FormatInt(min(consumed, standing.Credited), 10),
	}
}

// orderStates are the provider's statuses in a customer's words, each with its tone.
var orderStates = map[string][2]string{
	twin.OrderPaid: {"Paid", "good"}, twin.OrderPending: {"Not paid", "bad"}, twin.OrderRefunded: {"Refunded", ""},
	twin.OrderPartially: {"Partly refunded", ""}, twin.OrderVoid: {"Void", ""},
}

func (s *server) orderRow(who visitor, order twin.Order) orderRow {
	row := orderRow{Number: order.Number, Date: shortDay(order.CreatedAt), For: order.Description, Amount: look.Money(order.Total, order.Currency)}
	row.State, row.Tone = orderStates[order.Status][0], orderStates[order.Status][1]
	if order.Status == twin.OrderPartially {
		row.State += " (" + look.Money(order.Refunded+order.RefundedTax, order.Currency) + ")"
	}
	if order.Status == twin.OrderPending {
		row.Pay = who.link("/orders/" + order.ID + "/pay")
	}
	return row
}

// cancelView is the page before a cancellation.
type cancelView struct {
	Product, Until, Action, Back string
	Reasons                      []reason
}

// reason is one of the provider's reasons to cancel (Polar API, CustomerCancellationReason).
type reason struct{ Value, Label string }

var reasons = []reason{
	{"too_expensive", "It costs too much"}, {"unused", "I do not use it enough"}, {"missing_features", "Something is missing"},
	{"switched_service", "I use something else now"}, {"customer_service", "Support did not help"},
	{"low_quality", "It is not good enough"}, {"too_complex", "It is too complicated"}, {"other", "Something else"},
}

// paymentView is the page that pays an open order.
type paymentView struct {
	Number, For, Amount, Action, Back string
	Cards                             []cardChoice
	Problems                          problems
}
