package auth

import (
	_ "embed"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Lengths of a password in characters (ASVS 5.0 V6.2.1 and V6.2.9; the same as Better
// Auth's). There are no rules about kinds of characters: they make passwords worse.
const (
	MinPassword = 8
	MaxPassword = 128
)

// What guessers try first, lower case, a line each: some forms that we add by hand, and
// the lists of zxcvbn, passwords that leaked and plain words (leaked_passwords_gen.go).
// They are searched as they are, in the program's own pages: no memory, no start-up.
var (
	//go:embed common_passwords.txt
	commonPasswords string
	//go:embed leaked_passwords.txt
	leakedPasswords string
)

// isCommon tells whether a password, lower case, is one of those.
func isCommon(password string) bool {
	return lists(commonPasswords, password) || lists(leakedPasswords, password)
}

// lists tells whether a word is a line of a sorted list.
func lists(list, word string) bool {
	for low, high := 0, len(list); low < high; {
		middle := low + (high-low)/2
		start := low + strings.LastIndexByte(list[low:middle], '\n') + 1
		line, _, _ := strings.Cut(list[start:], "\n")
		switch strings.Compare(word, line) {
		case 0:
			return true
		case -1:
			high = start
		default:
			low = start + len(line) + 1
		}
	}
	return false
}

// contextWords are what makes a password easy to guess at any installation (ASVS 5.0
// V6.1.2): the product, its parts, who works with it. The installation's own words and
// the owner's are added to them.
var contextWords = []string{"account", "admin", "administrator", "billing", "counterfoil", "invoice", "operator", "password", "portal", "subscription"}

// wordsOf takes texts apart into the words that count as known: three letters or more,
// lower case.
func wordsOf(texts ...string) []string {
	var words []string
	for _, text := range texts {
		for _, word := range strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
			if utf8.RuneCountInString(word) >= 3 {
				words = append(words, word)
			}
		}
	}
	return words
}

// ownWords are the words of an installation: those of every one, the seller's name and
// the host's labels.
func ownWords(brand string, base *url.URL) []string {
	return append(wordsOf(brand, base.Hostname()), contextWords...)
}

// plainPassword brings a password to the one form that is hashed, NFC (NIST SP 800-63B
// section 3.1.1.2), so that it is the same whichever keyboard types it. ok is false for
// what can be nobody's password.
func plainPassword(typed string) (plain string, ok bool) {
	if len(typed) > 4*MaxPassword || !utf8.ValidString(typed) {
		return "", false
	}
	plain = norm.NFC.String(typed)
	n := utf8.RuneCountInString(plain)
	return plain, n >= 1 && n <= MaxPassword
}

// newPassword judges a password that somebody chooses for an address; name may be empty.
// Refusals: ShortPassword, LongPassword, CommonPassword.
func (s *Service) newPassword(typed, email, name string) (string, error) {
	plain, ok := plainPassword(typed)
	switch n := utf8.RuneCountInString(plain); {
	case !ok && typed != "":
		return "", refuse(LongPassword, nil)
	case n < MinPassword:
		return "", refuse(ShortPassword, nil)
	case easyToGuess(strings.ToLower(plain), append(wordsOf(email, name), s.ownWords...)):
		return "", refuse(CommonPassword, nil)
	}
	return plain, nil
}

// easyToGuess tells a password, lower case, that is too little without what anybody may
// know: words of its context count for nothing wherever they stand, and a common password
// for nothing when only digits and signs stand around it. What is left must be long
// enough alone.
func easyToGuess(password string, known []string) bool {
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) })
	rest := password
	for _, word := range known {
		rest = strings.ReplaceAll(rest, word, "")
	}
	tooLittle := rest != password && utf8.RuneCountInString(rest) < MinPassword
	return tooLittle || commonAtHeart(password) || commonAtHeart(rest) || monotonous(password)
}

func commonAtHeart(password string) bool {
	bare := strings.TrimFunc(password, func(c rune) bool { return !unicode.IsLetter(c) })
	around := utf8.RuneCountInString(password) - utf8.RuneCountInString(bare)
	return isCommon(password) || around < MinPassword && isCommon(bare)
}

// monotonous tells a password that goes on as it began: aaaaaaaa, 23456789, hgfedcba.
func monotonous(password string) bool {
	var before, step rune
	for i, c := range []rune(password) {
		if i == 1 {
			step = c - before
		}
		if i > 1 && c-before != step || step < -1 || step > 1 {
			return false
		}
		before = c
	}
	return true
}
