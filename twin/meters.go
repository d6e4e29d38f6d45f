package twin

import "time"

// Filter selects events: its clauses, joined by Conjunction ("and" or "or").
type Filter struct {
	Conjunction string   `json:"conjunction"`
	Clauses     []Clause `json:"clauses"`
}

// Clause is a comparison, or a nested filter when Nested is set.
type Clause struct {
	Property string
	Operator string // eq, ne, gt, gte, lt, lte, like, not_like
	Value    any    // string, bool or json.Number (a 32-bit integer)
	Nested   *Filter
}

// Meter says how events add up.
type Meter struct {
	ID string
	Stamp
	Name       string
	Filter     Filter
	Func       string // count, sum, max, min, avg, unique
	Property   string // of every Func but count
	Metadata   Metadata
	ArchivedAt time.Time
}

// CustomerMeter is one customer's standing on one meter. Balance is Credited - Consumed.
type CustomerMeter struct {
	ID string
	Stamp
	CustomerID, MeterID string
	Consumed            Quantity
	Credited            int64
	Rollover            int64 // of Credited: units flagged to survive a reset
	Activated           bool  // shown in the customer's state
	ResetSeq            int64 // events up to this one are outside the window
	Tally               Tally
}

// Balance returns credited minus consumed; it may be negative.
func (m CustomerMeter) Balance() Quantity { return Units(m.Credited) - m.Consumed }

// Event is one thing that happened: reported by the merchant (Source "user") or by the twin ("system").
// Events never change. Timestamp is when it happened, IngestedAt when it became known.
type Event struct {
	ID               string
	Seq              int64
	Timestamp        time.Time
	IngestedAt       time.Time
	Name, Source     string
	CustomerID       string
	ExternalCustomer string
	ExternalID       string
	ParentID         string
	MemberID         string
	ExternalMember   string
	Metadata         Metadata
}
