package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
)

// passwordParams are the least that OWASP's Password Storage Cheat Sheet (2026-08) asks
// of argon2id: 19 MiB, two passes, one lane; some 50 ms. Hashes under other parameters
// are renewed when their owner signs in.
var passwordParams = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const (
	hashersAtOnce = 4                // each takes 19 MiB while it runs
	hasherWait    = 10 * time.Second // for a turn; then the visitor is told to come back
)

// hasher hashes passwords, a few at a time: whoever sends many at once waits, and the
// process keeps its memory.
type hasher struct {
	turns  chan struct{}
	params *argon2id.Params
	dummy  string // hash that nobody's password has
}

func newHasher() *hasher {
	p := passwordParams
	noise := make([]byte, p.SaltLength+p.KeyLength)
	rand.Read(noise) // never fails, says its documentation
	enc := base64.RawStdEncoding
	return &hasher{
		turns: make(chan struct{}, hashersAtOnce), params: p,
		dummy: fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Iterations, p.Parallelism,
			enc.EncodeToString(noise[:p.SaltLength]), enc.EncodeToString(noise[p.SaltLength:])),
	}
}

// turn waits for a place. Refusal: TooMany, when there is none for ten seconds.
func (h *hasher) turn(ctx context.Context) (leave func(), err error) {
	patience := time.NewTimer(hasherWait)
	defer patience.Stop()
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	case <-patience.C:
		return nil, &Refusal{Reason: TooMany, RetryAfter: time.Minute}
	}
}

// hash is how a password is kept.
func (h *hasher) hash(ctx context.Context, plain string) (string, error) {
	leave, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := argon2id.CreateHash(plain, h.params)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// matches compares a password with a hash, in constant time. An empty hash is compared
// as slowly as any other, and never matches. old: the hash has other parameters than ours.
func (h *hasher) matches(ctx context.Context, plain, hash string) (right, old bool, err error) {
	leave, err := h.turn(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	if hash == "" {
		_, err := argon2id.ComparePasswordAndHash(plain, h.dummy)
		return false, false, err
	}
	right, params, err := argon2id.CheckHash(plain, hash)
	if err != nil {
		return false, false, fmt.Errorf("compare a password: %w", err)
	}
	return right, *params != *h.params, nil
}
