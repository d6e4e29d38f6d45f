package auth

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Lengths of an address in bytes (RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.3).
const (
	maxEmail     = 254
	maxLocalPart = 64
)

var errAddress = errors.New("not one bare e-mail address with a domain")

// normalEmail brings an address to the one form in which it is kept and compared:
// trimmed, NFC, lower case. The local part is folded too: its case means nothing
// to any mail service in use. What is no bare address with a domain is refused.
func normalEmail(typed string) (string, error) {
	if len(typed) > 4*maxEmail || !utf8.ValidString(typed) {
		return "", errAddress
	}
	address := norm.NFC.String(strings.ToLower(norm.NFC.String(strings.TrimSpace(typed))))
	if len(address) > maxEmail || strings.ContainsFunc(address, hidden) {
		return "", errAddress
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || parsed.Name != "" {
		return "", errAddress // a display name, a comment, a group, quoting
	}
	at := strings.LastIndexByte(address, '@')
	if at > maxLocalPart || !isDomain(address[at+1:]) {
		return "", errAddress
	}
	return address, nil
}

// NormalEmail is an address in the form in which users have it; empty when it is none.
func NormalEmail(typed string) string {
	address, err := normalEmail(typed)
	if err != nil {
		return ""
	}
	return address
}

// hidden tells characters that no reader sees, or that end a header line.
func hidden(c rune) bool {
	return unicode.IsSpace(c) || unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || strings.ContainsRune(`<>"(),;:\[]`, c)
}

// isDomain wants labels with dots between: no bare host and no address literal.
func isDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(label, func(c rune) bool {
			return c != '-' && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c)
		}) {
			return false
		}
	}
	return len(labels) > 1
}
