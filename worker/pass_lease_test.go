package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/twin"
)

// slowly is a provider that takes its time over each answer.
type slowly struct {
	*polar.Provider
	answering func()
}

func (p slowly) Seats(ctx context.Context, subscriptionID string) (billing.Seating, error) {
	p.answering()
	return p.Provider.Seats(ctx, subscriptionID)
}

func (p slowly) Fetch(ctx context.Context, ref billing.Ref) (billing.Object, error) {
	p.answering()
	return p.Provider.Fetch(ctx, ref)
}

// minuteEach runs a pass whose provider takes a minute for each question about one object, and
// says how many were asked; meanwhile another process looks for a pass to take.
func (s *stage) minuteEach() (asked int) {
	s.t.Helper()
	real := s.Provider
	defer func() { s.Provider = real }()
	s.Provider = slowly{real.(*polar.Provider), func() {
		asked++
		s.later(time.Minute)
		other, err := s.Store.DuePass(s.t.Context(), "polar", s.now().Add(-DefaultReconcileEvery), s.now().Add(passLease), s.now())
		if !errors.Is(err, billing.ErrNotFound) {
			s.t.Errorf("after %d questions another process took the pass %+v (%v)", asked, other, err)
		}
	}}
	if pass := s.pass(); pass.State != db.StateDone || pass.Error != "" {
		s.t.Errorf("pass %+v", pass)
	}
	return asked
}

// TestAPassKeepsItsLeaseOverManySeats: a page of subscriptions with seats may take longer
// than a lease lasts. Were the pass taken then, no process would ever get past that page.
func TestAPassKeepsItsLeaseOverManySeats(t *testing.T) {
	c, seats := newCrew(t, 2), int64(2)
	for _, email := range []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"} {
		checkout, err := c.twin.Engine.CreateCheckout(t.Context(), twin.CheckoutInput{
			ProductIDs: []string{c.sub.ProviderProductID}, CustomerID: c.has(email, "").ID, Edit: twin.CheckoutEdit{SeatCount: &seats},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.twin.Engine.ConfirmCheckout(t.Context(), checkout.ID, twin.CheckoutEdit{}, twin.CardSucceeds); err != nil {
			t.Fatal(err)
		}
	}
	if asked := c.minuteEach(); asked != 5 {
		t.Errorf("the seats of %d subscriptions were read, want 5", asked)
	}
}

// TestAPassKeepsItsLeaseWhileItAsksForWhatIsMissing: each is asked for alone, at the pace of
// background calls.
func TestAPassKeepsItsLeaseWhileItAsksForWhatIsMissing(t *testing.T) {
	s := newStage(t, false)
	s.listen(s.now())
	s.pass()
	var gone []string
	for _, email := range []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"} {
		gone = append(gone, s.has(email, "").ID)
	}
	s.pass()
	for _, id := range gone {
		if err := s.twin.Engine.DeleteCustomer(t.Context(), id, false); err != nil {
			t.Fatal(err)
		}
	}
	s.pass()
	if asked := s.minuteEach(); asked != len(gone) {
		t.Errorf("%d of %d missing customers were asked for", asked, len(gone))
	}
	if n := s.alive(billing.KindCustomer); n != 0 {
		t.Errorf("%d customers are alive here", n)
	}
}
