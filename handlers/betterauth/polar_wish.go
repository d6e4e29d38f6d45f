package betterauth

import (
	"encoding/json"
	"net/url"
	"strings"
)

// texts is one text, or a list of them.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var one *string
	if json.Unmarshal(raw, &one) == nil && one != nil {
		*t = texts{*one}
		return nil
	}
	var many []string
	if json.Unmarshal(raw, &many) != nil || many == nil {
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
	Products           texts      `json:"products" wire:"null"`
	Slug               *string    `json:"slug"`
	ReferenceID        *string    `json:"referenceId"`
	CustomFieldData    fields     `json:"customFieldData"`
	Metadata           metadata   `json:"metadata"`
	AllowDiscountCodes coerced    `json:"allowDiscountCodes" wire:"null"`
	DiscountID         *string    `json:"discountId"`
	Redirect           coerced    `json:"redirect" wire:"null"`
	EmbedOrigin        embedder   `json:"embedOrigin"`
	SuccessURL         successURL `json:"successUrl"`
	ReturnURL          returnURL  `json:"returnUrl"`
}

// The addresses of a wish, which must at least be some; whether a browser may be led there
// is asked later.
type (
	embedder   string
	successURL string
	returnURL  string
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *embedder) UnmarshalText(text []byte) error {
	if originOf(string(text)) == "" {
		return invalid("[body.embedOrigin] Invalid URL")
	}
	*e = embedder(text)
	return nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *successURL) UnmarshalText(text []byte) error {
	*u = successURL(text)
	return leads("successUrl", string(text))
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *returnURL) UnmarshalText(text []byte) error {
	*u = returnURL(text)
	return leads("returnUrl", string(text))
}

// leads checks that text could lead a browser somewhere.
func leads(field, text string) error {
	if u, err := url.Parse(strings.ReplaceAll(text, checkoutID, "x")); strings.HasPrefix(text, "/") || err == nil && u.Scheme != "" {
		return nil
	}
	return invalid("[body." + field + "] Must be a valid URL or a relative path starting with /")
}
