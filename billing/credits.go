package billing

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseCredits reads decimal text, such as a JSON number, exactly: "12", "-0.5",
// "1.5e3". More than six decimals, or more than about nine million million credits,
// is ErrInvalid.
func ParseCredits[T ~string](text T) (Credits, error) {
	d, ok := parseDecimal(string(text))
	switch {
	case !ok:
		return 0, fmt.Errorf("credits %s: not a decimal number: %w", clip(string(text)), ErrInvalid)
	case d.over:
		return 0, fmt.Errorf("credits %s: too large: %w", clip(string(text)), ErrInvalid)
	case d.rest != restNone:
		return 0, fmt.Errorf("credits %s: more than six decimals: %w", clip(string(text)), ErrInvalid)
	}
	return d.credits(), nil
}

// RoundCredits reads decimal text like ParseCredits, and rounds what is beyond the
// sixth decimal to the nearest, halves away from zero. It is for figures that others
// added up as floats, such as Polar's consumed_units of 0.30000000000000004: a figure
// like that must not make the whole answer unreadable.
func RoundCredits[T ~string](text T) (Credits, error) {
	d, ok := parseDecimal(string(text))
	if !ok {
		return 0, fmt.Errorf("credits %s: not a decimal number: %w", clip(string(text)), ErrInvalid)
	}
	if d.rest == restHalf && d.units < math.MaxInt64 {
		d.units++
	}
	if d.over {
		return 0, fmt.Errorf("credits %s: too large: %w", clip(string(text)), ErrInvalid)
	}
	return d.credits(), nil
}

// String writes the shortest decimal text: "12", "-0.5". ParseCredits reads it back.
func (c Credits) String() string {
	// The magnitude is taken as uint64, where the smallest int64 has one too.
	magnitude, sign := uint64(c), ""
	if c < 0 {
		magnitude, sign = -magnitude, "-"
	}
	const scale = uint64(CreditScale)
	text := sign + strconv.FormatUint(magnitude/scale, 10)
	if part := magnitude % scale; part > 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%06d", part), "0")
	}
	return text
}

// Add returns c + d, or ErrInvalid when that does not fit: credits never wrap around.
func (c Credits) Add(d Credits) (Credits, error) {
	sum := c + d
	if (sum > c) != (d > 0) {
		return 0, fmt.Errorf("%s plus %s credits: too large: %w", c, d, ErrInvalid)
	}
	return sum, nil
}

// Sub returns c - d, or ErrInvalid when that does not fit.
func (c Credits) Sub(d Credits) (Credits, error) {
	difference := c - d
	if (difference < c) != (d > 0) {
		return 0, fmt.Errorf("%s minus %s credits: too large: %w", c, d, ErrInvalid)
	}
	return difference, nil
}

// Whole cuts towards zero to whole credits, as Polar does with what rolls over.
func (c Credits) Whole() Credits { return c - c%CreditScale }

// clip quotes text for an error without letting it grow.
func clip(text string) string {
	if len(text) > 40 {
		text = text[:40] + "..."
	}
	return strconv.Quote(text)
}
