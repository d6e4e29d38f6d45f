package polar

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"counterfoil/billing"
)

// tolerance is how far the time of a signature may be from ours, both ways: later
// than that a captured request is a replay, earlier it is a clock that is wrong.
const tolerance = 5 * time.Minute

// errSignature is the one answer to every request that cannot be trusted, so that a
// prober learns nothing from it.
var errSignature = fmt.Errorf("webhook without a valid signature: %w", billing.ErrDenied)

const (
	secretPrefix  = "whsec_"
	minKey        = 16   // bytes of a decoded key; a shorter one could be guessed
	maxSignatures = 16   // in one header
	maxHeader     = 4096 // bytes of the signature header
	maxDeliveryID = 256
	maxStamp      = 20
)

// What an unusable header is replaced by, so that the same work is done: of the length
// that Polar's have, and signed by nobody.
const (
	decoyID        = "00000000-0000-0000-0000-000000000000"
	decoyStamp     = "1000000000"
	decoySignature = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
)

// signingKeys derives every key that Polar may sign with. Until 2026-09-08 the key
// was the whole text of the secret, prefix included; since then it is what the rest
// decodes to, as Standard Webhooks has it. The text does not tell which one applies.
func signingKeys(secrets []string) ([]*signingKey, error) {
	var keys []*signingKey
	for _, secret := range secrets {
		rest := strings.TrimPrefix(strings.TrimPrefix(secret, "polar_"), "whs_")
		if strings.TrimSpace(strings.TrimPrefix(rest, secretPrefix)) == "" {
			return nil, errors.New("polar: a webhook secret is empty: set POLAR_WEBHOOK_SECRET")
		}
		if encoded, standard := strings.CutPrefix(secret, secretPrefix); standard {
			key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
			if err == nil && len(key) >= minKey {
				keys = append(keys, newSigningKey(key))
			}
		}
		keys = append(keys, newSigningKey([]byte(secret)))
	}
	if len(keys) == 0 {
		return nil, errors.New("polar: no webhook secret: set POLAR_WEBHOOK_SECRET")
	}
	return keys, nil
}

// Verify implements billing.Provider. The signatures in the header are compared with
// every key until one fits, and the work is done for unusable headers too: the time that
// a refusal takes tells as little as the answer. ErrDenied: not from Polar. A signed
// body that is no envelope is ErrInvalid.
func (p *Provider) Verify(header http.Header, body []byte, now time.Time) (billing.Delivery, error) {
	id, idOK := single(header, "Webhook-Id", maxDeliveryID, decoyID)
	stamp, stampOK := single(header, "Webhook-Timestamp", maxStamp, decoyStamp)
	signatures, signaturesOK := single(header, "Webhook-Signature", maxHeader, decoySignature)
	sent, sentOK := signedAt(stamp, now)
	signed := p.signed(id, stamp, body, signatures)
	if !idOK || !stampOK || !signaturesOK || !sentOK || !signed {
		return billing.Delivery{}, errSignature
	}
	e, err := readEnvelope(body)
	if err != nil {
		return billing.Delivery{}, fmt.Errorf("webhook %s: the body is no event: %w: %w", id, billing.ErrInvalid, err)
	}
	return billing.Delivery{Provider: Name, ID: id, Type: e.kind, SentAt: sent, Body: body, Object: e.ref()}, nil
}

// signed compares all signatures with the keys, in constant time each. It ends with
// the key that fits, which tells nobody anything but who signed.
func (p *Provider) signed(id, stamp string, body []byte, signatures string) bool {
	given := decodeSignatures(signatures)
	head := make([]byte, 0, maxDeliveryID+24)
	head = append(append(append(append(head, id...), '.'), stamp...), '.')
	var sum [sha256.Size]byte
	for _, key := range p.keys {
		want := key.sign(sum[:0], head, body)
		match := false
		for _, have := range given {
			match = hmac.Equal(have, want) || match
		}
		if match {
			return true
		}
	}
	return false
}

// signingKey makes HMACs of one key. The states that are done with are kept: setting one
// up costs two blocks of the hash and a kilobyte of memory.
type signingKey struct {
	key    []byte
	states sync.Pool // of hash.Hash
}

func newSigningKey(key []byte) *signingKey {
	return &signingKey{key: key, states: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (k *signingKey) sign(to []byte, parts ...[]byte) []byte {
	mac := k.states.Get().(hash.Hash)
	defer k.states.Put(mac)
	mac.Reset()
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(to)
}

// decodeSignatures reads the signatures of a header that are of the known version.
func decodeSignatures(header string) [][]byte {
	var list [][]byte
	for range maxSignatures {
		entry, rest, more := strings.Cut(header, " ")
		version, text, _ := strings.Cut(entry, ",")
		if version == "v1" && len(text) == base64.StdEncoding.EncodedLen(sha256.Size) {
			have, err := base64.StdEncoding.Strict().DecodeString(text)
			if err == nil && len(have) == sha256.Size { // it is shorter with line breaks in it
				list = append(list, have)
			}
		}
		if !more {
			break
		}
		header = rest
	}
	return list
}

// signedAt reads the time of a signature: digits only, the way Polar writes it.
func signedAt(stamp string, now time.Time) (time.Time, bool) {
	if stamp == "" || stamp[0] == '0' || len(stamp) > 11 {
		return time.Time{}, false
	}
	for i := range len(stamp) {
		if stamp[i] < '0' || stamp[i] > '9' {
			return time.Time{}, false
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	sent := time.Unix(seconds, 0).UTC()
	return sent, err == nil && now.Sub(sent).Abs() <= tolerance
}

// single is a header that is there exactly once, or else the decoy.
func single(header http.Header, name string, most int, decoy string) (string, bool) {
	values := header[name]
	if len(values) != 1 || values[0] == "" || len(values[0]) > most {
		return decoy, false
	}
	return values[0], true
}
