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
	SameEmail       Reason = "same_email"       // the new address is the one that is there
	TakenEmail      Reason = "taken_email"      // it became somebody else's while it was being proven
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
	WrongSecond     Reason = "wrong_second"     // not what the authenticator shows, or shown before
	BadPasskey      Reason = "bad_passkey"      // its answer proves nothing here: begin again
	SecondNeeded    Reason = "second_needed"    // the user has a second step: nothing less is enough

	WayOff          Reason = "way_off"          // this installation does not let in that way
	SignUpClosed    Reason = "sign_up_closed"   // it takes no new users
	BadName         Reason = "bad_name"         // too long, or no text
	WrongPassword   Reason = "wrong_password"   // or no such user, or one without a password
	ShortPassword   Reason = "short_password"   // less than MinPassword characters
	LongPassword    Reason = "long_password"    // more than MaxPassword characters, or no text
	CommonPassword  Reason = "common_password"  // among the first that anybody guesses
	EmailTaken      Reason = "email_taken"      // only where a sign-up signs in at once
	NotProven       Reason = "not_proven"       // the password is right; a mail asks for the proof of the address
	LinkDead        Reason = "link_dead"        // the mailed link was used, has ended, or never was
	LastWay         Reason = "last_way"         // nothing else would let the user in
	PasswordSet     Reason = "password_set"     // there is one already, or it has changed meanwhile
	UnprovenAddress Reason = "unproven_address" // nothing is linked to a user who has not proven his address
	IdentityTaken   Reason = "identity_taken"   // the identity is another user's
	LastWayIn       Reason = "last_way_in"      // without it the user could not sign in any more
	SetupToken      Reason = "setup_token"      // the start-up token was used, has ended, or never was
)

// kindOf sorts the reasons into billing's kinds of failure.
var kindOf = map[Reason]error{
	SameEmail: billing.ErrInvalid, TakenEmail: billing.ErrConflict, BadEmail: billing.ErrInvalid, BadCode: billing.ErrInvalid, WrongCode: billing.ErrInvalid,
	CodeDead: billing.ErrDenied, CodeExpired: billing.ErrDenied, CodeUsed: billing.ErrDenied,
	ForeignBrowser: billing.ErrDenied, TooMany: billing.ErrDenied,
	UnknownProvider: billing.ErrNotFound, ProviderDown: billing.ErrProvider,
	WayOff: billing.ErrNotFound, SignUpClosed: billing.ErrDenied, WrongPassword: billing.ErrDenied,
	ShortPassword: billing.ErrInvalid, LongPassword: billing.ErrInvalid, CommonPassword: billing.ErrInvalid,
	EmailTaken: billing.ErrConflict, BadName: billing.ErrInvalid, NotProven: billing.ErrDenied, LinkDead: billing.ErrNotFound,
	LastWay: billing.ErrConflict, PasswordSet: billing.ErrConflict,
	ProviderDenied: billing.ErrDenied, ProviderRefused: billing.ErrDenied, UnverifiedEmail: billing.ErrDenied,
	WrongSecond: billing.ErrInvalid, SecondNeeded: billing.ErrDenied, BadPasskey: billing.ErrDenied,
	UnprovenAddress: billing.ErrDenied, IdentityTaken: billing.ErrDenied, LastWayIn: billing.ErrDenied, SetupToken: billing.ErrDenied,
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
