package views

import (
	"strings"
	"unicode"
)

// LoginProvider is an identity provider to go on with: a form to POST /login/{ID}.
type LoginProvider struct {
	ID   string
	Name string
}

// How many providers are in sight at once, and how many are left in sight when there are
// more: even numbers, for two columns.
const (
	providersAtOnce = 8
	providersFirst  = 6
)

// folded parts providers into those in sight and the rest.
func folded(list []LoginProvider) (first, rest []LoginProvider) {
	if len(list) <= providersAtOnce {
		return list, nil
	}
	return list[:providersFirst], list[providersFirst:]
}

// Monogram is what stands for a provider whose logo is not ours to show: the capitals of
// its name, or else how it begins. Names are brands and said alike in every language.
func Monogram(name string) string {
	var capitals []rune
	fresh := true // the next letter begins a word
	for _, r := range name {
		if unicode.IsLetter(r) && (fresh || unicode.IsUpper(r)) {
			capitals = append(capitals, unicode.ToUpper(r))
		}
		fresh = unicode.IsSpace(r) || r == '-'
	}
	if len(capitals) > 1 {
		return string(capitals[:2])
	}
	letters := []rune(strings.TrimSpace(name))
	if len(letters) > 2 {
		letters = letters[:2]
	}
	if len(letters) > 0 {
		letters[0] = unicode.ToUpper(letters[0])
	}
	return string(letters)
}
