package billing

import (
	"time"
)

// Credits counts prepaid or consumed units of a meter in millionths: one credit is
// CreditScale. Providers send units as JSON numbers; they are read as decimal text,
// never through a float.
type Credits int64

// CreditScale is one whole credit.
const CreditScale Credits = 1_000_000

// Meter says how events add up to units.
type Meter struct {
	Source
	Name        string      `json:"name"`
	Aggregation Aggregation `json:"aggregation"`
	Property    string      `json:"property"` // metadata key the aggregation reads; empty for AggregateCount
	Filter      Filter      `json:"filter"`
	Archived    bool        `json:"archived"`
}

// Ref implements Object.
func (m Meter) Ref() Ref { return m.ref(KindMeter) }

// Aggregation turns many events into units.
type Aggregation string

// Aggregations that the providers know. Only count and sum can be posted to a
// ledger event by event; of the others the provider's figure is shown.
const (
	AggregateCount  Aggregation = "count"
	AggregateSum    Aggregation = "sum"
	AggregateMax    Aggregation = "max"
	AggregateMin    Aggregation = "min"
	AggregateAvg    Aggregation = "avg"
	AggregateUnique Aggregation = "unique"
)

// Filter decides which events a meter counts: all (and) or any (or) of its clauses
// and nested filters hold. The zero Filter matches every event.
type Filter struct {
	Any     bool     `json:"any,omitempty"`
	Clauses []Clause `json:"clauses,omitempty"`
	Nested  []Filter `json:"nested,omitempty"`
}

// Clause compares one property of an event: "name", "timestamp" (unix seconds) or a
// metadata key. Operator is eq, ne, gt, gte, lt, lte, like or not_like.
type Clause struct {
	Property string `json:"property"`
	Operator string `json:"operator"`
	Value    any    `json:"value"` // string, integer (int64 after decoding by this package) or bool
}

// Event is one use, reported. ID is ours and becomes the provider's external id,
// which makes sending it twice harmless.
type Event struct {
	ID         string
	CustomerID string // ours
	Name       string
	Metadata   map[string]any // flat: string, bool, int64 or json.Number
	OccurredAt time.Time
}

// ForeignEvent is an event as a provider lists it. ExternalID is the Event.ID that
// we or somebody else sent it with; empty if none was given.
type ForeignEvent struct {
	ProviderID         string
	ExternalID         string
	ProviderCustomerID string
	Name               string
	Metadata           map[string]any
	OccurredAt         time.Time
}

// Event gives a foreign event the form that meters match. Its ID is the one that we
// or somebody else sent it with, else the provider's.
func (f ForeignEvent) Event() Event {
	id := f.ExternalID
	if id == "" {
		id = f.ProviderID
	}
	return Event{ID: id, Name: f.Name, Metadata: f.Metadata, OccurredAt: f.OccurredAt}
}

// CreditEvent is one movement of granted credits in a provider's own record: a
// grant (Units > 0), a revocation (Units < 0), or a reset, which ends the period
// and whatever was left in it. Polar keeps them as system events meter.credited and
// meter.reset (reference: Polar API, credit arithmetic).
type CreditEvent struct {
	Provider           string
	ProviderID         string
	ProviderCustomerID string
	ProviderMeterID    string
	Reset              bool
	Units              Credits
	Rollover           bool
	OccurredAt         time.Time
}

// Balance is a provider's own figure for one customer and meter.
type Balance struct {
	Source
	ProviderCustomerID string  `json:"provider_customer_id"`
	ProviderMeterID    string  `json:"provider_meter_id"`
	Consumed           Credits `json:"consumed"`
	Credited           Credits `json:"credited"`
	Balance            Credits `json:"balance"`
}

// Ref implements Object.
func (b Balance) Ref() Ref { return b.ref(KindBalance) }
