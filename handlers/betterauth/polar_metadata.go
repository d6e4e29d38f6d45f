package betterauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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

// metadataOf is what goes with the purchase. The reference that is named counts before one
// that metadata smuggles in, and one that is another customer's of ours is refused. Fields
// of the form are checked here too: the provider takes the same values.
func (s *Server) metadataOf(ctx context.Context, who auth.Visitor, body wish) (map[string]any, error) {
	for key, value := range body.CustomFieldData {
		switch value.(type) {
		case string, float64, bool:
		default:
			return nil, invalid("[body.customFieldData." + key + "] Invalid input")
		}
	}
	metadata := map[string]any{}
	for key, value := range body.Metadata {
		text, isText := value.(string)
		_, isNumber := value.(float64)
		_, isBool := value.(bool)
		switch {
		case utf8.RuneCountInString(key) > maxKeyChars:
			return nil, invalid(fmt.Sprintf("[body.metadata] Metadata keys must be at most %d characters", maxKeyChars))
		case !isText && !isNumber && !isBool:
			return nil, invalid("[body.metadata." + key + "] Invalid input")
		case isText && utf8.RuneCountInString(text) > maxTextChars:
			return nil, invalid(fmt.Sprintf("[body.metadata.%s] Too big: expected string to have <=%d characters", key, maxTextChars))
		}
		metadata[key] = value
	}
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
