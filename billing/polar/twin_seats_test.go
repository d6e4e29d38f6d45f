package polar_test

import (
	"errors"
	"strings"
	"testing"

	"counterfoil/billing"
	"counterfoil/twin"
)

// team is a team customer that bought seats of a plan.
func team(t *testing.T, w *world, seats int64) (customer billing.Customer, sub billing.Subscription) {
	t.Helper()
	ctx, name := t.Context(), "Crew"
	p, err := w.twin.Engine.CreateProduct(ctx, twin.ProductInput{Name: &name, Interval: twin.Month, Prices: []twin.Price{{
		Kind: twin.Seats, TierType: "volume", Currency: "usd", Tiers: []twin.SeatTier{{Min: 2, Price: 900}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if customer, err = w.CreateCustomer(ctx, billing.NewCustomer{CustomerID: "org-1", Email: "billing@acme.example", Name: "Acme", Team: true}); err != nil {
		t.Fatal(err)
	}
	c, err := w.twin.Engine.CreateCheckout(ctx, twin.CheckoutInput{
		ProductIDs: []string{p.ID}, CustomerID: customer.ProviderID, Edit: twin.CheckoutEdit{SeatCount: &seats},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.twin.Engine.ConfirmCheckout(ctx, c.ID, twin.CheckoutEdit{}, twin.CardSucceeds); err != nil {
		t.Fatal(err)
	}
	objects, err := w.CustomerObjects(ctx, customer.ProviderID)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if s, ok := o.(billing.Subscription); ok {
			sub = s
		}
	}
	if sub.Seats != int(seats) || !sub.Live() {
		t.Fatalf("bought %+v", sub)
	}
	return customer, sub
}

// TestSeatsWithTwin: assign to a member and to an address, resend, take back, buy more.
func TestSeatsWithTwin(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	customer, sub := team(t, w, 2)
	ana, err := billing.EnsureMember(ctx, w, billing.Member{
		ProviderCustomerID: customer.ProviderID, UserID: "user-ana", Email: "Ana@example.com", Name: "Ana", Role: billing.RoleMember,
	})
	if err != nil || ana.UserID != "user-ana" || ana.Email != "ana@example.com" || ana.Role != billing.RoleMember {
		t.Fatalf("member %+v, %v", ana, err)
	}
	claimed, err := w.AssignSeat(ctx, billing.SeatRequest{ProviderSubscriptionID: sub.ProviderID, ProviderMemberID: ana.ProviderID, Claim: true})
	if err != nil || claimed.Status != billing.SeatClaimed || claimed.UserID != "user-ana" || claimed.Email != "ana@example.com" || claimed.ClaimedAt.IsZero() {
		t.Fatalf("claimed %+v, %v", claimed, err)
	}
	pending, err := w.AssignSeat(ctx, billing.SeatRequest{ProviderSubscriptionID: sub.ProviderID, Email: "bo@example.com"})
	if err != nil || pending.Status != billing.SeatPending || pending.UserID != "" || pending.ExpiresAt.IsZero() {
		t.Fatalf("pending %+v, %v", pending, err)
	}
	if _, err := w.AssignSeat(ctx, billing.SeatRequest{ProviderSubscriptionID: sub.ProviderID, Email: "cy@example.com"}); err == nil || errors.Is(err, billing.ErrProvider) {
		t.Errorf("a third of two seats: %v", err)
	}
	again, err := w.ResendSeat(ctx, pending.ProviderID)
	if err != nil || !again.ExpiresAt.After(pending.ExpiresAt) {
		t.Errorf("sent again until %v, was %v: %v", again.ExpiresAt, pending.ExpiresAt, err)
	}
	seating, err := w.Seats(ctx, sub.ProviderID)
	if err != nil || seating.Total != 2 || seating.Free() != 0 || len(seating.Seats) != 2 {
		t.Errorf("seating %+v, %v", seating, err)
	}
	for range 2 {
		if gone, err := w.RevokeSeat(ctx, pending.ProviderID); err != nil || gone.Taken() || gone.RevokedAt.IsZero() {
			t.Errorf("taken back %+v, %v", gone, err)
		}
	}
	more, err := w.ChangeSeats(ctx, billing.SeatChange{ProviderSubscriptionID: sub.ProviderID, Seats: 5, Now: true})
	if err != nil || more.Seats != 5 || more.Amount != 5*900 {
		t.Errorf("more seats %+v, %v", more, err)
	}
	if err := errors.Join(w.RemoveMember(ctx, ana.ProviderID), w.RemoveMember(ctx, ana.ProviderID)); err != nil {
		t.Errorf("remove a member twice: %v", err)
	}
	if seating, err = w.Seats(ctx, sub.ProviderID); err != nil || seating.Free() != 5 {
		t.Errorf("whoever was removed keeps a seat: %+v, %v", seating, err)
	}
	objects, err := w.CustomerObjects(ctx, customer.ProviderID)
	seats := 0
	for _, o := range objects {
		if o.Ref().Kind == billing.KindSeat {
			seats++
		}
	}
	if err != nil || seats != 2 {
		t.Errorf("%d seats among the customer's objects, %v", seats, err)
	}
}

// TestThePortalOfATeamNeedsAMember: who bills for an organisation becomes a member with
// that role; whoever bought seats for himself is the owner of his own team.
func TestThePortalOfATeamNeedsAMember(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	customer, _ := team(t, w, 2)
	if _, err := w.PortalURL(ctx, customer.ProviderID, ""); !errors.Is(err, billing.ErrInvalid) {
		t.Fatalf("without a member: %v", err)
	}
	ana := billing.Member{ProviderCustomerID: customer.ProviderID, UserID: "user-ana", Email: "ana@example.com", Role: billing.RoleMember}
	if _, err := billing.EnsureMember(ctx, w, ana); err != nil {
		t.Fatal(err)
	}
	ana.Role = billing.RoleOwner // here; there the customer's address stays the owner
	url, err := billing.PortalOf(ctx, w, ana, "http://localhost:3000/portal")
	if err != nil || !strings.Contains(url, "polar_mst_") {
		t.Errorf("portal %q, %v", url, err)
	}
	if m, err := billing.MemberOf(ctx, w, ana); err != nil || m.Role != billing.RoleBillingManager {
		t.Errorf("member %+v, %v", m, err)
	}
	thief := billing.Member{ProviderCustomerID: customer.ProviderID, UserID: "user-eve", Email: "ana@example.com", Role: billing.RoleOwner}
	if _, err := billing.PortalOf(ctx, w, thief, ""); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("another user of the same address: %v", err)
	}
	owner := billing.Member{ProviderCustomerID: customer.ProviderID, UserID: "org-1", Email: "billing@acme.example"}
	if url, err := billing.PortalOf(ctx, w, owner, ""); err != nil || !strings.Contains(url, "polar_mst_") {
		t.Errorf("of the owner of his own team: %q, %v", url, err)
	}
}
