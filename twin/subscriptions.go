package twin

import "time"

// Subscription statuses used by the twin.
const (
	Active   = "active"
	Trialing = "trialing"
	PastDue  = "past_due"
	Canceled = "canceled"
	Paused   = "paused" // Polar since summer 2026; polar-go 0.15.0 cannot read it
)

// Subscription is a recurring agreement. Amount is the base price per period in minor units, before discount.
type Subscription struct {
	ID string
	Stamp
	CustomerID, ProductID, CheckoutID string
	DiscountID                        string
	DiscountSince                     time.Time
	Status                            string
	Amount                            int64
	Currency                          string
	Interval                          Interval
	IntervalCount                     int
	PeriodStart, PeriodEnd            time.Time
	Anchor                            time.Time // periods are counted from here, so 31st stays 31st
	TrialStart, TrialEnd              time.Time
	StartedAt, CanceledAt             time.Time
	EndsAt, EndedAt                   time.Time
	PastDueAt, GraceEnds              time.Time // GraceEnds: benefits are revoked then
	CancelAtPeriodEnd                 bool
	PauseAtPeriodEnd                  bool
	PausedAt, ResumesAt               time.Time // ResumesAt is zero when somebody must resume it
	CancelReason, CancelComment       string
	SeatCount                         int64
	Prices                            []Price
	Metadata                          Metadata
	CustomFieldData                   Metadata
	Pending                           []OrderItem    // prorated amounts for the next invoice
	Update                            *PendingUpdate `json:",omitempty"`
}

// Live reports whether the subscription counts as active in filters and state: active or trialing.
func (s Subscription) Live() bool { return s.Status == Active || s.Status == Trialing }

// Ended reports whether the subscription is over.
func (s Subscription) Ended() bool { return !s.EndedAt.IsZero() }

// Cancellation is a buyer's or merchant's reason to end a subscription; both parts may be empty.
type Cancellation struct{ Reason, Comment string }
