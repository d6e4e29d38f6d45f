package twin

import (
	"context"
	"crypto/rand"
	"fmt"
	"hash/crc32"
	"math/big"
)

// base62 are the characters of tokens.
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newToken returns prefix, 37 random base-62 characters and their checksum.
func newToken(prefix string) string {
	random := make([]byte, 37)
	for i := range random {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(base62))))
		if err != nil {
			panic(fmt.Sprintf("random source: %v", err)) // never on a working machine
		}
		random[i] = base62[n.Int64()]
	}
	return Token(prefix, string(random))
}

// Token completes a token of the provider's form: prefix, 37 base-62 characters, and the CRC-32 of those in
// six base-62 characters. It gives fixed demo tokens a valid form.
func Token(prefix, random string) string {
	sum := crc32.ChecksumIEEE([]byte(random))
	check := make([]byte, 6)
	for i := len(check) - 1; i >= 0; i-- {
		check[i] = base62[sum%62]
		sum /= 62
	}
	return prefix + random + string(check)
}

// EnsureToken lets a bearer token call the API as the organization. It may be repeated.
func (e *Engine) EnsureToken(ctx context.Context, token string) error {
	return e.write(ctx, func(x *tx) error {
		if !x.Known(token) {
			put(x, x.tokens, AccessToken{Token: token})
		}
		return nil
	})
}

// Known reports whether token is an organization access token.
func (v *View) Known(token string) bool { return v.tokens.rows[token] != nil }
