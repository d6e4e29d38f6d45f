package polar

import (
	"context"
	"net/http"

	"counterfoil/twin"
)

// seat is one place that was bought.
type seat struct {
	stamp
	ID                       string        `json:"id"`
	SubscriptionID           text          `json:"subscription_id"`
	OrderID                  text          `json:"order_id"`
	Status                   string        `json:"status"`
	CustomerID               text          `json:"customer_id"`
	MemberID                 text          `json:"member_id"`
	Member                   *member       `json:"member"`
	Email                    text          `json:"email"`
	CustomerEmail            text          `json:"customer_email"`
	InvitationTokenExpiresAt instant       `json:"invitation_token_expires_at"`
	ClaimedAt                instant       `json:"claimed_at"`
	RevokedAt                instant       `json:"revoked_at"`
	SeatMetadata             twin.Metadata `json:"seat_metadata"`
}

func shapeSeat(v *twin.View, s *twin.Seat) seat {
	return seat{
		stamp: stamped(s.Stamp), ID: s.ID, SubscriptionID: text(s.SubscriptionID), OrderID: text(s.OrderID), Status: s.Status,
		CustomerID: text(s.CustomerID), MemberID: text(s.MemberID), Member: memberOf(v, s.MemberID), Email: text(s.Email),
		CustomerEmail: text(s.Email), InvitationTokenExpiresAt: instant(s.TokenExpires), ClaimedAt: instant(s.ClaimedAt),
		RevokedAt: instant(s.RevokedAt), SeatMetadata: s.Metadata,
	}
}

// seatList is all seats of a purchase.
type seatList struct {
	Seats          []seat `json:"seats"`
	AvailableSeats int64  `json:"available_seats"`
	TotalSeats     int64  `json:"total_seats"`
}

func shapeSeats(v *twin.View, bought twin.Seating) seatList {
	out := seatList{[]seat{}, bought.Free, bought.Total}
	for _, s := range bought.Seats {
		out.Seats = append(out.Seats, shapeSeat(v, s))
	}
	return out
}

// seatingAsked is the purchase that a query names.
func seatingAsked(v *twin.View, q query) (twin.Seating, error) {
	subscription, order := q.Get("subscription_id"), q.Get("order_id")
	if subscription == "" && order == "" {
		q.say("subscription_id", "missing", "Either subscription_id or order_id must be provided", nil)
		return twin.Seating{}, q.err()
	}
	return v.Seating(subscription, order, "")
}

// listSeats: GET /v1/customer-seats
func (s *Server) listSeats(v *twin.View, _ *http.Request, q query) (any, error) {
	bought, err := seatingAsked(v, q)
	return shapeSeats(v, bought), err
}

// assignSeat: POST /v1/customer-seats
func (s *Server) assignSeat(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	in := seatInput(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	seat, err := s.engine.AssignSeat(ctx, in)
	return shapeOf(seat, shapeSeat), err
}

// seatInput reads who gets a seat of what.
func seatInput(b body) twin.SeatInput {
	in := twin.SeatInput{
		SubscriptionID: b.text("subscription_id"), OrderID: b.text("order_id"), CheckoutID: b.text("checkout_id"),
		Email: b.text("email"), CustomerID: b.text("customer_id"), ExternalCustomerID: b.text("external_customer_id"),
		MemberID: b.text("member_id"), ExternalMemberID: b.text("external_member_id"), Metadata: b.metadata("metadata"),
	}
	if in.SubscriptionID == "" && in.OrderID == "" && in.CheckoutID == "" {
		b.need("subscription_id")
	}
	if now := b.flag("immediate_claim"); now != nil {
		in.Immediate = *now
	}
	return in
}

// revokeSeat: DELETE /v1/customer-seats/{seat_id}
func (s *Server) revokeSeat(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	seat, err := s.engine.RevokeSeat(ctx, r.PathValue("id"))
	return shapeOf(seat, shapeSeat), err
}

// resendSeat: POST /v1/customer-seats/{seat_id}/resend
func (s *Server) resendSeat(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	seat, err := s.engine.ResendInvitation(ctx, r.PathValue("id"))
	return shapeOf(seat, shapeSeat), err
}

// invitation is what the person who was invited may know before claiming.
type invitation struct {
	ProductName      string `json:"product_name"`
	ProductID        string `json:"product_id"`
	OrganizationName string `json:"organization_name"`
	OrganizationSlug string `json:"organization_slug"`
	CustomerEmail    string `json:"customer_email"`
	CanClaim         bool   `json:"can_claim"`
}

// claimInfo: GET /v1/customer-seats/claim/{invitation_token}
func (s *Server) claimInfo(v *twin.View, r *http.Request, _ query) (any, error) {
	seat, err := v.SeatByToken(r.PathValue("token"))
	if err != nil {
		return nil, err
	}
	bought, err := v.Seating(seat.SubscriptionID, seat.OrderID, "")
	if err != nil {
		return nil, err
	}
	o := v.Organization()
	return invitation{productName(v, bought.ProductID), bought.ProductID, o.Name, o.Slug, seat.Email, true}, nil
}

// seatClaimed answers a claim.
type seatClaimed struct {
	Seat                 seat   `json:"seat"`
	CustomerSessionToken string `json:"customer_session_token"`
}

// claimSeat: POST /v1/customer-seats/claim
func (s *Server) claimSeat(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("invitation_token")
	token := b.text("invitation_token")
	if err := b.err(); err != nil {
		return nil, err
	}
	seat, session, err := s.engine.ClaimSeat(ctx, token)
	return func(v *twin.View) any { return seatClaimed{shapeSeat(v, &seat), session.Token} }, err
}
