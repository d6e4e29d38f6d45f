package billing

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of an event, which are Polar's (its reference, events and metadata, 2026-08).
// Of its 50 keys one is kept for Event.ID, which Polar gives back in no other way.
const (
	maxEventName     = 128 // characters
	maxMetadataKeys  = 49
	maxMetadataKey   = 40  // characters
	maxMetadataValue = 500 // characters of text
)

// Reasons of an InvalidEvent.
const (
	ReasonMissing   = "missing"
	ReasonTooLong   = "too_long"
	ReasonTooMany   = "too_many"
	ReasonBadText   = "bad_text"   // not UTF-8, or with a NUL character
	ReasonBadNumber = "bad_number" // not a decimal number, or too large to count
	ReasonWrongType = "wrong_type" // not text, a number or a boolean
	ReasonInFuture  = "in_future"
	ReasonTooOld    = "too_old" // before 1970, or at its first moment, which stands for none
)

// InvalidEvent says what is wrong with an event. It is an ErrInvalid.
type InvalidEvent struct {
	Field  string // id, customer_id, name, occurred_at, metadata, or metadata.KEY
	Reason string // one of the Reason constants
}

func (e *InvalidEvent) Error() string {
	return fmt.Sprintf("invalid event: %s is %s", clip(e.Field), strings.ReplaceAll(e.Reason, "_", " "))
}

// Unwrap makes it an ErrInvalid.
func (e *InvalidEvent) Unwrap() error { return ErrInvalid }

// Validate checks that the event can be accepted by a provider at the time now. The
// answer is nil or an *InvalidEvent, the same for the same event.
func (e Event) Validate(now time.Time) error {
	switch {
	case e.ID == "":
		return &InvalidEvent{"id", ReasonMissing}
	case e.CustomerID == "":
		return &InvalidEvent{"customer_id", ReasonMissing}
	case e.OccurredAt.IsZero():
		return &InvalidEvent{"occurred_at", ReasonMissing}
	case e.OccurredAt.After(now):
		return &InvalidEvent{"occurred_at", ReasonInFuture}
	case e.OccurredAt.UnixMilli() <= 0:
		return &InvalidEvent{"occurred_at", ReasonTooOld}
	case !storable(e.ID):
		return &InvalidEvent{"id", ReasonBadText}
	case !storable(e.CustomerID):
		return &InvalidEvent{"customer_id", ReasonBadText}
	case len(e.Metadata) > maxMetadataKeys:
		return &InvalidEvent{"metadata", ReasonTooMany}
	}
	if reason := badText(e.Name, maxEventName); reason != "" {
		return &InvalidEvent{"name", reason}
	}
	worst := ""
	reason := ""
	for key, value := range e.Metadata {
		// Of several bad keys the first in order is named, since maps have none.
		if r := badMetadata(key, value); r != "" && (reason == "" || key < worst) {
			worst, reason = key, r
		}
	}
	if reason != "" {
		return &InvalidEvent{"metadata." + worst, reason}
	}
	return nil
}

// badMetadata is the reason that a metadata pair cannot be accepted, or "".
func badMetadata(key string, value any) string {
	if reason := badText(key, maxMetadataKey); reason != "" {
		return reason
	}
	switch v := value.(type) {
	case string:
		return badText(v, maxMetadataValue)
	case bool, int64, int:
		return ""
	case json.Number:
		if d, ok := parseDecimal(v.String()); !ok || d.over {
			return ReasonBadNumber
		}
		return ""
	default:
		return ReasonWrongType
	}
}

// badText is the reason that text of 1 to limit characters cannot be accepted, or "".
func badText(text string, limit int) string {
	switch {
	case text == "":
		return ReasonMissing
	case !storable(text):
		return ReasonBadText
	case len(text) > limit && utf8.RuneCountInString(text) > limit:
		return ReasonTooLong
	}
	return ""
}

// storable reports whether every database and provider can keep a text.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
