package polar

import (
	"context"
	"net/http"
	"time"

	"counterfoil/twin"
)

// portalSeats: GET /v1/customer-portal/seats
func (s *Server) portalSeats(v *twin.View, me twin.Actor, _ *http.Request, q query) (any, error) {
	bought, err := seatingAsked(v, q)
	if err == nil && bought.CustomerID != me.Customer.ID {
		err = twin.ErrNotFound
	}
	return shapeSeats(v, bought), err
}

// portalAssignSeat: POST /v1/customer-portal/seats
func (s *Server) portalAssignSeat(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
	in := seatInput(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	err := s.engine.Read(func(v *twin.View) error {
		bought, err := v.Seating(in.SubscriptionID, in.OrderID, in.CheckoutID)
		if err == nil && bought.CustomerID != me.Customer.ID {
			err = twin.ErrNotFound
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.assignSeat(ctx, r, b)
}

// ownSeat is the seat that the path names.
func ownSeat(v *twin.View, me twin.Actor, r *http.Request) (*twin.Seat, error) {
	return own(me, func(s *twin.Seat) string { return s.CustomerID })(v.Seat(r.PathValue("id")))
}

// portalRevokeSeat: DELETE /v1/customer-portal/seats/{seat_id}
func (s *Server) portalRevokeSeat(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
	if _, err := checkOwn(s, me, r, ownSeat); err != nil {
		return nil, err
	}
	return s.revokeSeat(ctx, r, b)
}

// portalResendSeat: POST /v1/customer-portal/seats/{seat_id}/resend
func (s *Server) portalResendSeat(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
	if _, err := checkOwn(s, me, r, ownSeat); err != nil {
		return nil, err
	}
	return s.resendSeat(ctx, r, b)
}

// portalClaimed: GET /v1/customer-portal/seats/subscriptions: subscriptions that the person has a seat of
func (s *Server) portalClaimed(v *twin.View, me twin.Actor, _ *http.Request, q query) (any, error) {
	var rows []*twin.Subscription
	for _, seat := range v.ClaimedSeats(me.Member.ID) {
		if sub, err := v.Subscription(seat.SubscriptionID); err == nil {
			rows = append(rows, sub)
		}
	}
	return listing[twin.Subscription]{
		rows: rows, sorts: map[string]func(a, b *twin.Subscription) int{
			"created_at": byTime(func(s *twin.Subscription) time.Time { return s.CreatedAt }),
		}, usual: "-created_at",
		shape: func(sub *twin.Subscription) any { return shapePortalSubscription(v, sub) },
	}.answer(q)
}
