package auth

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// A code is eight of 32 characters, 40 bits: short enough to type, and with five
// tries a code not to be guessed. The alphabet is Crockford's base 32, which
// leaves out I, L, O and U.
const (
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeLength   = 8
	codeTries    = 5
)

// lookAlikes are read as what they were mistaken for.
var lookAlikes = strings.NewReplacer("I", "1", "L", "1", "O", "0", "U", "V")

// newCode makes a code in its plain form.
func newCode() string {
	var raw [codeLength]byte
	rand.Read(raw[:]) // never fails, says its documentation
	for i, b := range raw {
		raw[i] = codeAlphabet[b&31] // 32 divides 256: every character is as likely
	}
	return string(raw[:])
}

// shownCode is a code as people read it: four characters, a hyphen and four.
func shownCode(code string) string { return code[:codeLength/2] + "-" + code[codeLength/2:] }

// maxTyped is the longest text that is looked at as a code, in bytes.
const maxTyped = 100

// bare is what was typed or pasted without what does not count: case, spaces, dashes and
// look-alikes. It is empty when it is too long for any code.
func bare(typed string) string {
	if len(typed) > maxTyped {
		return ""
	}
	return lookAlikes.Replace(strings.ToUpper(strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || unicode.Is(unicode.Pd, c) || unicode.Is(unicode.Cf, c) || c == '−' {
			return -1
		}
		return c
	}, typed)))
}

// plainCode reads a code as typed or pasted: in any case, with spaces, dashes and
// look-alikes.
func plainCode(typed string) (string, error) {
	code := bare(typed)
	if len(code) != codeLength || strings.Trim(code, codeAlphabet) != "" {
		return "", fmt.Errorf("not %d characters of a code", codeLength)
	}
	return code, nil
}

// codeRounds makes trying all 2^40 codes against a stolen row take longer than the
// ten minutes that it counts, at some two milliseconds for one.
const codeRounds = 10_000

// hashCode is how a code is kept: salted and slow, as "rounds$salt$hash".
func hashCode(code string) (string, error) {
	var salt [16]byte
	rand.Read(salt[:])
	sum, err := pbkdf2.Key(sha256.New, code, salt[:], codeRounds, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("hash a code: %w", err)
	}
	enc := base64.RawURLEncoding
	return fmt.Sprintf("%d$%s$%s", codeRounds, enc.EncodeToString(salt[:]), enc.EncodeToString(sum)), nil
}

// codeMatches compares a code with a hash, in constant time.
func codeMatches(code, hash string) (bool, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 3 {
		return false, errors.New("hash of a code: want three parts")
	}
	rounds, err := strconv.Atoi(parts[0])
	if err != nil {
		return false, fmt.Errorf("hash of a code: %w", err)
	}
	salt, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return false, fmt.Errorf("salt of a code: %w", err)
	}
	want, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return false, fmt.Errorf("hash of a code: %w", err)
	}
	sum, err := pbkdf2.Key(sha256.New, code, salt, rounds, sha256.Size)
	if err != nil {
		return false, fmt.Errorf("hash a code: %w", err)
	}
	return subtle.ConstantTimeCompare(sum, want) == 1, nil
}
