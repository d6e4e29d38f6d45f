package polar

import (
	"encoding/json"
	"time"

	"counterfoil/twin"
)

// text is a string whose absence is null on the wire.
type text string

// MarshalJSON writes null for "".
func (t text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(t))
}

// instant is a time as Polar writes it: UTC, microseconds, Z; the zero time is null.
type instant time.Time

// MarshalJSON writes the time or null.
func (i instant) MarshalJSON() ([]byte, error) {
	t := time.Time(i)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000000Z"`)), nil
}

// count is an integer whose zero is null.
type count int64

// MarshalJSON writes null for 0.
func (c count) MarshalJSON() ([]byte, error) {
	if c == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(int64(c))
}

// stamp is when an object was made and changed.
type stamp struct {
	CreatedAt  instant `json:"created_at"`
	ModifiedAt instant `json:"modified_at"`
}

// stamped converts the engine's stamp.
func stamped(s twin.Stamp) stamp { return stamp{instant(s.CreatedAt), instant(s.ModifiedAt)} }

// address is a postal address with every key.
type address struct {
	Line1      text   `json:"line1"`
	Line2      text   `json:"line2"`
	PostalCode text   `json:"postal_code"`
	City       text   `json:"city"`
	State      text   `json:"state"`
	Country    string `json:"country"`
}

// shapeAddress converts an address; nil stays null.
func shapeAddress(a *twin.Address) *address {
	if a == nil {
		return nil
	}
	return &address{text(a.Line1), text(a.Line2), text(a.PostalCode), text(a.City), text(a.State), a.Country}
}

// none is an empty list, which must not be null.
var none = []any{}

// list writes no items as [].
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
