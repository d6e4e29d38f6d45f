package billing

import (
	"cmp"
	"math"
	"strconv"
	"strings"
)

// decimal is a JSON number cut to millionths. It exists because a float would change
// the value and because math/big builds 1e999999999 in memory when asked to.
type decimal struct {
	units    int64 // magnitude in millionths; math.MaxInt64 when over
	negative bool
	over     bool // the number does not fit
	rest     rest // what was cut off behind the sixth decimal
}

type rest int

const (
	restNone rest = iota
	restLow       // less than half a millionth
	restHalf      // half a millionth or more
)

// maxExponent bounds the exponents that are worth telling apart: beyond it every
// number is too large, or nearly zero.
const maxExponent = 1 << 16

// parseDecimal reads digits with an optional minus, fraction and exponent.
func parseDecimal(text string) (d decimal, ok bool) {
	text, d.negative = strings.CutPrefix(text, "-")
	mantissa, exponentText, hasExponent := cutExponent(text)
	whole, fraction, hasPoint := strings.Cut(mantissa, ".")
	if whole == "" || hasPoint && fraction == "" || !onlyDigits(whole) || !onlyDigits(fraction) {
		return d, false
	}
	exponent := 0
	if hasExponent {
		if exponent, ok = parseExponent(exponentText); !ok {
			return d, false
		}
	}
	place := len(whole) + exponent + 6 // digits that count as millionths
	for i := range len(whole) + len(fraction) {
		digit := digitAt(whole, fraction, i)
		switch {
		case i < place:
			d.push(digit)
		case i == place && digit >= 5:
			d.rest = restHalf
		case digit > 0 && d.rest == restNone:
			d.rest = restLow
		}
	}
	for i := len(whole) + len(fraction); i < place && d.units != 0 && !d.over; i++ {
		d.push(0)
	}
	return d, true
}

// push appends one digit to the magnitude.
func (d *decimal) push(digit int64) {
	if d.over || d.units > (math.MaxInt64-digit)/10 {
		d.units, d.over = math.MaxInt64, true
		return
	}
	d.units = d.units*10 + digit
}

func (d decimal) credits() Credits {
	if d.negative {
		return Credits(-d.units)
	}
	return Credits(d.units)
}

// compareInt orders d and the whole number n exactly.
func (d decimal) compareInt(n int64) int {
	sign := 1
	if d.negative {
		sign = -1
	}
	if d.over {
		return sign
	}
	if n > math.MaxInt64/int64(CreditScale) {
		return -1
	}
	if n < math.MinInt64/int64(CreditScale) {
		return 1
	}
	if order := cmp.Compare(int64(d.credits()), n*int64(CreditScale)); order != 0 || d.rest == restNone {
		return order
	}
	return sign // equal up to the sixth decimal, and something behind it
}

func cutExponent(text string) (mantissa, exponent string, found bool) {
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		return text[:i], text[i+1:], true
	}
	return text, "", false
}

func parseExponent(text string) (int, bool) {
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	if digits == "" || len(text)-len(digits) > 1 || !onlyDigits(digits) {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxExponent {
		n = maxExponent
	}
	if text[0] == '-' {
		n = -n
	}
	return n, true
}

func digitAt(whole, fraction string, i int) int64 {
	if i < len(whole) {
		return int64(whole[i] - '0')
	}
	return int64(fraction[i-len(whole)] - '0')
}

func onlyDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
