package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"counterfoil/billing"
)

// authenticator is one in software. Its fields can be bent to lie.
type authenticator struct {
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
	count  uint32

	rpID, origin, kind string // kind of the client data; empty for the right one
	flags              byte
}

// Flags of authenticator data (WebAuthn Level 3, section 6.1).
const (
	userPresent, userVerified, attested = 0x01, 0x04, 0x40
)

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &authenticator{key: key, id: randomBytes(32), rpID: "billing.example.com", origin: base, flags: userPresent | userVerified}
}

var plain64 = base64.RawURLEncoding

// data is what the authenticator says of itself.
func (a *authenticator) data(t *testing.T, withKey bool) []byte {
	t.Helper()
	hash := sha256.Sum256([]byte(a.rpID))
	flags := a.flags
	if withKey {
		flags |= attested
	}
	out := append(hash[:], flags)
	out = binary.BigEndian.AppendUint32(out, a.count)
	if !withKey {
		return out
	}
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, make([]byte, 16)...) // no model
	out = binary.BigEndian.AppendUint16(out, uint16(len(a.id)))
	return append(append(out, a.id...), cose...)
}

func (a *authenticator) clientData(t *testing.T, kind, challenge string) []byte {
	t.Helper()
	if a.kind != "" {
		kind = a.kind
	}
	data, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// field digs a value out of what the browser is asked.
func field(t *testing.T, options any, path ...string) string {
	t.Helper()
	raw, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	for _, step := range path {
		tree = tree.(map[string]any)[step]
	}
	return tree.(string)
}

// create answers a request for a new passkey.
func (a *authenticator) create(t *testing.T, options any) []byte {
	t.Helper()
	handle, err := plain64.DecodeString(field(t, options, "user", "id"))
	if err != nil {
		t.Fatal(err)
	}
	a.handle = handle
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": a.data(t, true)})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := json.Marshal(map[string]any{
		"id": plain64.EncodeToString(a.id), "rawId": plain64.EncodeToString(a.id), "type": "public-key",
		"response": map[string]any{
			"clientDataJSON":    plain64.EncodeToString(a.clientData(t, "webauthn.create", field(t, options, "challenge"))),
			"attestationObject": plain64.EncodeToString(object),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// get answers a request for a proof.
func (a *authenticator) get(t *testing.T, options any) []byte {
	t.Helper()
	client, data := a.clientData(t, "webauthn.get", field(t, options, "challenge")), a.data(t, false)
	told := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), told[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	answer, err := json.Marshal(map[string]any{
		"id": plain64.EncodeToString(a.id), "rawId": plain64.EncodeToString(a.id), "type": "public-key",
		"response": map[string]any{
			"clientDataJSON": plain64.EncodeToString(client), "authenticatorData": plain64.EncodeToString(data),
			"signature": plain64.EncodeToString(signature), "userHandle": plain64.EncodeToString(a.handle),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// asks begins a ceremony of a browser's.
func (b *browser) asks(t *testing.T, adds bool) any {
	t.Helper()
	who, options := b.who(), any(nil)
	err := b.do(b.request("POST", "/"), func(w http.ResponseWriter, r *http.Request) (err error) {
		if adds {
			options, err = b.w.auth.AskToAddPasskey(w, r, who)
		} else {
			options, err = b.w.auth.AskForPasskey(w, r, who)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return options
}

func (b *browser) adds(t *testing.T, a *authenticator) error {
	t.Helper()
	answer := a.create(t, b.asks(t, true))
	who := b.who()
	return b.do(b.request("POST", "/"), func(w http.ResponseWriter, r *http.Request) error {
		return b.w.auth.AddPasskey(w, r, who, "Key", answer)
	})
}

func (b *browser) entersWith(answer []byte) (Arrival, error) {
	var arrival Arrival
	err := b.do(b.request("POST", "/"), func(w http.ResponseWriter, r *http.Request) (err error) {
		arrival, err = b.w.auth.SignInWithPasskey(w, r, answer, "/portal")
		return err
	})
	return arrival, err
}

// TestPasskeySignsIn: added once, it signs in without an address and without a second
// step, proves again, is renamed, and when it is removed it opens nothing.
func TestPasskeySignsIn(t *testing.T) {
	w := newWorld(t)
	desk, phone := w.browser(), w.browser()
	who := desk.signIn("ada@example.com")
	desk.enrol(t)
	phone.cookies = map[string]string{}
	a := newAuthenticator(t)
	old := w.browser()
	old.cookies["__Host-counterfoil"] = desk.cookies["__Host-counterfoil"]
	if err := desk.adds(t, a); err != nil {
		t.Fatal(err)
	}
	if old.who().SignedIn() || desk.who().Proof != ByPasskey {
		t.Error("the token of before lives on, or a new passkey proves nothing")
	}
	if string(a.handle) == who.UserID || len(a.handle) != handleBytes {
		t.Errorf("the authenticator knows the user as %q", a.handle)
	}
	a.count = 5
	arrival, err := phone.entersWith(a.get(t, phone.asks(t, false)))
	if err != nil || arrival.Second || arrival.Next != "/portal" || phone.who().UserID != who.UserID || phone.who().Proof != ByPasskey {
		t.Fatalf("%+v, %v, %+v", arrival, err, phone.who())
	}
	w.clock.pass(FreshFor)
	a.count++
	options, now := phone.asks(t, false), phone.who()
	err = phone.do(phone.request("POST", "/"), func(rw http.ResponseWriter, r *http.Request) error {
		return w.auth.ConfirmWithPasskey(rw, r, now, a.get(t, options))
	})
	if err != nil || !w.auth.Fresh(phone.who()) {
		t.Fatalf("prove again: %v", err)
	}
	keys, err := w.auth.Passkeys(t.Context(), who)
	if err != nil || len(keys) != 1 || keys[0].UsedAt.IsZero() {
		t.Fatalf("%+v, %v", keys, err)
	}
	if err := w.auth.RenamePasskey(t.Context(), who, keys[0].ID, "Laptop"); err != nil {
		t.Error(err)
	}
	if err := w.auth.RemovePasskey(phone.request("POST", "/"), phone.who(), keys[0].ID); err != nil {
		t.Fatal(err)
	}
	a.count++
	out := w.browser()
	_, err = out.entersWith(a.get(t, out.asks(t, false)))
	wantReason(t, err, BadPasskey)
}

// TestPasskeyThatLiesIsRefused (SEC-08): an answer for another place, of another kind, from
// another key, without its user, a second time or from another browser proves nothing.
func TestPasskeyThatLiesIsRefused(t *testing.T) {
	w := newWorld(t)
	desk := w.browser()
	desk.signIn("ada@example.com")
	a := newAuthenticator(t)
	a.count = 10
	if err := desk.adds(t, a); err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(a *authenticator){
		"another origin":        func(a *authenticator) { a.origin = "https://billing.example.com.evil.example" },
		"plain http":            func(a *authenticator) { a.origin = "http://billing.example.com" },
		"another relying party": func(a *authenticator) { a.rpID = "example.com" },
		"another kind":          func(a *authenticator) { a.kind = "webauthn.create" },
		"without verification":  func(a *authenticator) { a.flags = userPresent },
		"without presence":      func(a *authenticator) { a.flags = userVerified },
		"another key":           func(a *authenticator) { a.key = newAuthenticator(t).key },
		"another credential":    func(a *authenticator) { a.id = randomBytes(32) },
		"another handle":        func(a *authenticator) { a.handle = randomBytes(handleBytes) },
		"no handle":             func(a *authenticator) { a.handle = nil },
		"a counter that falls":  func(a *authenticator) { a.count = 9 },
		"a counter that rests":  func(a *authenticator) { a.count = 10 },
	} {
		t.Run(name, func(t *testing.T) {
			bent, b := *a, w.browser()
			bent.count++
			bend(&bent)
			_, err := b.entersWith(bent.get(t, b.asks(t, false)))
			wantReason(t, err, BadPasskey)
			if b.who().SignedIn() {
				t.Error("signed in")
			}
		})
	}
	for name, bend := range map[string]func(a *authenticator){
		"another origin":        func(a *authenticator) { a.origin = "https://evil.example" },
		"another kind":          func(a *authenticator) { a.kind = "webauthn.get" },
		"without verification":  func(a *authenticator) { a.flags = userPresent },
		"another relying party": func(a *authenticator) { a.rpID = "evil.example" },
	} {
		t.Run("added: "+name, func(t *testing.T) {
			bent := newAuthenticator(t)
			bend(bent)
			wantReason(t, desk.adds(t, bent), BadPasskey)
		})
	}
	t.Run("rubbish", func(t *testing.T) {
		for _, answer := range []string{"", "{}", "null", "[]", `{"id":"x"}`} {
			_, err := w.browser().entersWith([]byte(answer))
			wantReason(t, err, BadPasskey)
		}
	})
}

// TestCeremonyIsOnce (SEC-08): a challenge counts once, for five minutes, in the browser
// that asked, and for what it was asked.
func TestCeremonyIsOnce(t *testing.T) {
	w := newWorld(t)
	desk := w.browser()
	desk.signIn("ada@example.com")
	a := newAuthenticator(t)
	if err := desk.adds(t, a); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	options := b.asks(t, false)
	answer := a.get(t, options)
	_, err := w.browser().entersWith(answer)
	wantReason(t, err, BadPasskey)
	if _, err := b.entersWith(answer); err != nil {
		t.Fatal(err)
	}
	_, err = b.entersWith(answer)
	wantReason(t, err, BadPasskey)
	late := w.browser()
	options = late.asks(t, false)
	w.clock.pass(ceremonyLife)
	_, err = late.entersWith(a.get(t, options))
	wantReason(t, err, BadPasskey)
	stolen := desk.asks(t, false) // begun to confirm, used to sign in
	_, err = desk.entersWith(a.get(t, stolen))
	wantReason(t, err, BadPasskey)
	if err := w.auth.Sweep(t.Context()); err != nil || w.count("SELECT COUNT(*) FROM passkey_challenges") > 1 {
		t.Errorf("ended ceremonies are kept: %v", err)
	}
	w.clock.pass(time.Hour)
	if err := w.auth.Sweep(t.Context()); err != nil || w.count("SELECT COUNT(*) FROM passkey_challenges") != 0 {
		t.Errorf("ended ceremonies are kept: %v", err)
	}
}

// TestPasskeysOfOthersAreMissing (SEC-05): somebody else's passkey answers like one that
// there is none of, is not taken over, and proves only its own user.
func TestPasskeysOfOthersAreMissing(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.browser(), w.browser()
	ada.signIn("ada@example.com")
	bob.signIn("bob@example.com")
	a := newAuthenticator(t)
	if err := ada.adds(t, a); err != nil {
		t.Fatal(err)
	}
	id := plain64.EncodeToString(a.id)
	for what, err := range map[string]error{
		"removed": w.auth.RemovePasskey(bob.request("POST", "/"), bob.who(), id),
		"renamed": w.auth.RenamePasskey(t.Context(), bob.who(), id, "Mine"),
	} {
		if !errors.Is(err, billing.ErrNotFound) {
			t.Errorf("%s by another: %v", what, err)
		}
	}
	if err := bob.adds(t, a); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("taken over: %v", err)
	}
	copied := *a
	keys, err := w.store.PasskeysOf(t.Context(), ada.who().UserID)
	if err != nil {
		t.Fatal(err)
	}
	if copied.handle, err = plain64.DecodeString(keys[0].Handle); err != nil {
		t.Fatal(err)
	}
	options, who := bob.asks(t, false), bob.who()
	err = bob.do(bob.request("POST", "/"), func(rw http.ResponseWriter, r *http.Request) error {
		return w.auth.ConfirmWithPasskey(rw, r, who, copied.get(t, options))
	})
	wantReason(t, err, BadPasskey)
}

// TestPasskeysNeedAName: browsers bind them to host names, so an address of numbers has
// none, and the last way in is not removed.
func TestPasskeysNeedAName(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.BaseURL = "http://127.0.0.1:8080" })
	if w.auth.OffersPasskeys() {
		t.Error("offered at an address of numbers")
	}
	_, err := w.auth.AskForPasskey(nil, w.browser().request("POST", "/"), Visitor{})
	wantReason(t, err, WayOff)
	off := newWorld(t, func(c *Config) { c.Ways = []Way{WayCode} })
	if off.auth.OffersPasskeys() {
		t.Error("offered though it is off")
	}
}
