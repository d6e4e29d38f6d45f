// Package billing holds the words and the rules of the trade: what is sold, who
// pays, what was used and what is left. It knows no provider, no database and no
// web page, and does no I/O. The adapters in billing/polar translate into its
// types; db stores them; handlers show them.
//
// Conventions that hold for every type here: money is integer minor units beside
// a lower-case ISO 4217 code; credits are integers (see Credits); times are UTC;
// identifiers named ID are ours, those named ProviderID are the provider's, and
// the two never share a field.
package billing

import "errors"

// Kinds of failure. Wrap one with %w and say what you were doing. handlers maps
// the kind to a status; an error of no kind is our own fault and becomes a 500.
var (
	ErrNotFound = errors.New("not found")
	ErrInvalid  = errors.New("invalid input")
	ErrDenied   = errors.New("not allowed")
	ErrConflict = errors.New("in conflict with what is there")
	ErrProvider = errors.New("provider unavailable") // try again later
	// ErrUnknown marks a write whose answer was lost: it may or may not have
	// happened. Look it up; never repeat it blindly. It is also an ErrProvider.
	ErrUnknown = errors.New("outcome unknown")
	// ErrPaced marks a call that was not sent, to keep within what the provider allows.
	// It says nothing about the provider. It is also an ErrProvider.
	ErrPaced = errors.New("kept back to stay within the provider's limits")
)

// Money is an amount in minor units (cents for usd, yen for jpy) of Currency, a
// lower-case ISO 4217 code as the providers send it.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}
