package twin

import "time"

// Seat statuses.
const (
	SeatPending = "pending"
	SeatClaimed = "claimed"
	SeatRevoked = "revoked"
)

// seatInvitation is how long the invitation to a seat is good.
const seatInvitation = 24 * time.Hour

// Seat is one place of a seat-based subscription or one-time order, and the member who has it or is invited.
type Seat struct {
	ID string
	Stamp
	SubscriptionID, OrderID string // one of the two
	CustomerID, MemberID    string // who pays, who sits
	Email                   string
	Status                  string
	Token                   string // of the invitation; "" once claimed or revoked
	TokenExpires            time.Time
	ClaimedAt, RevokedAt    time.Time
	Metadata                Metadata
}

// Taken reports whether the seat counts against the number bought.
func (s Seat) Taken() bool { return s.Status != SeatRevoked }

// Seat returns a seat, or ErrNotFound.
func (v *View) Seat(id string) (*Seat, error) { return v.seats.get(id) }

// Seating is what was bought: a subscription or a one-time order with a number of seats.
type Seating struct {
	SubscriptionID, OrderID string
	CustomerID, ProductID   string
	Total, Free             int64
	Seats                   []*Seat
	paid                    bool
}

// Seating finds the seats of a subscription, an order (a subscription's order means the subscription) or
// what a checkout became, by the first id that is not empty. Errors: ErrNotFound.
func (v *View) Seating(subscriptionID, orderID, checkoutID string) (Seating, error) {
	if c, ok := v.checkouts.rows[checkoutID]; ok && subscriptionID+orderID == "" {
		subscriptionID, orderID = c.SubscriptionID, c.OrderID
	}
	if o, ok := v.orders.rows[orderID]; ok && subscriptionID == "" {
		if o.SubscriptionID == "" {
			return v.seatingOf(Seating{OrderID: o.ID, CustomerID: o.CustomerID, ProductID: o.ProductID, Total: o.SeatCount, paid: o.Paid()}), nil
		}
		subscriptionID = o.SubscriptionID
	}
	sub, err := v.subscriptions.get(subscriptionID)
	if err != nil {
		return Seating{}, err
	}
	return v.seatingOf(Seating{
		SubscriptionID: sub.ID, CustomerID: sub.CustomerID, ProductID: sub.ProductID, Total: sub.SeatCount, paid: !sub.Ended(),
	}), nil
}

// seatingOf fills in the seats.
func (v *View) seatingOf(s Seating) Seating {
	s.Seats, s.Free = v.seats.by(seatsByScope, s.SubscriptionID+s.OrderID), s.Total
	for _, seat := range s.Seats {
		if seat.Taken() {
			s.Free--
		}
	}
	s.Free = max(0, s.Free)
	return s
}

// SeatByToken finds a seat that waits to be claimed, or ErrNotFound.
func (v *View) SeatByToken(token string) (*Seat, error) {
	rows := v.seats.by(seatsByToken, token)
	if token == "" || len(rows) == 0 || rows[0].Status != SeatPending || !v.now.Before(rows[0].TokenExpires) {
		return nil, ErrNotFound
	}
	return rows[0], nil
}

// ClaimedSeats returns the claimed seats of a member.
func (v *View) ClaimedSeats(memberID string) []*Seat {
	var mine []*Seat
	for _, s := range v.seats.all() {
		if s.MemberID == memberID && s.Status == SeatClaimed {
			mine = append(mine, s)
		}
	}
	return mine
}

// holders are the members who get a subscription's benefits: those with a claimed seat, or the customer
// itself ("") where there are no seats.
func (v *View) holders(sub Subscription) []string {
	if _, ok := seatPrice(sub.Prices); !ok {
		return []string{""}
	}
	var members []string
	for _, s := range v.seats.by(seatsByScope, sub.ID) {
		if s.Status == SeatClaimed {
			members = append(members, s.MemberID)
		}
	}
	return members
}

// takenSeats counts the seats of a subscription that somebody has or is invited to.
func (v *View) takenSeats(subscriptionID string) int64 {
	var taken int64
	for _, s := range v.seats.by(seatsByScope, subscriptionID) {
		if s.Taken() {
			taken++
		}
	}
	return taken
}
