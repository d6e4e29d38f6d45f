package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// newToken makes 256 random bits as text.
func newToken() string {
	var raw [32]byte
	rand.Read(raw[:]) // never fails, says its documentation
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// randomBytes makes n of them.
func randomBytes(n int) []byte {
	raw := make([]byte, n)
	rand.Read(raw) // never fails, says its documentation
	return raw
}

// isToken tells whether text has the shape of a token.
func isToken(text string) bool { return len(text) == base64.RawURLEncoding.EncodedLen(32) }

// hashed is how a token is kept. It is random enough to need no salt.
func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// clipped bounds a user agent and drops what is not text.
func clipped(agent string) string {
	agent = strings.ToValidUTF8(agent, "")
	if len(agent) <= maxUserAgent {
		return agent
	}
	end := maxUserAgent
	for !utf8.RuneStart(agent[end]) {
		end--
	}
	return agent[:end]
}
