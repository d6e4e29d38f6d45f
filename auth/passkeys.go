package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"counterfoil/billing"
	"counterfoil/db"
)

// ceremonyLife is how long the user may take to touch his authenticator.
const ceremonyLife = 5 * time.Minute

// Purposes of a ceremony; the ones of somebody who is signed in also name his session.
const (
	toAdd     = "add "
	toConfirm = "confirm "
	toSignIn  = "sign in"
)

// openPasskeys makes the WebAuthn half ready. It is nil when the portal's address has no
// name: browsers bind passkeys to host names, never to IP addresses.
func openPasskeys(base *url.URL) (*webauthn.WebAuthn, error) {
	host := base.Hostname()
	if net.ParseIP(host) != nil {
		return nil, nil
	}
	return webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: host, RPOrigins: []string{base.Scheme + "://" + base.Host},
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
		AttestationPreference: protocol.PreferNoAttestation,
	})
}

// OffersPasskeys tells whether people can sign in by passkey here.
func (s *Service) OffersPasskeys() bool { return s.webauthn != nil && s.Offers(WayPasskey) }

// holder is a user as the WebAuthn library wants to see one.
type holder struct {
	handle []byte
	name   string
	shown  string
	keys   []webauthn.Credential
}

func (h *holder) WebAuthnID() []byte                         { return h.handle }
func (h *holder) WebAuthnName() string                       { return h.name }
func (h *holder) WebAuthnDisplayName() string                { return h.shown }
func (h *holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// handleBytes is how long a user's handle is: as long as the standard allows.
const handleBytes = 64

// holderOf is a user with his passkeys. The first passkey's handle stands for all.
func (s *Service) holderOf(ctx context.Context, who Visitor) (*holder, error) {
	rows, err := s.Store.PasskeysOf(ctx, who.UserID)
	if err != nil {
		return nil, err
	}
	h := &holder{name: who.Email, shown: who.Email}
	if who.Name != "" {
		h.shown = who.Name
	}
	for _, row := range rows {
		var key webauthn.Credential
		if err := json.Unmarshal([]byte(row.Credential), &key); err != nil {
			return nil, fmt.Errorf("passkey of user %s: %w", who.UserID, err)
		}
		h.keys = append(h.keys, key)
		if h.handle == nil {
			if h.handle, err = base64.RawURLEncoding.DecodeString(row.Handle); err != nil {
				return nil, fmt.Errorf("passkey of user %s: %w", who.UserID, err)
			}
		}
	}
	if h.handle == nil {
		h.handle = randomBytes(handleBytes)
	}
	return h, nil
}

// AskToAddPasskey begins to add a passkey: what it returns is for the browser's
// navigator.credentials.create. Refusals: WayOff.
func (s *Service) AskToAddPasskey(w http.ResponseWriter, r *http.Request, who Visitor) (any, error) {
	if !s.OffersPasskeys() {
		return nil, refuse(WayOff, nil)
	}
	h, err := s.holderOf(r.Context(), who)
	if err != nil {
		return nil, err
	}
	options, session, err := s.webauthn.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		return nil, fmt.Errorf("begin to add a passkey: %w", err)
	}
	return options.Response, s.begin(w, r, toAdd+who.SessionID, session)
}

// AddPasskey ends it: answer is what the browser got. The user's other sessions end,
// and his own goes on under a new token.
// Refusals: WayOff, BadPasskey. ErrConflict: it is known already, or he has twenty.
func (s *Service) AddPasskey(w http.ResponseWriter, r *http.Request, who Visitor, name string, answer []byte) error {
	if !s.OffersPasskeys() {
		return refuse(WayOff, nil)
	}
	name, err := cleanName(name)
	if err != nil {
		return err
	}
	if name == "" {
		name = "Passkey"
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return refuse(BadPasskey, err)
	}
	session, err := s.ceremony(r, toAdd+who.SessionID, parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return err
	}
	h := &holder{handle: session.UserID, name: who.Email, shown: who.Email}
	key, err := s.webauthn.CreateCredential(h, session, parsed)
	if err != nil {
		return refuse(BadPasskey, err)
	}
	record, err := json.Marshal(key)
	if err != nil {
		return fmt.Errorf("keep a passkey: %w", err)
	}
	notice, err := s.notice(r, EventPasskeyAdded, name)
	if err != nil {
		return err
	}
	err = s.Store.AddPasskey(r.Context(), db.Passkey{
		ID: base64.RawURLEncoding.EncodeToString(key.ID), UserID: who.UserID, Handle: base64.RawURLEncoding.EncodeToString(session.UserID),
		Name: name, Credential: string(record), SignCount: key.Authenticator.SignCount, CreatedAt: s.Now(),
	}, who.SessionID, notice)
	if err != nil {
		return err
	}
	s.Poke()
	s.Log.InfoContext(r.Context(), "passkey added", "user", who.UserID)
	s.provenByAdding(w, r, who, ByPasskey)
	return nil
}

// begin keeps a ceremony for the browser that asked.
func (s *Service) begin(w http.ResponseWriter, r *http.Request, purpose string, session *webauthn.SessionData) error {
	browser, err := s.bind(w, r, func(*notes) {})
	if err != nil {
		return fmt.Errorf("begin with a passkey: %w", err)
	}
	data, err := json.Marshal(session)
	if err != nil {
		return fmt.Errorf("begin with a passkey: %w", err)
	}
	return s.Store.AddChallenge(r.Context(), db.Challenge{
		Hash: hashed(session.Challenge), Purpose: purpose, BrowserHash: browser, Data: string(data), ExpiresAt: s.Now().Add(ceremonyLife),
	})
}

// ceremony takes out the one that an answer belongs to, if this browser began it for that
// purpose a short while ago. Whatever comes of it, it is over.
func (s *Service) ceremony(r *http.Request, purpose, challenge string) (webauthn.SessionData, error) {
	var session webauthn.SessionData
	h, err := s.cookies.held(r)
	if err != nil {
		return session, fmt.Errorf("passkey: %w", err)
	}
	browser, _, err := h.bound()
	if err != nil {
		return session, fmt.Errorf("passkey: %w", err)
	}
	if browser == "" {
		return session, refuse(BadPasskey, errors.New("this browser began nothing"))
	}
	c, err := s.Store.TakeChallenge(r.Context(), hashed(challenge), purpose, browser)
	if errors.Is(err, billing.ErrNotFound) {
		return session, refuse(BadPasskey, err)
	}
	if err != nil {
		return session, err
	}
	if !s.Now().Before(c.ExpiresAt) {
		return session, refuse(BadPasskey, errors.New("too late"))
	}
	if err := json.Unmarshal([]byte(c.Data), &session); err != nil {
		return session, fmt.Errorf("ceremony of a passkey: %w", err)
	}
	session.Expires = time.Time{} // by our own clock, above
	return session, nil
}
