package billing

import "time"

// ActionKind is a sort of change that people ask for at a provider.
type ActionKind string

// Kinds of actions.
const (
	ActionCancel ActionKind = "cancel" // a subscription, at the end of its period
	ActionResume ActionKind = "resume" // take a cancellation back
	ActionRefund ActionKind = "refund" // give money of an order back
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

	State   ActionState
	Reason  string // why it was refused, or why it has to wait
	AskedAt time.Time
	BegunAt time.Time // zero while nothing can have happened at the provider
	EndedAt time.Time
}
