package look

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// symbols are the signs of the currencies the twin sells in; any other is written
// with its code.
var symbols = map[string]string{"usd": "$", "eur": "€", "gbp": "£"}

// Money writes an amount of minor units: 2400 in usd is "$24.00".
func Money(amount int64, currency string) string {
	sign := ""
	if amount < 0 {
		sign, amount = "−", -amount
	}
	cents := strconv.FormatInt(amount%100, 10)
	if len(cents) < 2 {
		cents = "0" + cents
	}
	figure := Count(amount/100) + "." + cents
	if symbol, known := symbols[strings.ToLower(currency)]; known {
		return sign + symbol + figure
	}
	return sign + figure + " " + strings.ToUpper(currency)
}

// Count writes a whole number with commas between the thousands.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Initials are the first letters of the first and the last word of a name, at most two.
func Initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return "?"
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	if len(words) == 1 {
		return string(unicode.ToUpper(first))
	}
	last, _ := utf8.DecodeRuneInString(words[len(words)-1])
	return string(unicode.ToUpper(first)) + string(unicode.ToUpper(last))
}
