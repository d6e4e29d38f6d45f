package betterauth

import (
	"encoding/json"
	"slices"
	"strings"
)

// texts is one text, or a list of them.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = texts{one}
		return nil
	}
	var many []string
	if json.Unmarshal(raw, &many) != nil {
		return invalid("[body.products] Invalid input")
	}
	*t = many
	return nil
}

// coerced is a boolean as the original reads it: whatever is not empty is true.
type coerced bool

// UnmarshalJSON implements json.Unmarshaler.
func (c *coerced) UnmarshalJSON(raw []byte) error {
	text := strings.TrimSpace(string(raw))
	*c = coerced(!slices.Contains([]string{"false", "null", "0", `""`}, text))
	return nil
}

// wish is the body of POST /checkout. A browser has no say in trials: what the product
// says counts.
type wish struct {
	Products           texts          `json:"products"`
	Slug               *string        `json:"slug"`
	ReferenceID        *string        `json:"referenceId"`
	CustomFieldData    map[string]any `json:"customFieldData"`
	Metadata           map[string]any `json:"metadata"`
	AllowDiscountCodes *coerced       `json:"allowDiscountCodes"`
	DiscountID         *string        `json:"discountId"`
	Redirect           *coerced       `json:"redirect"`
	EmbedOrigin        *string        `json:"embedOrigin"`
	SuccessURL         *string        `json:"successUrl"`
	ReturnURL          *string        `json:"returnUrl"`
}
