package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// LinkedIdentity is an identity that the visitor may sign in with.
type LinkedIdentity struct {
	ID       string // ours: stable, and tells nothing of the subject
	Provider string // id of the way in; empty when it is no longer configured
	Name     string // of the provider, as its button says it
	Subject  string // who he is there
	Email    string // as it was last told there; may be empty
	LinkedAt time.Time
	UsedAt   time.Time

	authority string
}

// Identities lists the identities of the visitor, in the order in which they were linked.
func (s *Service) Identities(ctx context.Context, who Visitor) ([]LinkedIdentity, error) {
	rows, err := s.Store.IdentitiesOf(ctx, who.UserID)
	if err != nil {
		return nil, err
	}
	list := make([]LinkedIdentity, len(rows))
	for i, row := range rows {
		list[i] = LinkedIdentity{
			ID: identityID(row), Name: hostOf(row.Provider), Subject: row.Subject, Email: row.Email, LinkedAt: row.LinkedAt, UsedAt: row.UsedAt,
			authority: row.Provider,
		}
		for _, info := range s.offered {
			if s.providers[info.ID].authority == row.Provider {
				list[i].Provider, list[i].Name = info.ID, info.Name
				break
			}
		}
	}
	return list, nil
}

// identityID names an identity in addresses and forms.
func identityID(row db.Linked) string {
	sum := sha256.Sum256([]byte(row.Provider + "\x00" + row.Subject))
	return hex.EncodeToString(sum[:16])
}

func hostOf(authority string) string {
	if u, err := url.Parse(authority); err == nil && u.Host != "" {
		return u.Host
	}
	return authority
}

// link attaches an identity to the user who began to link it, and tells him by mail.
func (s *Service) link(r *http.Request, p *provider, id db.Identity, userID string, now time.Time) error {
	notice, err := s.notice(r, EventIdentityLinked, p.name)
	if err != nil {
		return err
	}
	err = s.Store.LinkIdentity(r.Context(), userID, id, notice, now)
	if errors.Is(err, billing.ErrDenied) {
		return refuse(IdentityTaken, err)
	}
	if err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "identity linked", "user", userID, "provider", p.id, "address", s.address(r))
	s.Poke()
	return nil
}

// Unlink takes one of the visitor's identities away, named by its ID, tells him by mail,
// and ends nothing else. The caller makes sure that he has just proven who he is. Refusal:
// LastWayIn. ErrNotFound: he has none of that ID.
func (s *Service) Unlink(r *http.Request, who Visitor, id string) error {
	ctx := r.Context()
	list, err := s.Identities(ctx, who)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(l LinkedIdentity) bool { return l.ID == id })
	if at < 0 {
		return fmt.Errorf("unlink identity %.64q of user %s: %w", id, who.UserID, billing.ErrNotFound)
	}
	otherwise, err := s.comesInWithoutIdentity(ctx, who)
	if err != nil {
		return err
	}
	notice, err := s.notice(r, EventIdentityUnlinked, list[at].Name)
	if err != nil {
		return err
	}
	err = s.Store.UnlinkIdentity(ctx, db.Unlinking{
		UserID: who.UserID, Provider: list[at].authority, Subject: list[at].Subject,
		Authorities: s.authorities(), Otherwise: otherwise, Notice: notice, Now: s.Now(),
	})
	if errors.Is(err, billing.ErrDenied) {
		return refuse(LastWayIn, err)
	}
	if err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "identity unlinked", "user", who.UserID, "authority", list[at].authority, "address", s.address(r))
	s.Poke()
	return nil
}

// comesInWithoutIdentity tells whether a user can sign in with none of his identities: by
// mail to a proven address, with a password, or with a passkey.
func (s *Service) comesInWithoutIdentity(ctx context.Context, who Visitor) (bool, error) {
	if s.mailsIn() && who.EmailVerified {
		return true, nil
	}
	if s.Offers(WayPassword) {
		_, err := s.Store.PasswordOf(ctx, who.UserID)
		if !errors.Is(err, billing.ErrNotFound) {
			return err == nil, err
		}
	}
	if s.OffersPasskeys() {
		keys, err := s.Passkeys(ctx, who)
		return err == nil && len(keys) > 0, err
	}
	return false, nil
}

// authorities are those whose identities let somebody in today.
func (s *Service) authorities() []string {
	var list []string
	for _, info := range s.offered {
		list = append(list, s.providers[info.ID].authority)
	}
	return list
}
