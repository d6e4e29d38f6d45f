package views

import (
	"strconv"
	"strings"

	"github.com/bojanz/currency"
)

// CreditScale is how many micro-units make one credit.
const CreditScale = 1_000_000

// minus is the sign of typography; a hyphen is too short beside figures.
const minus = "−"

// assetDigits says how many decimals the minor unit of an asset stands for
// when it is no ISO currency. Stellar counts every asset in steps of 10^-7
// (Stellar docs, Assets, "Amount precision").
var assetDigits = map[string]int{"XLM": 7, "USDC": 7, "EURC": 7}

// Money writes an amount of minor units: 2400 of "usd" is "$24.00". Codes may
// be of either case. A code that we do not know shows the bare minor units.
func (t *Translator) Money(minor int64, code string) string {
	return t.money(t.tongue.money, minor, code)
}

// Price is Money without the cents of a round amount: "$24", and "$24.50".
func (t *Translator) Price(minor int64, code string) string {
	unit := int64(1)
	if digits, ok := currency.GetDigits(strings.ToUpper(code)); ok {
		for range digits {
			unit *= 10
		}
	}
	if minor%unit != 0 {
		return t.Money(minor, code)
	}
	return t.money(t.tongue.price, minor, code)
}

// SignedMoney is Money with a plus or a minus in front.
func (t *Translator) SignedMoney(minor int64, code string) string {
	if minor > 0 {
		return "+" + t.Money(minor, code)
	}
	return t.Money(minor, code)
}

func (t *Translator) money(f *currency.Formatter, minor int64, code string) string {
	code = strings.ToUpper(code)
	if digits, ok := assetDigits[code]; ok {
		return t.decimal(minor, digits, 2) + "\u00a0" + code
	}
	sign, positive := "", minor
	if minor < 0 {
		sign, positive = minus, -minor
	}
	amount, err := currency.NewAmountFromInt64(positive, code)
	if err != nil {
		return strings.TrimSpace(t.Number(minor) + "\u00a0" + code)
	}
	return sign + f.Format(amount)
}

// Number writes an integer with its thousands grouped.
func (t *Translator) Number(n int64) string { return t.decimal(n, 0, 0) }

// Credits writes micro-units as credits, with up to six decimals and no more
// than needed: 1500000 is "1.5".
func (t *Translator) Credits(micro int64) string { return t.decimal(micro, 6, 0) }

// SignedCredits is Credits with a plus or a minus in front.
func (t *Translator) SignedCredits(micro int64) string {
	if micro > 0 {
		return "+" + t.Credits(micro)
	}
	return t.Credits(micro)
}

// decimal writes n with its last digits as a fraction, zeros at the end
// trimmed down to least decimals.
func (t *Translator) decimal(n int64, digits, least int) string {
	text := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, text = minus, text[1:]
	}
	if short := digits + 1 - len(text); short > 0 {
		text = strings.Repeat("0", short) + text
	}
	whole, fraction := text[:len(text)-digits], text[len(text)-digits:]
	for len(fraction) > least && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	if fraction != "" {
		fraction = t.tongue.point + fraction
	}
	return sign + grouped(whole, t.tongue.group) + fraction
}

// grouped sets sep between each three digits from the right.
func grouped(digits, sep string) string {
	if len(digits) <= 3 {
		return digits
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(sep)
		}
		b.WriteRune(d)
	}
	return b.String()
}
