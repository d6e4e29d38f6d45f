package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// newApple makes Sign in with Apple (Apple developer documentation, "Sign in with Apple
// REST API", 2026-08). Who asks for a name or an address is answered by a form that Apple's
// page posts: see KeepAnswer. It says nothing of PKCE. Both addresses of people and those
// of its relay are verified, which it says as a boolean or in words.
func newApple(c ProviderConfig, s surroundings) (*provider, error) {
	if c.Issuer == "" {
		c.Issuer = "https://appleid.apple.com"
	}
	secret, err := appleSecret(c, s.now)
	if err != nil {
		return nil, err
	}
	p, err := openIDWith(c, s, trait{
		noPKCE: true, scopes: []string{"name", "email"}, algorithms: []string{"RS256"},
		more: map[string]string{"response_mode": "form_post"}, secret: secret, told: appleName,
		verified: func(said claims) bool { return isTrue(said.EmailVerified) || string(said.EmailVerified) == `"true"` },
	})
	if err == nil {
		p.byForm = true
	}
	return p, err
}

// appleName is the name that the answer tells the first time that somebody signs in, and
// never again. It is the reader's own word, and so is the address beside it, which is not
// read.
func appleName(answer url.Values) string {
	var user struct {
		Name struct{ FirstName, LastName string }
	}
	if err := json.Unmarshal([]byte(answer.Get("user")), &user); err != nil {
		return ""
	}
	return strings.TrimSpace(user.Name.FirstName + " " + user.Name.LastName)
}

// appleSecret shows a client secret: one that was made elsewhere, or a new one for each
// call, signed with the key.
func appleSecret(c ProviderConfig, now func() time.Time) (func() (string, error), error) {
	team, id, text := c.More["TEAM_ID"], c.More["KEY_ID"], c.More["PRIVATE_KEY"]
	switch {
	case team == "" && id == "" && text == "" && c.ClientSecret != "":
		return func() (string, error) { return c.ClientSecret, nil }, nil
	case c.ClientSecret != "":
		return nil, errors.New("give either a secret that is made, or TEAM_ID, KEY_ID and PRIVATE_KEY to make one of")
	case team == "" || id == "" || text == "":
		return nil, errors.New("TEAM_ID, KEY_ID and PRIVATE_KEY must be set, or a secret that is made of them")
	}
	key, err := appleKey(text)
	if err != nil {
		return nil, fmt.Errorf("PRIVATE_KEY: %w", err)
	}
	return func() (string, error) {
		at := now()
		return signES256(key, map[string]any{"alg": "ES256", "kid": id}, map[string]any{
			"iss": team, "sub": c.ClientID, "aud": c.Issuer, "iat": at.Add(-appleSkew).Unix(), "exp": at.Add(appleSecretLife).Unix(),
		})
	}, nil
}

// Of a secret that is made for one call; Apple takes up to six months.
const (
	appleSecretLife = 5 * time.Minute
	appleSkew       = time.Minute // for clocks that differ
)

// appleKey reads the file that Apple lets one download once: PKCS #8 in PEM. In a
// setting of one line its ends of lines may be written as \n.
func appleKey(text string) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(strings.ReplaceAll(text, `\n`, "\n")))
	if block == nil {
		return nil, errors.New("it is not in PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("it is not PKCS #8") // the cause might quote the key
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("it is no key for ES256")
	}
	return key, nil
}

// signES256 makes a JWT (RFC 7518 section 3.4: both halves of the signature in 32 bytes).
func signES256(key *ecdsa.PrivateKey, header, claims map[string]any) (string, error) {
	var parts [2]string
	for i, part := range []map[string]any{header, claims} {
		raw, err := json.Marshal(part)
		if err != nil {
			return "", fmt.Errorf("client secret: %w", err)
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(raw)
	}
	text := parts[0] + "." + parts[1]
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return "", fmt.Errorf("client secret: %w", err)
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature[:]), nil
}
