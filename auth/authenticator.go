package auth

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"net/url"
	"strings"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"counterfoil/billing"
)

// Setup is an authenticator that waits to be confirmed.
type Setup struct {
	Secret string // in base32, to be typed
	PNG    []byte // the same as a QR code
}

const (
	secretBytes = 20 // 160 bits, as RFC 4226 section 4 recommends
	qrPixels    = 220
)

// BeginAuthenticator makes a secret for the visitor's authenticator app; it counts for
// nothing until ConfirmAuthenticator. ErrConflict: he has one that counts.
func (s *Service) BeginAuthenticator(ctx context.Context, who Visitor) error {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "x", AccountName: who.Email, SecretSize: secretBytes, Rand: rand.Reader})
	if err != nil {
		return fmt.Errorf("make a secret for user %s: %w", who.UserID, err)
	}
	sealed, err := s.seal(who.UserID, key.Secret())
	if err != nil {
		return err
	}
	return s.Store.BeginAuthenticator(ctx, who.UserID, sealed, s.Now())
}

// AuthenticatorSetup is what the visitor's app has to be told. issuer is the name that
// the app shows. ErrNotFound: none was begun, or it counts already and is shown no more.
func (s *Service) AuthenticatorSetup(ctx context.Context, who Visitor, issuer string) (Setup, error) {
	found, err := s.Store.Authenticator(ctx, who.UserID)
	if err != nil {
		return Setup{}, err
	}
	if !found.ConfirmedAt.IsZero() {
		return Setup{}, fmt.Errorf("the authenticator of user %s is confirmed: %w", who.UserID, billing.ErrNotFound)
	}
	secret, err := s.unseal(who.UserID, found.Sealed)
	if err != nil {
		return Setup{}, err
	}
	address := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + who.Email}
	address.RawQuery = url.Values{"secret": {secret}, "issuer": {issuer}}.Encode()
	key, err := otp.NewKeyFromURL(strings.ReplaceAll(address.String(), "+", "%20")) // apps read a plus as a plus
	if err != nil {
		return Setup{}, fmt.Errorf("address of a secret: %w", err)
	}
	picture, err := key.Image(qrPixels, qrPixels)
	if err != nil {
		return Setup{}, fmt.Errorf("draw a secret: %w", err)
	}
	var drawn bytes.Buffer
	if err := png.Encode(&drawn, picture); err != nil {
		return Setup{}, fmt.Errorf("draw a secret: %w", err)
	}
	return Setup{Secret: secret, PNG: drawn.Bytes()}, nil
}

// ConfirmAuthenticator makes the begun authenticator count, once the visitor types what
// it shows, ends his other sessions, and returns his recovery codes, which are told this
// once. His own session goes on under a new token. Refusals: BadCode, WrongSecond, CodeUsed, TooMany. ErrNotFound: none was begun.
func (s *Service) ConfirmAuthenticator(w http.ResponseWriter, r *http.Request, who Visitor, typed string) ([]string, error) {
	code, recovery, err := secondCode(typed)
	if err != nil || recovery {
		return nil, refuse(BadCode, err)
	}
	found, err := s.Store.Authenticator(r.Context(), who.UserID)
	if err != nil {
		return nil, err
	}
	if !found.ConfirmedAt.IsZero() {
		return nil, fmt.Errorf("the authenticator of user %s is confirmed: %w", who.UserID, billing.ErrNotFound)
	}
	proof, err := s.checkStep(r, who.UserID, found, code)
	if err != nil {
		return nil, err
	}
	codes, hashes := newRecovery()
	notice, err := s.notice(r, EventTOTPAdded, "")
	if err != nil {
		return nil, err
	}
	err = s.Store.ConfirmAuthenticator(r.Context(), who.UserID, who.SessionID, proof, hashes, notice, s.Now())
	if errors.Is(err, billing.ErrDenied) {
		return nil, refuse(CodeUsed, err)
	}
	if err != nil {
		return nil, err
	}
	s.Poke()
	s.Log.InfoContext(r.Context(), "authenticator added", "user", who.UserID)
	s.provenByAdding(w, r, who, ByTOTP)
	return codes, nil
}

// RemoveAuthenticator takes the second step away, and ends the visitor's other sessions.
// ErrNotFound: there is none.
func (s *Service) RemoveAuthenticator(r *http.Request, who Visitor) error {
	notice, err := s.notice(r, EventTOTPRemoved, "")
	if err != nil {
		return err
	}
	if err := s.Store.RemoveAuthenticator(r.Context(), who.UserID, who.SessionID, notice, s.Now()); err != nil {
		return err
	}
	s.Poke()
	s.Log.InfoContext(r.Context(), "authenticator removed", "user", who.UserID)
	return nil
}

// NewRecovery replaces the visitor's recovery codes and returns the new ones, which are
// told this once. ErrNotFound: he has no authenticator that could get lost.
func (s *Service) NewRecovery(r *http.Request, who Visitor) ([]string, error) {
	second, err := s.Second(r.Context(), who)
	if err != nil {
		return nil, err
	}
	if !second.On {
		return nil, fmt.Errorf("recovery codes of user %s: no authenticator: %w", who.UserID, billing.ErrNotFound)
	}
	notice, err := s.notice(r, EventRecoveryMade, "")
	if err != nil {
		return nil, err
	}
	codes, hashes := newRecovery()
	if err := s.Store.ReplaceRecovery(r.Context(), who.UserID, hashes, notice, s.Now()); err != nil {
		return nil, err
	}
	s.Poke()
	return codes, nil
}

// Second is how the second step of a user stands.
type Second struct {
	On    bool // signing in needs it
	Begun bool // an authenticator waits to be confirmed
	Left  int  // recovery codes that were not used
}

// Second tells how the visitor's second step stands.
func (s *Service) Second(ctx context.Context, who Visitor) (Second, error) {
	found, err := s.Store.Authenticator(ctx, who.UserID)
	if errors.Is(err, billing.ErrNotFound) {
		return Second{}, nil
	}
	if err != nil {
		return Second{}, err
	}
	left, err := s.Store.RecoveryCodesLeft(ctx, who.UserID)
	return Second{On: !found.ConfirmedAt.IsZero(), Begun: found.ConfirmedAt.IsZero(), Left: left}, err
}

// Recovery codes are 24 characters of 32: 120 bits, so
// a plain hash keeps them safe (ASVS 5.0, V6.5.2 asks for more below 112).
const (
	recoveryCodes = 10
	recoveryChars = 24
)

// newRecovery makes recovery codes as they are shown, and their hashes.
func newRecovery() (codes, hashes []string) {
	for range recoveryCodes {
		var raw [recoveryChars]byte
		rand.Read(raw[:]) // never fails, says its documentation
		for i, b := range raw {
			raw[i] = codeAlphabet[b&31] // 32 divides 256: every character is as likely
		}
		plain := string(raw[:])
		hashes = append(hashes, hashed(plain))
		codes = append(codes, plain[:6]+"-"+plain[6:12]+"-"+plain[12:18]+"-"+plain[18:])
	}
	return codes, hashes
}

// seal encrypts a secret of a user for the database with AES-256-GCM. The user's id is
// bound in, so that a row copied to another user opens nothing.
func (s *Service) seal(userID, secret string) (string, error) {
	box, err := boxOf(s.factorKeys[0])
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce) // never fails, says its documentation
	return base64.RawURLEncoding.EncodeToString(box.Seal(nonce, nonce, []byte(secret), []byte(userID))), nil
}

// unseal opens what seal closed, with the key in use or one before it.
func (s *Service) unseal(userID, sealed string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return "", fmt.Errorf("secret of user %s: %w", userID, err)
	}
	for _, key := range s.factorKeys {
		box, err := boxOf(key)
		if err != nil {
			return "", err
		}
		if len(raw) < box.NonceSize() {
			break
		}
		secret, err := box.Open(nil, raw[:box.NonceSize()], raw[box.NonceSize():], []byte(userID))
		if err == nil {
			return string(secret), nil
		}
	}
	return "", fmt.Errorf("the secret of user %s was sealed under another COUNTERFOIL_SECRET_KEY, or is damaged", userID)
}

func boxOf(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key of second steps: %w", err)
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("key of second steps: %w", err)
	}
	return box, nil
}

// equal compares in a time that tells nothing of where two texts differ.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
