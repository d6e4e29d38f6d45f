package polar_test

import (
	"errors"
	"strings"
	"testing"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/apierrors"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/twin"
)

// team sells a seat-based product, every month or (interval "") once, and returns the checkout.
func (w *world) team(interval twin.Interval, email string, seats int64, benefits ...string) twin.Confirmed {
	w.t.Helper()
	name, ctx, most := "Team plan", w.t.Context(), int64(10)
	p := ok(w.Engine.CreateProduct(ctx, twin.ProductInput{Name: &name, Interval: interval, Prices: []twin.Price{{
		Kind: twin.Seats, TierType: "volume", Tiers: []twin.SeatTier{{Min: 2, Max: &most, Price: 900}},
	}}}))(w.t)
	ok(w.Engine.SetBenefits(ctx, p.ID, benefits))(w.t)
	c := ok(w.Engine.CreateCheckout(ctx, twin.CheckoutInput{ProductIDs: []string{p.ID}, Edit: twin.CheckoutEdit{SeatCount: &seats}}))(w.t)
	return ok(w.Engine.ConfirmCheckout(ctx, c.ID, twin.CheckoutEdit{CustomerEmail: &email}, twin.CardSucceeds))(w.t)
}

// feature is a benefit that is just held.
func (w *world) feature() string {
	w.t.Helper()
	return ok(w.Engine.CreateBenefit(w.t.Context(), twin.Benefit{Type: twin.BenefitFeatureFlag, Description: "Team feature"}))(w.t).ID
}

// invited is the token in the newest mail to the address.
func (w *world) invited(email string) string {
	w.t.Helper()
	for _, m := range w.Engine.Mails() {
		if m.To[0] == email {
			for _, line := range strings.Fields(m.Text) {
				if strings.HasPrefix(line, "polar_seat_") {
					return line
				}
			}
		}
	}
	w.t.Fatalf("no invitation for %s", email)
	return ""
}

func TestSeatsByPolarGo(t *testing.T) {
	for name, interval := range map[string]twin.Interval{"subscription": twin.Month, "one-time order": ""} {
		t.Run(name, func(t *testing.T) {
			shop := newReceiver(t, nil)
			w := newWorld(t, shop.URL)
			ctx := t.Context()
			done := w.team(interval, "boss@example.com", 2, w.feature())
			boss := w.customer("boss@example.com")
			seats, invite := w.api.CustomerSeats, components.SeatAssign{CheckoutID: &done.Checkout.ID, Email: polargo.String("ana@example.com")}
			if !boss.Team || len(w.Engine.GrantsOf(boss.ID)) != 0 {
				t.Errorf("buyer is a team: %v, grants before any seat: %d", boss.Team, len(w.Engine.GrantsOf(boss.ID)))
			}
			seat := ok(seats.AssignSeat(ctx, invite))(t).CustomerSeat
			if seat.Status != components.SeatStatusPending || *seat.CustomerID != boss.ID || seat.Member.Email != "ana@example.com" {
				t.Errorf("seat %+v", seat)
			}
			if _, err := seats.AssignSeat(ctx, invite); !class(err, "SeatAlreadyAssigned") {
				t.Errorf("the same person twice: %v", err)
			}
			ok(seats.ResendInvitation(ctx, seat.ID))(t)
			info := ok(seats.GetClaimInfo(ctx, w.invited("ana@example.com")))(t).SeatClaimInfo
			if !info.CanClaim || info.ProductName != "Team plan" || info.CustomerEmail != "ana@example.com" {
				t.Errorf("claim info %+v", info)
			}
			claim := components.SeatClaim{InvitationToken: w.invited("ana@example.com")}
			claimed := ok(seats.ClaimSeat(ctx, claim))(t).CustomerSeatClaimResponse
			if claimed.Seat.Status != components.SeatStatusClaimed || !strings.HasPrefix(claimed.CustomerSessionToken, "polar_mst_") {
				t.Errorf("claimed %+v", claimed)
			}
			if _, err := seats.ClaimSeat(ctx, claim); !class(err, "InvalidInvitationToken") {
				t.Errorf("claimed twice: %v", err)
			}
			if _, err := seats.ResendInvitation(ctx, seat.ID); !class(err, "SeatNotPending") {
				t.Errorf("an invitation to a claimed seat: %v", err)
			}
			grants := w.Engine.GrantsOf(boss.ID)
			if len(grants) != 1 || grants[0].MemberID != *claimed.Seat.MemberID {
				t.Fatalf("grants %+v", grants)
			}
			now := components.SeatAssign{CheckoutID: &done.Checkout.ID, Email: polargo.String("bo@example.com"), ImmediateClaim: polargo.Bool(true)}
			ok(seats.AssignSeat(ctx, now))(t)
			full := components.SeatAssign{CheckoutID: &done.Checkout.ID, Email: polargo.String("cy@example.com")}
			if _, err := seats.AssignSeat(ctx, full); !class(err, "SeatNotAvailable") {
				t.Errorf("a third of two seats: %v", err)
			}
			ok(seats.RevokeSeat(ctx, seat.ID))(t)
			if g := w.Engine.GrantsOf(boss.ID); g[0].Granted() || !g[1].Granted() {
				t.Errorf("grants after one seat was revoked: %+v", g)
			}
			var subscription, order *string
			if interval != "" {
				subscription = &done.Checkout.SubscriptionID
			} else {
				order = &done.Checkout.OrderID
			}
			list := ok(seats.ListSeats(ctx, subscription, order))(t).SeatsList
			if list.TotalSeats != 2 || list.AvailableSeats != 1 || len(list.Seats) != 2 {
				t.Errorf("seats %+v", list)
			}
			shop.await(t, func(got []arrival) bool { return decodedKinds(t, got)["customer_seat.revoked"] > 0 })
		})
	}
}

// teamDay does to a team what its webhooks tell of: a seat is given, claimed and revoked, a member changes and
// leaves.
func (w *world) teamDay(done twin.Confirmed) {
	w.t.Helper()
	ctx := w.t.Context()
	seat := ok(w.Engine.AssignSeat(ctx, twin.SeatInput{CheckoutID: done.Checkout.ID, Email: "ana@example.com"}))(w.t)
	seat, _, err := w.Engine.ClaimSeat(ctx, seat.Token)
	must(w.t, err)
	ok(w.Engine.RevokeSeat(ctx, seat.ID))(w.t)
	ok(w.Engine.UpdateMember(ctx, seat.MemberID, polargo.String("Ana"), nil))(w.t)
	must(w.t, w.Engine.DeleteMember(ctx, seat.MemberID))
}

// class reports whether err is the provider's refusal of the class.
func class(err error, name string) bool { return err != nil && strings.Contains(err.Error(), name) }

// decodedKinds counts webhooks by type and decodes each as polar-go would.
func decodedKinds(t *testing.T, arrivals []arrival) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, a := range arrivals {
		kind := a.kind(t)
		count[kind]++
		if decode, known := payloads[kind]; known {
			must(t, decode(a.body))
		}
	}
	return count
}

func TestSeatCountsByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	done := w.team(twin.Month, "boss@example.com", 3)
	id := done.Checkout.SubscriptionID
	sub := ok(w.api.Subscriptions.Get(ctx, id))(t).Subscription
	if *sub.Seats != 3 || sub.Amount != 2700 {
		t.Errorf("%d seats for %d", *sub.Seats, sub.Amount)
	}
	for _, email := range []string{"ana@example.com", "bo@example.com", "cy@example.com"} {
		ok(w.api.CustomerSeats.AssignSeat(ctx, components.SeatAssign{SubscriptionID: &id, Email: &email}))(t)
	}
	change := func(seats int64) error {
		_, err := w.api.Subscriptions.Update(ctx, id, components.CreateSubscriptionUpdateSubscriptionUpdateSeats(components.SubscriptionUpdateSeats{Seats: seats}))
		return err
	}
	for seats, want := range map[int64]string{1: "BelowMinimumSeats", 2: "SeatsAlreadyAssigned", 11: "AboveMaximumSeats"} {
		if err := change(seats); !class(err, want) {
			t.Errorf("%d seats: %v, want %s", seats, err, want)
		}
	}
	must(t, change(5))
	if got := ok(w.Engine.Subscription(id))(t); got.SeatCount != 5 || got.Amount != 4500 {
		t.Errorf("%d seats for %d", got.SeatCount, got.Amount)
	}
	unknown := w.customer("boss@example.com").ID
	if _, err := w.api.CustomerSeats.ListSeats(ctx, &unknown, nil); !class(err, "ResourceNotFound") {
		t.Errorf("seats of nothing: %v", err)
	}
}

func TestPortalSeatsAndMembersByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	done := w.team(twin.Month, "boss@example.com", 4, w.feature())
	id, token := done.Checkout.SubscriptionID, done.Token
	if !strings.HasPrefix(token, "polar_mst_") {
		t.Fatalf("the buyer of seats gets %q", token)
	}
	seats := w.api.CustomerPortal.Seats
	seat := ok(seats.AssignSeat(ctx, components.SeatAssign{SubscriptionID: &id, Email: polargo.String("ana@example.com")}, operations.CustomerPortalSeatsAssignSeatSecurity{MemberSession: &token}))(t).CustomerSeat
	ok(seats.ResendInvitation(ctx, operations.CustomerPortalSeatsResendInvitationSecurity{MemberSession: &token}, seat.ID))(t)
	ana := ok(w.api.CustomerSeats.ClaimSeat(ctx, components.SeatClaim{InvitationToken: w.invited("ana@example.com")}))(t).CustomerSeatClaimResponse.CustomerSessionToken
	if got := ok(seats.ListSeats(ctx, operations.CustomerPortalSeatsListSeatsSecurity{MemberSession: &token}, &id, nil))(t).SeatsList; got.AvailableSeats != 3 {
		t.Errorf("seats %+v", got)
	}
	claimed := ok(seats.ListClaimedSubscriptions(ctx, operations.CustomerPortalSeatsListClaimedSubscriptionsSecurity{MemberSession: &ana}, nil, nil))(t).ListResourceCustomerSubscription
	if claimed.Pagination.TotalCount != 1 || claimed.Items[0].ID != id {
		t.Errorf("claimed %+v", claimed.Pagination)
	}
	user := ok(w.api.CustomerPortal.CustomerSession.GetAuthenticatedUser(ctx, operations.CustomerPortalCustomerSessionGetAuthenticatedUserSecurity{MemberSession: &ana}))(t).PortalAuthenticatedUser
	if user.Type != "member" || user.Email != "ana@example.com" || *user.Role != "member" {
		t.Errorf("member %+v", user)
	}
	if _, err := seats.ListSeats(ctx, operations.CustomerPortalSeatsListSeatsSecurity{MemberSession: &ana}, &id, nil); !class(err, "NotPermitted") {
		t.Errorf("a plain member sees all seats: %v", err)
	}
	stranger := w.session("sam@example.com")
	if _, err := seats.RevokeSeat(ctx, operations.CustomerPortalSeatsRevokeSeatSecurity{CustomerSession: stranger}, seat.ID); !class(err, "ResourceNotFound") {
		t.Errorf("another's seat: %v", err)
	}

	owner := polargo.New(polargo.WithServerURL(w.BaseURL), polargo.WithSecurity(token)).CustomerPortal.Members
	added := ok(owner.AddMember(ctx, components.CustomerPortalMemberCreate{Email: "books@example.com", Name: polargo.String("Books")}))(t).CustomerPortalMember
	role := components.MemberRoleBillingManager
	if got := ok(owner.UpdateMember(ctx, added.ID, components.CustomerPortalMemberUpdate{Role: &role}))(t).CustomerPortalMember; got.Role != role {
		t.Errorf("member %+v", got)
	}
	list := ok(owner.ListMembers(ctx, nil, nil))(t).ListResourceCustomerPortalMember
	if list.Pagination.TotalCount != 3 || list.Items[0].Role != components.MemberRoleOwner {
		t.Errorf("members %+v", list)
	}
	if _, err := owner.RemoveMember(ctx, list.Items[0].ID); err == nil {
		t.Error("the owner removed themselves")
	}
	ok(owner.RemoveMember(ctx, added.ID))(t)
	alone := polargo.New(polargo.WithServerURL(w.BaseURL), polargo.WithSecurity(*stranger)).CustomerPortal.Members
	if _, err := alone.ListMembers(ctx, nil, nil); !class(err, "NotPermitted") {
		t.Errorf("members of an individual: %v", err)
	}
	ok(seats.RevokeSeat(ctx, operations.CustomerPortalSeatsRevokeSeatSecurity{MemberSession: &token}, seat.ID))(t)
	update := components.CreateCustomerSubscriptionUpdateCustomerSubscriptionUpdateSeats(components.CustomerSubscriptionUpdateSeats{Seats: 6})
	more := ok(w.api.CustomerPortal.Subscriptions.Update(ctx, operations.CustomerPortalSubscriptionsUpdateSecurity{MemberSession: &token}, id, update))(t).CustomerSubscription
	if *more.Seats != 6 {
		t.Errorf("seats %d", *more.Seats)
	}
}

func TestMembersByPolarGo(t *testing.T) {
	shop := newReceiver(t, nil)
	w := newWorld(t, shop.URL)
	ctx := t.Context()
	status, _, body := w.call("POST", "/v1/customers/", tokenOfShop, `{"type":"team","name":"Acme","owner":{"email":"owner@acme.example","name":"Olu"}}`)
	if status != 201 {
		t.Fatalf("team: %d %s", status, body)
	}
	acme := decoded(t, []byte(body))
	id := acme["id"].(string)
	if acme["type"] != "team" || acme["email"] != nil {
		t.Errorf("team %v", acme)
	}
	made := ok(w.api.Members.CreateMember(ctx, components.MemberCreate{CustomerID: id, Email: "bo@acme.example", ExternalID: polargo.String("bo")}))(t).Member
	role := components.MemberRoleBillingManager
	ok(w.api.Members.UpdateMember(ctx, made.ID, components.MemberUpdate{Name: polargo.String("Bo"), Role: &role}))(t)
	if got := ok(w.api.Members.GetMember(ctx, made.ID))(t).Member; *got.Name != "Bo" || got.Role != role || *got.ExternalID != "bo" {
		t.Errorf("member %+v", got)
	}
	list := ok(w.api.Members.ListMembers(ctx, operations.MembersListMembersRequest{CustomerID: &id}))(t).ListResourceMember
	if list.Pagination.TotalCount != 2 {
		t.Errorf("members %+v", list.Pagination)
	}
	owner := list.Items[1]
	if owner.Role != components.MemberRoleOwner {
		owner = list.Items[0]
	}
	if _, err := w.api.Members.DeleteMember(ctx, owner.ID); !class(err, "NotPermitted") {
		t.Errorf("the owner was deleted: %v", err)
	}
	if _, err := w.api.Members.CreateMember(ctx, components.MemberCreate{CustomerID: w.customer("sam@example.com").ID, Email: "x@example.com"}); !class(err, "NotPermitted") {
		t.Errorf("a second member of an individual: %v", err)
	}
	var invalid *apierrors.HTTPValidationError
	if _, err := w.api.Members.UpdateMember(ctx, owner.ID, components.MemberUpdate{Role: &role}); !errors.As(err, &invalid) {
		t.Errorf("the only owner was demoted: %v", err)
	}
	create := func(body string, want int) {
		t.Helper()
		if status, _, answer := w.call("POST", "/v1/customer-sessions/", tokenOfShop, body); status != want {
			t.Errorf("session %s: %d %s", body, status, answer)
		}
	}
	create(`{"customer_id":"`+id+`"}`, 422)
	create(`{"customer_id":"`+id+`","member_id":"`+made.ID+`"}`, 201)
	create(`{"customer_id":"`+id+`","external_member_id":"bo"}`, 201)
	create(`{"customer_id":"`+id+`","member_id":"`+w.customer("sam@example.com").MemberID+`"}`, 422)
	ok(w.api.Members.DeleteMember(ctx, made.ID))(t)
	shop.await(t, func(got []arrival) bool {
		count := decodedKinds(t, got)
		return count["member.created"] == 2 && count["member.updated"] == 1 && count["member.deleted"] == 1
	})
}
