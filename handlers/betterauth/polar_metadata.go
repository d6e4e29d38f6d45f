package betterauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"counterfoil/auth"
	"counterfoil/billing"
)

// Limits of metadata, which are the provider's.
const (
	maxKeys      = 50
	maxKeyChars  = 40
	maxTextChars = 500
)

// fields are values by name, flat: text, numbers and booleans.
type fields map[string]any

// UnmarshalJSON implements json.Unmarshaler.
func (f *fields) UnmarshalJSON(raw []byte) error {
	read, misfits := readFields("customFieldData", raw)
	*f = read
	return refuseMisfits(misfits)
}

// metadata are fields within the provider's limits.
type metadata map[string]any

// UnmarshalJSON implements json.Unmarshaler.
func (m *metadata) UnmarshalJSON(raw []byte) error {
	read, misfits := readFields("metadata", raw)
	long := false
	for key, value := range read {
		if text, _ := value.(string); utf8.RuneCountInString(text) > maxTextChars {
			misfits = append(misfits, fmt.Sprintf("[body.metadata.%s] Too big: expected string to have <=%d characters", key, maxTextChars))
		}
		long = long || utf8.RuneCountInString(key) > maxKeyChars
	}
	if len(misfits) == 0 && len(read) > maxKeys {
		misfits = append(misfits, fmt.Sprintf("[body.metadata] Metadata can have at most %d key-value pairs", maxKeys))
	}
	if len(misfits) == 0 && long {
		misfits = append(misfits, fmt.Sprintf("[body.metadata] Metadata keys must be at most %d characters", maxKeyChars))
	}
	*m = read
	return refuseMisfits(misfits)
}

// readFields reads fields, and tells what does not fit.
func readFields(name string, raw []byte) (read map[string]any, misfits []string) {
	if err := json.Unmarshal(raw, &read); err != nil {
		return nil, []string{"[body." + name + "] Invalid input: expected record, received " + kindOf(raw)}
	}
	for key, value := range read {
		switch value.(type) {
		case string, float64, bool:
		default:
			misfits = append(misfits, "[body."+name+"."+key+"] Invalid input")
		}
	}
	return read, misfits
}

func refuseMisfits(misfits []string) error {
	if len(misfits) == 0 {
		return nil
	}
	slices.Sort(misfits) // maps have no order
	return invalid(strings.Join(misfits, "; "))
}

// metadataOf is what goes with the purchase. The reference that is named counts before one
// that metadata smuggles in, and one that is another customer's of ours is refused.
func (s *Server) metadataOf(ctx context.Context, who auth.Visitor, body wish) (map[string]any, error) {
	metadata := map[string]any{}
	maps.Copy(metadata, body.Metadata)
	if reference := orEmpty(body.ReferenceID); reference != "" {
		metadata["referenceId"] = reference
	}
	if len(metadata) > maxKeys {
		return nil, invalid(fmt.Sprintf("[body.metadata] Metadata can have at most %d key-value pairs", maxKeys))
	}
	reference, named := metadata["referenceId"].(string)
	if !named || reference == who.UserID || reference == who.CustomerID {
		return metadata, nil
	}
	if _, err := s.Store.Customer(ctx, reference); errors.Is(err, billing.ErrNotFound) {
		return metadata, nil // the caller's own word for something
	} else if err != nil {
		return nil, err
	}
	role, err := s.Store.Membership(ctx, reference, who.UserID)
	if err != nil && !errors.Is(err, billing.ErrNotFound) {
		return nil, err
	}
	if !role.Bills() {
		return nil, refuse(http.StatusForbidden, "", "Not allowed to buy for this organisation")
	}
	return metadata, nil
}
