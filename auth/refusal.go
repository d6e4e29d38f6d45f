package auth

import (
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
)

// Reason says why somebody was not let in; handlers turn it into a sentence.
type Reason string

// Reasons.
const (
	BadEmail        Reason = "bad_email"        // not an address that mail can go to
	BadCode         Reason = "bad_code"         // not eight characters; costs no try
	WrongCode       Reason = "wrong_code"       // Refusal.TriesLeft says how many remain, at least one
	CodeDead        Reason = "code_dead"        // too many wrong tries: ask for another
	CodeExpired     Reason = "code_expired"     // too late, or a newer one was sent
	CodeUsed        Reason = "code_used"        // it has signed somebody in already
	ForeignBrowser  Reason = "foreign_browser"  // this browser has not asked for a code, or has begun no sign-in
	TooMany         Reason = "too_many"         // Refusal.RetryAfter says when to come back
	UnknownProvider Reason = "unknown_provider" // no such way in
	ProviderDown    Reason = "provider_down"    // the identity provider can't be reached
	ProviderDenied  Reason = "provider_denied"  // the reader said no there
	ProviderRefused Reason = "provider_refused" // it answered, but its answer proves nothing
	UnverifiedEmail Reason = "unverified_email" // it does not vouch for the address
)

// kindOf sorts the reasons into billing's kinds of failure.
var kindOf = map[Reason]error{
	BadEmail: billing.ErrInvalid, BadCode: billing.ErrInvalid, WrongCode: billing.ErrInvalid,
	CodeDead: billing.ErrDenied, CodeExpired: billing.ErrDenied, CodeUsed: billing.ErrDenied,
	ForeignBrowser: billing.ErrDenied, TooMany: billing.ErrDenied,
	UnknownProvider: billing.ErrNotFound, ProviderDown: billing.ErrProvider,
	ProviderDenied: billing.ErrDenied, ProviderRefused: billing.ErrDenied, UnverifiedEmail: billing.ErrDenied,
}

// Refusal is the error of a sign-in that did not happen. It is also of one of
// billing's kinds.
type Refusal struct {
	Reason     Reason
	TriesLeft  int           // WrongCode
	RetryAfter time.Duration // TooMany
	Cause      error         // for the log; may be nil
}

// Error is for the log: it holds no address and no secret.
func (r *Refusal) Error() string {
	if r.Cause != nil {
		return fmt.Sprintf("sign-in refused: %s: %v", r.Reason, r.Cause)
	}
	return fmt.Sprintf("sign-in refused: %s", r.Reason)
}

// Unwrap lets errors.Is see the kind and the cause.
func (r *Refusal) Unwrap() []error {
	if r.Cause == nil {
		return []error{kindOf[r.Reason]}
	}
	return []error{kindOf[r.Reason], r.Cause}
}

// ReasonOf finds the refusal in an error. It is nil when err is none: then the
// failure is our own.
func ReasonOf(err error) *Refusal {
	refusal, _ := errors.AsType[*Refusal](err)
	return refusal
}

func refuse(reason Reason, cause error) error { return &Refusal{Reason: reason, Cause: cause} }
