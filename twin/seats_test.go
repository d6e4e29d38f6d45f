package twin

import (
	"slices"
	"testing"
	"time"
)

// seated makes a seat-based product with benefits.
func (w *world) seated(every Interval, amount int64, benefits ...string) Product {
	w.t.Helper()
	name := "Team"
	p := ok(w.CreateProduct(w.t.Context(), ProductInput{Name: &name, Interval: every, Prices: []Price{{
		Kind: Seats, TierType: "graduated", Tiers: []SeatTier{{Min: 1, Price: amount}},
	}}}))(w.t)
	return ok(w.SetBenefits(w.t.Context(), p.ID, benefits))(w.t)
}

func TestCreditsFollowSeats(t *testing.T) {
	w := newWorld(t)
	ctx, seats := t.Context(), int64(3)
	p, email := w.seated(Month, 900, w.credits(100, false)), "boss@example.com"
	c := ok(w.CreateCheckout(ctx, CheckoutInput{ProductIDs: []string{p.ID}, Edit: CheckoutEdit{SeatCount: &seats}}))(t)
	w.take()
	done := ok(w.ConfirmCheckout(ctx, c.ID, CheckoutEdit{CustomerEmail: &email}, CardSucceeds))(t)
	if facts := w.take(); slices.Contains(facts, "benefit_grant.created") || !slices.Contains(facts, "customer.updated") {
		t.Errorf("facts of the purchase %v", facts)
	}
	boss, sub := done.Checkout.CustomerID, done.Checkout.SubscriptionID
	assign := func(email string) Seat {
		return ok(w.AssignSeat(ctx, SeatInput{SubscriptionID: sub, Email: email}))(t)
	}
	ana, bo := assign("ana@example.com"), assign("bo@example.com")
	w.expect("member.created", "customer_seat.assigned", "member.created", "customer_seat.assigned")
	_, _, err := w.ClaimSeat(ctx, ana.Token)
	must(t, err)
	w.expect("customer_seat.claimed", "benefit_grant.created", "customer.state_changed")
	_, _, err = w.ClaimSeat(ctx, bo.Token)
	must(t, err)
	w.use(boss, "30")
	if m := w.standing(boss); m.Credited != 200 || m.Balance() != Units(170) {
		t.Errorf("two seats: %+v", m)
	}
	w.pass(began.AddDate(0, 0, 28).Add(time.Minute)) // 31 January to 28 February
	if m := w.standing(boss); m.Credited != 200 || m.Consumed != 0 {
		t.Errorf("after the renewal: %+v", m)
	}
	w.take()
	ok(w.RevokeSeat(ctx, bo.ID))(t)
	w.expect("benefit_grant.revoked", "customer_seat.revoked", "customer.state_changed")
	if m := w.standing(boss); m.Credited != 100 {
		t.Errorf("one seat left: %+v", m)
	}
	again := assign("cy@example.com")
	if again.ID != bo.ID {
		t.Error("a revoked seat is used again before a new one")
	}
	w.pass(w.Now().Add(25 * time.Hour))
	if _, _, err := w.ClaimSeat(ctx, again.Token); !IsRefused(err, "InvalidInvitationToken") {
		t.Errorf("an invitation of yesterday: %v", err)
	}
}

func TestTeamsSurviveARestart(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	p := w.seated("", 900, w.credits(100, true))
	done := w.buy(p, "boss@example.com")
	seat := ok(w.AssignSeat(ctx, SeatInput{OrderID: done.Checkout.OrderID, Email: "ana@example.com"}))(t)
	must(t, w.Close())
	w.open()
	claimed, session, err := w.ClaimSeat(ctx, seat.Token)
	must(t, err)
	me := ok(read(w.Engine, func(v *View) (Actor, error) { return v.Actor(session.Token) }))(t)
	if claimed.Status != SeatClaimed || me.Member.Email != "ana@example.com" || me.Member.Billing() || !me.Customer.Team {
		t.Errorf("seat %+v of %+v", claimed, me)
	}
	if g := w.GrantsOf(done.Checkout.CustomerID); len(g) != 1 || g[0].MemberID != me.Member.ID || !me.Holds(g[0].MemberID) {
		t.Errorf("grants %+v", g)
	}
}

func TestRefusedChangesLeaveNothingBehind(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product(Month, 1000, nil), "ada@example.com")
	id := done.Checkout.CustomerID
	card := ok(read(w.Engine, func(v *View) (PaymentMethod, error) { return *v.PaymentMethods(id)[0], nil }))(t)
	if err := w.RemovePaymentMethod(t.Context(), id, card.ID); !IsRefused(err, "PaymentMethodInUseByActiveSubscription") {
		t.Errorf("removed the only card: %v", err)
	}
	before := w.subscription(done)
	ok(w.PreviewChange(t.Context(), before.ID, w.seated(Month, 500).ID, 4))(t)
	if c := ok(w.Customer(id))(t); c.MethodID != card.ID || c.Team {
		t.Errorf("customer %+v", c)
	}
	if after := w.subscription(done); after.ProductID != before.ProductID || after.SeatCount != 0 {
		t.Errorf("a preview changed %+v", after)
	}
}
