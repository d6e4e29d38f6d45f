package twin

import (
	"fmt"
	"math/big"
	"strings"
)

// Quantity counts units of a meter in millionths: exact for integers and for six decimals, no float.
type Quantity int64

// quantityScale is one whole unit.
const quantityScale = 1_000_000

// Units returns n whole units.
func Units(n int64) Quantity { return Quantity(n * quantityScale) }

// Trunc returns the whole units, cut towards zero.
func (q Quantity) Trunc() int64 { return int64(q) / quantityScale }

// String writes the shortest decimal, such as "12" or "-0.5".
func (q Quantity) String() string {
	sign, n := "", int64(q)
	if n < 0 {
		sign, n = "-", -n
	}
	text := fmt.Sprintf("%s%d.%06d", sign, n/quantityScale, n%quantityScale)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// MarshalJSON writes a JSON number: an integer without a fraction when it is one.
func (q Quantity) MarshalJSON() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalJSON reads what MarshalJSON wrote.
func (q *Quantity) UnmarshalJSON(data []byte) error {
	v, ok := parseQuantity(string(data))
	if !ok {
		return fmt.Errorf("quantity %q", data)
	}
	*q = v
	return nil
}

// parseQuantity reads a decimal number, rounding beyond the sixth decimal.
func parseQuantity(text string) (Quantity, bool) {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, false
	}
	return ratQuantity(r)
}

// ratQuantity rounds r to a quantity; false when it does not fit.
func ratQuantity(r *big.Rat) (Quantity, bool) {
	n := roundRat(new(big.Rat).Mul(r, big.NewRat(quantityScale, 1)))
	return Quantity(n.Int64()), n.IsInt64()
}

// roundRat rounds to the nearest integer, halves away from zero (as the provider rounds money).
func roundRat(r *big.Rat) *big.Int {
	twice := new(big.Int).Mul(r.Num(), big.NewInt(2))
	if r.Sign() < 0 {
		twice.Sub(twice, r.Denom())
	} else {
		twice.Add(twice, r.Denom())
	}
	return twice.Quo(twice, new(big.Int).Mul(r.Denom(), big.NewInt(2)))
}

// IsDecimal reports whether text is a plain decimal number, such as "0.35".
func IsDecimal(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	whole, fraction, dot := strings.Cut(digits, ".")
	return allDigits(whole) && (!dot || allDigits(fraction))
}

// allDigits reports whether text is one digit or more.
func allDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
