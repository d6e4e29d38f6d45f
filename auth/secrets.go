package auth

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
)

// minSecret is the least length of an installation's secret, in bytes.
const minSecret = 32

// keysFor derives the keys of one purpose from the installation's secrets, the one in
// use first (HKDF, RFC 5869, with the purpose as info): whoever learns the key of one
// purpose knows nothing about another's. Without a secret the keys last as long as
// the process.
func keysFor(secrets [][]byte, purpose string) ([][]byte, error) {
	if len(secrets) == 0 {
		var raw [minSecret]byte
		rand.Read(raw[:]) // never fails, says its documentation
		secrets = [][]byte{raw[:]}
	}
	keys := make([][]byte, len(secrets))
	for i, secret := range secrets {
		if len(secret) < minSecret {
			return nil, fmt.Errorf("a secret of %d bytes: want %d or more", len(secret), minSecret)
		}
		key, err := hkdf.Key(sha256.New, secret, nil, "counterfoil/"+purpose, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("derive the keys of %s: %w", purpose, err)
		}
		keys[i] = key
	}
	return keys, nil
}
