package twin

import (
	"errors"
	"fmt"
)

// ErrNotFound is what every look-up of an unknown id answers.
var ErrNotFound = errors.New("not found")

// FieldError says what is wrong with one input. Loc is the path to it, such as "body", "products", 0.
type FieldError struct {
	Loc   []any
	Msg   string
	Type  string // "value_error" unless set
	Input any
}

// Invalid is refused input: one or more fields are wrong and nothing was changed.
type Invalid struct{ Fields []FieldError }

// Error lists the first complaint; the rest is in Fields.
func (e *Invalid) Error() string {
	return fmt.Sprintf("invalid input: %v: %s", e.Fields[0].Loc, e.Fields[0].Msg)
}

// Refused is a rule of the provider saying no. Class is the provider's name for it (Polar API, section 1.4 of
// its error list: "AlreadyCanceledSubscription", "ExpiredCheckoutError", ...). Nothing was changed.
type Refused struct{ Class, Detail string }

// Error returns class and detail.
func (e *Refused) Error() string { return e.Class + ": " + e.Detail }

// invalid builds an Invalid with one field below "body".
func invalid(msg string, path ...any) error {
	return &Invalid{Fields: []FieldError{{Loc: append([]any{"body"}, path...), Msg: msg, Type: "value_error"}}}
}

// refused builds a Refused.
func refused(class, detail string) error { return &Refused{Class: class, Detail: detail} }

// IsRefused reports whether err is the provider's refusal of the given class.
func IsRefused(err error, class string) bool {
	var r *Refused
	return errors.As(err, &r) && r.Class == class
}
