package twin

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// shop is the engine's side of the model's shop.
type shop struct {
	*Engine
	t     *testing.T
	plans []Product
	pack  Product
}

// step is an act of one customer.
type step struct {
	act
	who int
}

// TestOneYearOfAThousandCustomers plays a year of trials, renewals, changes of plan, failures and refunds, and
// compares every customer with the model, to the cent and to the credit.
func TestOneYearOfAThousandCustomers(t *testing.T) {
	people, began := 1000, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if testing.Short() {
		people = 50
	}
	horizon := began.AddDate(1, 0, 0)
	r := rand.New(rand.NewPCG(2026, 1))
	var books []*book
	var steps []step
	for who := range people {
		start := began.Add(time.Duration(1+r.IntN(60*24*60))*time.Minute + time.Duration(who)*time.Second)
		books = append(books, life(r, start, horizon))
		for _, a := range books[who].acts {
			steps = append(steps, step{a, who})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })

	s := openShop(t, began)
	played := time.Now()
	customers := make([]string, people)
	for _, st := range steps {
		must(t, s.AdvanceTo(t.Context(), st.at))
		if st.kind == "buy" || st.kind == "buy with trial" {
			customers[st.who] = s.buy(s.plans[st.plan], fmt.Sprintf("c%d@example.com", st.who), st.kind != "buy")
			continue
		}
		s.play(st.act, customers[st.who])
	}
	must(t, s.AdvanceTo(t.Context(), horizon))
	for who, id := range customers {
		s.compare(who, id, books[who])
	}
	s.addUp(books)
	t.Logf("%d customers, %d acts in %v", people, len(steps), time.Since(played).Round(time.Millisecond))
}

// openShop makes an engine with the model's products.
func openShop(t *testing.T, began time.Time) *shop {
	s := &shop{t: t}
	s.Engine = ok(Open(t.Context(), Config{
		Path: filepath.Join(t.TempDir(), "year.db"), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return began },
	}))(t)
	t.Cleanup(func() { must(t, s.Close()) })
	meter := ok(s.CreateMeter(t.Context(), Meter{Name: "Credits", Func: "sum", Property: "credits", Filter: named("use")}))(t)
	sell := func(name string, every Interval, p plan) Product {
		b := ok(s.CreateBenefit(t.Context(), Benefit{
			Type: BenefitMeterCredit, Description: name + " credits", Units: p.credits, Rollover: every == "", MeterID: meter.ID,
		}))(t)
		made := ok(s.CreateProduct(t.Context(), ProductInput{Name: &name, Interval: every, Prices: []Price{{Kind: Fixed, Amount: p.price}}}))(t)
		return ok(s.SetBenefits(t.Context(), made.ID, []string{b.ID}))(t)
	}
	for i, p := range plans {
		s.plans = append(s.plans, sell(fmt.Sprintf("Plan %d", i), Month, p))
	}
	s.pack = sell("Pack", "", pack)
	return s
}

// buy pays for a product and returns the customer.
func (s *shop) buy(p Product, email string, trial bool) string {
	s.t.Helper()
	in := CheckoutInput{ProductIDs: []string{p.ID}, AllowTrial: trial}
	if trial {
		in.TrialInterval, in.TrialCount = Day, 14
	}
	c := ok(s.CreateCheckout(s.t.Context(), in))(s.t)
	return ok(s.ConfirmCheckout(s.t.Context(), c.ID, CheckoutEdit{CustomerEmail: &email}, CardSucceeds))(s.t).Checkout.CustomerID
}

// play does what the model decided.
func (s *shop) play(a act, customer string) {
	s.t.Helper()
	ctx := s.t.Context()
	sub := s.SubscriptionsOf(customer)[0].ID
	var err error
	switch a.kind {
	case "use":
		_, _, err = s.Ingest(ctx, []EventInput{{Name: "use", CustomerID: customer, Metadata: Metadata{"credits": json.Number(fmt.Sprint(a.amount))}}})
	case "change":
		_, err = s.ChangeProduct(ctx, sub, s.plans[a.plan].ID, Invoice)
	case "pack":
		s.buy(s.pack, ok(s.Customer(customer))(s.t).Email, false)
	case "return the pack":
		orders := s.OrdersOf(customer)
		_, err = s.CreateRefund(ctx, RefundInput{OrderID: orders[len(orders)-1].ID, Reason: "customer_request", Amount: a.amount, RevokeBenefits: true})
	case "refund the first payment":
		orders := s.OrdersOf(customer)
		first := slices.IndexFunc(orders, func(o Order) bool { return o.Paid() && o.Due > 0 })
		_, err = s.CreateRefund(ctx, RefundInput{OrderID: orders[first].ID, Reason: "other", Amount: a.amount})
	case "cancel":
		_, err = s.CancelSubscription(ctx, sub, Cancellation{Reason: "unused"})
	case "spoil the card":
		err = s.SetCard(ctx, customer, CardFailsLate)
	case "decline once":
		err = s.DeclineNextCharge(ctx, customer)
	default:
		s.t.Fatalf("unknown act %q", a.kind)
	}
	if err != nil {
		s.t.Fatalf("%s at %v: %v", a.kind, a.at, err)
	}
}

// compare holds one customer against the model's book.
func (s *shop) compare(who int, id string, b *book) {
	s.t.Helper()
	var paid []int64
	got := *b
	got.orders, got.renewals, got.voided, got.refunded = 0, 0, 0, 0
	for _, o := range s.OrdersOf(id) {
		got.orders++
		got.refunded += o.Refunded
		if o.Reason == "subscription_cycle" {
			got.renewals++
		}
		if o.Status == OrderVoid {
			got.voided++
		}
		if o.Paid() && o.Due > 0 {
			paid = append(paid, o.Due)
		}
		if o.Subtotal-o.Discount != o.Net || o.Net+o.Tax != o.Total || o.Total-o.AppliedBalance != o.Due {
			s.t.Errorf("customer %d: order %s does not add up: %+v", who, o.Number, o)
		}
	}
	m := s.MetersOf(id)[0]
	got.credited, got.consumed, got.balance = m.Credited, m.Consumed.Trunc(), ok(s.Customer(id))(s.t).Balance
	got.status = s.SubscriptionsOf(id)[0].Status
	got.payments = paid
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", *b) {
		got.acts = nil
		want := *b
		want.acts = nil
		s.t.Errorf("customer %d\n got %+v\nwant %+v\nacts %+v", who, got, want, b.acts)
	}
}

// addUp holds the whole against the books: what came in less what went back is what the orders say and what
// the books say.
func (s *shop) addUp(books []*book) {
	s.t.Helper()
	var paid, back, ordered, owed, booked int64
	for _, p := range list(s.Engine, s.data.payments) {
		if p.Status == "succeeded" {
			paid += p.Amount
		}
	}
	for _, r := range list(s.Engine, s.data.refunds) {
		back += r.Amount + r.Tax
	}
	for _, o := range list(s.Engine, s.data.orders) {
		if o.Paid() {
			ordered += o.Total - o.Refunded - o.RefundedTax
		}
	}
	for _, c := range s.Customers() {
		owed += c.Balance
	}
	for _, b := range books {
		booked -= b.refunded
		for _, amount := range b.payments {
			booked += amount
		}
	}
	if paid-back != booked || paid-back != ordered+owed {
		s.t.Errorf("payments %d less refunds %d is %d; orders come to %d and %d is owed; the books say %d",
			paid, back, paid-back, ordered, owed, booked)
	}
}
