package betterauth

import (
	"encoding/json"
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

// coerced is a boolean as the original reads it: false, null, zero and empty text are
// false, and whatever else was sent is true.
type coerced struct{ sent, value bool }

// UnmarshalJSON implements json.Unmarshaler.
func (c *coerced) UnmarshalJSON(raw []byte) error {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	*c = coerced{true, value != nil && value != false && value != float64(0) && value != ""}
	return nil
}

// no reports whether it was sent, and means no; what is not sent means yes.
func (c coerced) no() bool { return c.sent && !c.value }

// wish is the body of POST /checkout. A browser has no say in trials: what the product
// says counts.
type wish struct {
	Products           texts          `json:"products"`
	Slug               *string        `json:"slug"`
	ReferenceID        *string        `json:"referenceId"`
	CustomFieldData    map[string]any `json:"customFieldData"`
	Metadata           map[string]any `json:"metadata"`
	AllowDiscountCodes coerced        `json:"allowDiscountCodes" wire:"null"`
	DiscountID         *string        `json:"discountId"`
	Redirect           coerced        `json:"redirect" wire:"null"`
	EmbedOrigin        *string        `json:"embedOrigin"`
	SuccessURL         *string        `json:"successUrl"`
	ReturnURL          *string        `json:"returnUrl"`
}
