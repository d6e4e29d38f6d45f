package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"counterfoil/billing"
	"counterfoil/db"
)

// AskForPasskey begins a sign-in, or a fresh proof of somebody who is signed in: what it
// returns is for the browser's navigator.credentials.get. Refusals: WayOff, TooMany.
func (s *Service) AskForPasskey(w http.ResponseWriter, r *http.Request, who Visitor) (any, error) {
	if !s.OffersPasskeys() {
		return nil, refuse(WayOff, nil)
	}
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), s.Now()); err != nil {
		return nil, err
	}
	how := []webauthn.LoginOption{webauthn.WithUserVerification(protocol.VerificationRequired)}
	if who.SignedIn() { // the browser need not ask which account is meant
		h, err := s.holderOf(r.Context(), who)
		if err != nil {
			return nil, err
		}
		how = append(how, webauthn.WithAllowedCredentials(webauthn.Credentials(h.keys).CredentialDescriptors()))
	}
	options, session, err := s.webauthn.BeginDiscoverableLogin(how...)
	if err != nil {
		return nil, fmt.Errorf("begin with a passkey: %w", err)
	}
	session.AllowedCredentialIDs = nil // whose it is is checked when it is shown
	return options.Response, s.begin(w, r, purposeOf(who), session)
}

func purposeOf(who Visitor) string {
	if who.SignedIn() {
		return toConfirm + who.SessionID
	}
	return toSignIn
}

// SignInWithPasskey ends a sign-in: answer is what the browser got. Refusals: WayOff,
// BadPasskey, TooMany.
func (s *Service) SignInWithPasskey(w http.ResponseWriter, r *http.Request, answer []byte, next string) (Arrival, error) {
	used, err := s.shown(r, Visitor{}, answer)
	if err != nil {
		return Arrival{}, err
	}
	h, err := s.cookies.held(r)
	if err != nil {
		return Arrival{}, fmt.Errorf("sign in with a passkey: %w", err)
	}
	row, token := s.newSession(r, ByPasskey)
	entering, err := s.entering(r, row, token, h.row.ID)
	if err != nil {
		return Arrival{}, err
	}
	entry, err := s.Store.SignInWithPasskey(r.Context(), used, entering)
	if errors.Is(err, billing.ErrDenied) {
		return Arrival{}, refuse(BadPasskey, err)
	}
	if err != nil {
		return Arrival{}, fmt.Errorf("sign in with a passkey: %w", err)
	}
	return s.arrive(w, r, entry, row, token, next)
}

// ConfirmWithPasskey proves again who the visitor is. Refusals: WayOff, BadPasskey (also:
// somebody else's), TooMany.
func (s *Service) ConfirmWithPasskey(w http.ResponseWriter, r *http.Request, who Visitor, answer []byte) error {
	used, err := s.shown(r, who, answer)
	if err != nil {
		return err
	}
	if used.UserID != who.UserID {
		return refuse(BadPasskey, errors.New("it is another user's"))
	}
	return s.prove(w, r, who, ByPasskey, db.Fresh{Passkey: &used})
}

// shown checks what an authenticator signed, and returns its passkey as it is to be kept
// now. A counter that did not grow is refused, and logged: the key may have been copied.
func (s *Service) shown(r *http.Request, who Visitor, answer []byte) (db.Passkey, error) {
	if !s.OffersPasskeys() {
		return db.Passkey{}, refuse(WayOff, nil)
	}
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), s.Now()); err != nil {
		return db.Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return db.Passkey{}, refuse(BadPasskey, err)
	}
	session, err := s.ceremony(r, purposeOf(who), parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return db.Passkey{}, err
	}
	var row db.Passkey
	var ours error // a failure of ours on the way, which is not the caller's to answer for
	find := func(rawID, handle []byte) (webauthn.User, error) {
		row, ours = s.Store.Passkey(r.Context(), base64.RawURLEncoding.EncodeToString(rawID))
		if ours != nil {
			return nil, ours
		}
		var key webauthn.Credential
		if ours = json.Unmarshal([]byte(row.Credential), &key); ours != nil {
			return nil, ours
		}
		own, err := base64.RawURLEncoding.DecodeString(row.Handle)
		return &holder{handle: own, keys: []webauthn.Credential{key}}, err
	}
	key, err := s.webauthn.ValidateDiscoverableLogin(find, session, parsed)
	if ours != nil && !errors.Is(ours, billing.ErrNotFound) {
		return db.Passkey{}, fmt.Errorf("passkey: %w", ours)
	}
	if err != nil {
		return db.Passkey{}, refuse(BadPasskey, err)
	}
	if key.Authenticator.CloneWarning {
		s.Log.WarnContext(r.Context(), "audit", "did", "refuse a passkey whose counter did not grow", "user", row.UserID, "address", s.address(r))
		return db.Passkey{}, refuse(BadPasskey, errors.New("its counter did not grow: it may have been copied"))
	}
	record, err := json.Marshal(key)
	if err != nil {
		return db.Passkey{}, fmt.Errorf("keep a passkey: %w", err)
	}
	row.Credential, row.SignCount = string(record), key.Authenticator.SignCount
	return row, nil
}

// Passkey is one of the visitor's.
type Passkey struct {
	ID        string
	Name      string
	CreatedAt time.Time
	UsedAt    time.Time // zero for never
}

// Passkeys lists the visitor's, the oldest first.
func (s *Service) Passkeys(ctx context.Context, who Visitor) ([]Passkey, error) {
	rows, err := s.Store.PasskeysOf(ctx, who.UserID)
	if err != nil {
		return nil, err
	}
	list := make([]Passkey, len(rows))
	for i, row := range rows {
		list[i] = Passkey{ID: row.ID, Name: row.Name, CreatedAt: row.CreatedAt, UsedAt: row.UsedAt}
	}
	return list, nil
}

// RenamePasskey changes the name of one of the visitor's. ErrNotFound: there is none of
// that id, or it is somebody else's. ErrInvalid: the name is empty, too long, or no text.
func (s *Service) RenamePasskey(ctx context.Context, who Visitor, id, name string) error {
	name, err := cleanName(name)
	if err != nil {
		return err
	}
	if name == "" {
		return fmt.Errorf("a passkey needs a name: %w", billing.ErrInvalid)
	}
	return s.Store.RenamePasskey(ctx, who.UserID, id, name)
}

// RemovePasskey removes one of the visitor's and ends his other sessions. ErrNotFound:
// there is none of that id, or it is somebody else's. Refusals: LastWay.
func (s *Service) RemovePasskey(r *http.Request, who Visitor, id string) error {
	rows, err := s.Store.PasskeysOf(r.Context(), who.UserID)
	if err != nil {
		return err
	}
	name, others := "", 0
	for _, row := range rows {
		if row.ID == id {
			name = row.Name
		} else {
			others++
		}
	}
	if len(rows) == others {
		return fmt.Errorf("remove a passkey of user %s: %w", who.UserID, billing.ErrNotFound)
	}
	if others == 0 {
		otherwise, err := s.comesInWithoutPasskey(r.Context(), who)
		if err != nil {
			return err
		}
		if !otherwise {
			return refuse(LastWay, nil)
		}
	}
	notice, err := s.notice(r, EventPasskeyRemoved, name)
	if err != nil {
		return err
	}
	if err := s.Store.RemovePasskey(r.Context(), who.UserID, id, who.SessionID, notice, s.Now()); err != nil {
		return err
	}
	s.Poke()
	s.Log.InfoContext(r.Context(), "passkey removed", "user", who.UserID)
	return nil
}

// comesInWithoutPasskey tells whether a user can sign in in another way.
func (s *Service) comesInWithoutPasskey(ctx context.Context, who Visitor) (bool, error) {
	if s.Offers(WayPassword) {
		if _, err := s.Store.PasswordOf(ctx, who.UserID); err == nil || !errors.Is(err, billing.ErrNotFound) {
			return err == nil, err
		}
	}
	return s.comesInByOthers(ctx, who)
}
