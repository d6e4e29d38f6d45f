package billing

import "time"

// ActionKind is a sort of change that people ask for at a provider.
type ActionKind string

// Kinds of actions.
const (
	ActionCancel ActionKind = "cancel" // a subscription, at the end of its period
	ActionResume ActionKind = "resume" // take a cancellation back
	ActionRefund ActionKind = "refund" // give money of an order back

	ActionAssignSeat  ActionKind = "assign_seat"  // give somebody a seat, or make the one that waits for him his
	ActionRevokeSeat  ActionKind = "revoke_seat"  // take a seat back
	ActionResendSeat  ActionKind = "resend_seat"  // mail the invitation to a seat again
	ActionChangeSeats ActionKind = "change_seats" // another number of seats of a subscription
)

// ActionState is where an action stands.
type ActionState string

// States of an action.
const (
	ActionWaiting   ActionState = "waiting" // until the provider has answered
	ActionDone      ActionState = "done"
	ActionRefused   ActionState = "refused"   // by the provider, for Reason
	ActionWithdrawn ActionState = "withdrawn" // by who asked, before it had begun
)

// Action is a change that somebody asked for. It is kept before the provider hears of
// it, and done by the worker however often that takes.
type Action struct {
	ID         string
	Kind       ActionKind
	Object     Ref
	CustomerID string // whose object it is, ours
	AskedBy    string // our user id

	Cancellation Cancellation  // of an ActionCancel
	Refund       RefundRequest // of an ActionRefund
	Seat         SeatWish      // of an action about a seat; Object is then its place
	Seats        SeatChange    // of an ActionChangeSeats

	State   ActionState
	Reason  string // why it was refused, or why it has to wait
	AskedAt time.Time
	BegunAt time.Time // zero while nothing can have happened at the provider
	EndedAt time.Time
}

// SeatWish says whose seat an action is about.
type SeatWish struct {
	ProviderSubscriptionID string
	ProviderCustomerID     string    // who pays
	Email                  string    // lower case
	UserID                 string    // ours; empty for an address that is nobody's here
	Name                   string    // may be empty
	Role                   Role      // of the user in the organisation
	Claim                  bool      // assign: it is his at once
	ProviderSeatID         string    // revoke, resend
	ExpiresAt              time.Time // resend: until when the invitation counted
}

// SeatPlace names the place that a seat of somebody takes: one address in one
// subscription. Of one place one change waits at a time.
func SeatPlace(provider, providerSubscriptionID, email string) Ref {
	return Ref{Provider: provider, Kind: KindSeat, ProviderID: providerSubscriptionID + "/" + email}
}

// AboutSeat reports whether the action is about one seat.
func (k ActionKind) AboutSeat() bool {
	return k == ActionAssignSeat || k == ActionRevokeSeat || k == ActionResendSeat
}
