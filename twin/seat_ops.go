package twin

import (
	"context"
	"slices"
)

// SeatInput gives a seat to somebody: exactly one of Email, CustomerID, ExternalCustomerID, MemberID and
// ExternalMemberID says who. Immediate claims it at once, without an invitation.
type SeatInput struct {
	SubscriptionID, OrderID, CheckoutID string
	Email                               string
	CustomerID, ExternalCustomerID      string
	MemberID, ExternalMemberID          string
	Metadata                            Metadata
	Immediate                           bool
}

// AssignSeat gives a free seat to a person, who becomes a member of the paying customer, and mails the
// invitation. A seat that was revoked is used again first. Errors: ErrNotFound, *Invalid, *Refused.
func (e *Engine) AssignSeat(ctx context.Context, in SeatInput) (Seat, error) {
	var seat Seat
	err := e.write(ctx, func(x *tx) error {
		bought, err := x.Seating(in.SubscriptionID, in.OrderID, in.CheckoutID)
		switch {
		case err != nil:
			return err
		case !bought.paid:
			return refused("SeatNotAvailable", "Order must be paid before assigning seats")
		case bought.Free <= 0:
			return refused("SeatNotAvailable", "No available seats for "+bought.SubscriptionID+bought.OrderID)
		}
		m, err := x.seatMember(bought.CustomerID, in)
		if err != nil {
			return err
		}
		seat = Seat{ID: newID(), Stamp: x.made(), SubscriptionID: bought.SubscriptionID, OrderID: bought.OrderID}
		for _, old := range slices.Backward(bought.Seats) {
			if old.Taken() && old.MemberID == m.ID {
				return refused("SeatAlreadyAssigned", "Seat already assigned to customer "+m.Email)
			}
			if !old.Taken() {
				seat.ID, seat.Stamp = old.ID, x.touched(old.Stamp)
			}
		}
		seat.CustomerID, seat.MemberID, seat.Email, seat.Metadata = bought.CustomerID, m.ID, m.Email, in.Metadata
		if in.Immediate {
			return x.claimSeat(&seat)
		}
		seat.Status, seat.Token, seat.TokenExpires = SeatPending, newToken("polar_seat_"), x.now.Add(seatInvitation)
		put(x, x.seats, seat)
		x.mailInvitation(seat)
		x.emit("customer_seat.assigned", seat.ID)
		return nil
	})
	return seat, err
}

// seatMember finds or makes the member that a seat is for.
func (x *tx) seatMember(customerID string, in SeatInput) (Member, error) {
	given := 0
	for _, who := range []string{in.Email, in.CustomerID, in.ExternalCustomerID, in.MemberID, in.ExternalMemberID} {
		if who != "" {
			given++
		}
	}
	if given != 1 {
		return Member{}, refused("InvalidSeatAssignmentRequest",
			"Exactly one of email, external_customer_id, customer_id, member_id or external_member_id must be provided")
	}
	if in.MemberID != "" || in.ExternalMemberID != "" {
		return x.memberNamed(customerID, in.MemberID, in.ExternalMemberID)
	}
	person := MemberInput{Email: in.Email}
	if in.Email == "" {
		c, err := x.named(in.CustomerID, in.ExternalCustomerID)
		if err != nil {
			return Member{}, refused("CustomerNotFound", "Customer not found: "+in.CustomerID+in.ExternalCustomerID)
		}
		person = MemberInput{Email: c.Email, Name: c.Name}
	}
	return x.addMember(customerID, person)
}

// memberNamed finds a customer's member by id or external id.
func (v *View) memberNamed(customerID, id, external string) (Member, error) {
	for _, m := range v.members.by(byOwner, customerID) {
		if m.ID == id || external != "" && m.ExternalID == external {
			return *m, nil
		}
	}
	return Member{}, ErrNotFound
}

// ClaimSeat takes the seat of an invitation and opens a session for its member. Errors: *Refused.
func (e *Engine) ClaimSeat(ctx context.Context, token string) (Seat, CustomerSession, error) {
	var seat Seat
	var session CustomerSession
	err := e.write(ctx, func(x *tx) error {
		row, err := x.SeatByToken(token)
		if err != nil {
			return refused("InvalidInvitationToken", "Invalid or expired invitation token")
		}
		seat = *row
		seat.Stamp = x.touched(seat.Stamp)
		if err := x.claimSeat(&seat); err != nil {
			return err
		}
		session = x.openMemberSession(seat.CustomerID, seat.MemberID, "")
		return nil
	})
	return seat, session, err
}

// claimSeat makes the seat its member's and grants the product's benefits.
func (x *tx) claimSeat(seat *Seat) error {
	seat.Status, seat.ClaimedAt, seat.Token, seat.TokenExpires = SeatClaimed, x.now, "", noTime
	put(x, x.seats, *seat)
	x.emit("customer_seat.claimed", seat.ID)
	if seat.SubscriptionID != "" {
		return x.alignGrants(*x.subscriptions.rows[seat.SubscriptionID])
	}
	p, err := x.products.get(x.orders.rows[seat.OrderID].ProductID)
	if err != nil {
		return err
	}
	for _, id := range p.BenefitIDs {
		if err := x.grantTo(seat.MemberID, seat.CustomerID, id, "", seat.OrderID); err != nil {
			return err
		}
	}
	return nil
}

// RevokeSeat takes a seat and its benefits back. Revoking twice changes nothing. Errors: ErrNotFound.
func (e *Engine) RevokeSeat(ctx context.Context, id string) (Seat, error) {
	var seat Seat
	err := e.write(ctx, func(x *tx) error {
		row, err := x.seats.get(id)
		if err != nil {
			return err
		}
		if row.Taken() {
			x.revokeSeat(*row)
		}
		seat = *x.seats.rows[id]
		return nil
	})
	return seat, err
}

// revokeSeat ends a seat.
func (x *tx) revokeSeat(seat Seat) {
	for _, g := range x.grantsOf(seat.SubscriptionID, seat.OrderID) {
		if g.MemberID == seat.MemberID {
			x.revokeGrant(g)
		}
	}
	seat.Status, seat.RevokedAt, seat.Token, seat.TokenExpires, seat.Stamp = SeatRevoked, x.now, "", noTime, x.touched(seat.Stamp)
	put(x, x.seats, seat)
	x.emit("customer_seat.revoked", seat.ID)
}

// ResendInvitation mails the invitation to a pending seat again; it is good for another day. Errors:
// ErrNotFound, *Refused.
func (e *Engine) ResendInvitation(ctx context.Context, id string) (Seat, error) {
	var seat Seat
	err := e.write(ctx, func(x *tx) error {
		row, err := x.seats.get(id)
		if err != nil {
			return err
		}
		if row.Status != SeatPending {
			return refused("SeatNotPending", "Seat is not in pending status")
		}
		seat = *row
		seat.TokenExpires, seat.Stamp = x.now.Add(seatInvitation), x.touched(seat.Stamp)
		put(x, x.seats, seat)
		x.mailInvitation(seat)
		return nil
	})
	return seat, err
}

// makeTeam turns the buyer of seats into a team customer, whose owner is the person who bought.
func (x *tx) makeTeam(customerID string) {
	row, ok := x.customers.rows[customerID]
	if !ok || row.Team {
		return
	}
	c := *row
	c.Team, c.Stamp = true, x.touched(c.Stamp)
	put(x, x.customers, c)
	x.emit("customer.updated", c.ID)
}
