package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// How invitations are limited. A mail goes to whatever address an owner types, so an
// organisation sends few, and an address gets fewer from all of them together.
const (
	invitationLife       = 7 * 24 * time.Hour
	invitationWindow     = 24 * time.Hour
	invitationsEach      = 50                  // mails of one organisation within the window
	invitationsToAddress = 3                   // mails to one address within the window
	invitationsKept      = 30 * 24 * time.Hour // after they have ended
)

// InvitationMail is what the mail of an invitation must say. It holds a secret, the URL.
type InvitationMail struct {
	Organization string
	Inviter      string // his address
	URL          string // leads to a page with a button; opening it accepts nothing
	Days         int    // how long it counts
	Language     string // the Accept-Language header of the inviter's browser
}

// Invite mails an address an invitation to an organisation, in place of the one that is
// open. ErrInvalid: the role; ErrDenied: the visitor is no owner, or has not proven his
// own address; ErrConflict: the address is a member's. Refusals: BadEmail, TooMany.
func (s *Service) Invite(r *http.Request, who Visitor, organization db.Organization, typed string, role billing.Role) error {
	email, err := normalEmail(typed)
	if err != nil {
		return refuse(BadEmail, err)
	}
	if role != billing.RoleMember && role != billing.RoleBillingManager {
		return fmt.Errorf("invite as %q: %w", role, billing.ErrInvalid)
	}
	if !who.EmailVerified {
		return fmt.Errorf("invite: the inviter's address is not proven: %w", billing.ErrDenied)
	}
	if s.InvitationMail == nil {
		return errors.New("invite: no words are configured for the mail")
	}
	now, token := s.Now(), newToken()
	mail, err := s.InvitationMail(InvitationMail{
		Organization: unlinked(organization.Name), Inviter: who.Email, Days: int(invitationLife / (24 * time.Hour)),
		URL: s.BaseURL + "/invitations?token=" + url.QueryEscape(token), Language: r.Header.Get("Accept-Language"),
	})
	if err != nil {
		return fmt.Errorf("write an invitation: %w", err)
	}
	err = s.Store.Invite(r.Context(), db.Invitation{
		ID: db.NewID(), OrganizationID: organization.ID, Email: email, Role: role, TokenHash: hashed(token),
		InvitedBy: who.UserID, CreatedAt: now, ExpiresAt: now.Add(invitationLife),
	}, db.InvitationLimit{PerOrganization: invitationsEach, PerAddress: invitationsToAddress, Since: now.Add(-invitationWindow)}, mail)
	if errors.Is(err, db.ErrInvitations) {
		return &Refusal{Reason: TooMany, RetryAfter: invitationWindow, Cause: err}
	}
	if err != nil {
		return err
	}
	s.Poke()
	return nil
}

// unlinked is a name of which no mail program makes a link: many do of "pay.example/now"
// as it stands. A space of no width behind each dot that a word follows keeps it readable.
func unlinked(name string) string {
	return dotted.ReplaceAllString(name, ".\u200b$1")
}

var dotted = regexp.MustCompile(`\.([\pL\pN])`)

// Resend mails an open invitation again, with a new token; the old one counts no longer.
// ErrNotFound: it is not open. Else as Invite.
func (s *Service) Resend(r *http.Request, who Visitor, organization db.Organization, id string) error {
	open, err := s.Store.Invitation(r.Context(), organization.ID, id, s.Now())
	if err != nil {
		return err
	}
	return s.Invite(r, who, organization, open.Email, open.Role)
}

// Invitation finds what a token invites to. ErrNotFound: it was used, revoked or
// replaced, is too old, or never was.
func (s *Service) Invitation(ctx context.Context, token string) (db.Invitation, error) {
	if !isToken(token) {
		return db.Invitation{}, fmt.Errorf("invitation: %w", billing.ErrNotFound)
	}
	return s.Store.InvitationByToken(ctx, hashed(token), s.Now())
}

// Accept has the visitor join what a token invites to, once, and act for it. ErrDenied:
// the invitation went to another address than his, or he has not proven his.
func (s *Service) Accept(w http.ResponseWriter, r *http.Request, who Visitor, token string) (db.Invitation, error) {
	if !isToken(token) {
		return db.Invitation{}, fmt.Errorf("accept an invitation: %w", billing.ErrNotFound)
	}
	accepted, err := s.Store.AcceptInvitation(r.Context(), hashed(token), who.UserID, s.Now())
	if err != nil {
		return accepted, err
	}
	s.Log.InfoContext(r.Context(), "invitation accepted", "organization", accepted.OrganizationID, "user", who.UserID)
	_, err = s.ActFor(w, r, who, accepted.OrganizationID)
	return accepted, err
}
