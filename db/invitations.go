package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Invitation asks an address to join an organisation. The mail holds the token, the
// database only its hash.
type Invitation struct {
	ID             string
	OrganizationID string
	Email          string // normal form
	Role           billing.Role
	TokenHash      string
	InvitedBy      string // user id; empty once he is erased
	CreatedAt      time.Time
	ExpiresAt      time.Time

	OrganizationName, OrganizationSlug string // InvitationByToken fills them in
}

// InvitationLimit bounds the mails of one organisation, and those to one address, since
// a moment.
type InvitationLimit struct {
	PerOrganization, PerAddress int
	Since                       time.Time
}

// ErrInvitations means that as many invitations were sent as the limit allows. It is a
// billing.ErrDenied.
var ErrInvitations = fmt.Errorf("too many invitations: %w", billing.ErrDenied)

// Invite keeps an invitation in place of the one that is open for the same address, and
// enqueues the mail that carries it. ErrDenied: its sender is no owner; ErrInvitations:
// too many were sent; ErrConflict: the address belongs to a member.
func (s *Store) Invite(ctx context.Context, i Invitation, limit InvitationLimit, mail Mail) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		at := millis(i.CreatedAt)
		belongs, err := q.AddressBelongs(ctx, gen.AddressBelongsParams{OrganizationID: i.OrganizationID, Email: i.Email})
		if err != nil {
			return err
		}
		if belongs > 0 {
			return fmt.Errorf("the address is a member's: %w", billing.ErrConflict)
		}
		if _, err := q.RevokeInvitations(ctx, gen.RevokeInvitationsParams{Now: &at, OrganizationID: i.OrganizationID, Email: i.Email}); err != nil {
			return err
		}
		n, err := q.InsertInvitation(ctx, gen.InsertInvitationParams{
			ID: i.ID, OrganizationID: i.OrganizationID, Email: i.Email, Role: string(i.Role), TokenHash: i.TokenHash,
			InvitedBy: i.InvitedBy, CreatedAt: at, ExpiresAt: millis(i.ExpiresAt),
			Since: millis(limit.Since), Most: int64(limit.PerOrganization), MostToAddress: int64(limit.PerAddress),
		})
		if err != nil {
			return err
		}
		if n == 0 {
			if role, err := membership(ctx, q, i.OrganizationID, i.InvitedBy); err != nil || !role.Manages() {
				return fmt.Errorf("user %s is no owner: %w", i.InvitedBy, billing.ErrDenied)
			}
			return ErrInvitations
		}
		mail.To, mail.ExpiresAt = i.Email, i.ExpiresAt
		return enqueueMail(ctx, q, mail, i.CreatedAt)
	})
	if err != nil {
		return fmt.Errorf("invite to organisation %s: %w", i.OrganizationID, err)
	}
	return nil
}

// Invitations lists the open ones of an organisation, the newest first.
func (s *Store) Invitations(ctx context.Context, organizationID string, now time.Time) ([]Invitation, error) {
	rows, err := s.r.OpenInvitations(ctx, gen.OpenInvitationsParams{OrganizationID: organizationID, Now: millis(now)})
	if err != nil {
		return nil, fmt.Errorf("invitations of organisation %s: %w", organizationID, err)
	}
	return mapEach(rows, invitationOf), nil
}

// Invitation finds one of an organisation that is open, or answers ErrNotFound.
func (s *Store) Invitation(ctx context.Context, organizationID, id string, now time.Time) (Invitation, error) {
	row, err := s.r.OpenInvitation(ctx, gen.OpenInvitationParams{ID: id, OrganizationID: organizationID, Now: millis(now)})
	if err != nil {
		return Invitation{}, fmt.Errorf("invitation %s: %w", id, found(err))
	}
	return invitationOf(row), nil
}

// InvitationByToken finds the invitation of a token. ErrNotFound: there is none, or it
// was used, revoked or replaced, or is too old.
func (s *Store) InvitationByToken(ctx context.Context, tokenHash string, now time.Time) (Invitation, error) {
	row, err := s.r.InvitationByToken(ctx, gen.InvitationByTokenParams{TokenHash: tokenHash, Now: millis(now)})
	if err != nil {
		return Invitation{}, fmt.Errorf("invitation: %w", found(err))
	}
	return Invitation{
		ID: row.ID, OrganizationID: row.OrganizationID, Email: row.Email, Role: billing.Role(row.Role), InvitedBy: row.InvitedBy,
		CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt), OrganizationName: row.Name, OrganizationSlug: row.Slug,
	}, nil
}

func invitationOf(row gen.Invitation) Invitation {
	return Invitation{
		ID: row.ID, OrganizationID: row.OrganizationID, Email: row.Email, Role: billing.Role(row.Role), InvitedBy: row.InvitedBy,
		CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt),
	}
}

// AcceptInvitation spends an invitation and has a user belong to the organisation; one
// who belongs already keeps his role. ErrNotFound: it no longer counts; ErrDenied: it was
// sent to another address than the one that the user has proven.
func (s *Store) AcceptInvitation(ctx context.Context, tokenHash, userID string, now time.Time) (Invitation, error) {
	var accepted Invitation
	err := s.inTx(ctx, func(q *gen.Queries) error {
		at := millis(now)
		row, err := q.InvitationByToken(ctx, gen.InvitationByTokenParams{TokenHash: tokenHash, Now: at})
		if err != nil {
			return found(err)
		}
		accepted = Invitation{
			ID: row.ID, OrganizationID: row.OrganizationID, Role: billing.Role(row.Role),
			OrganizationName: row.Name, OrganizationSlug: row.Slug,
		}
		n, err := q.AcceptInvitation(ctx, gen.AcceptInvitationParams{Now: &at, ID: row.ID, UserID: userID})
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("user %s has not proven its address: %w", userID, billing.ErrDenied)
		}
		_, err = q.InsertMembership(ctx, gen.InsertMembershipParams{
			OrganizationID: row.OrganizationID, UserID: userID, Role: row.Role, CreatedAt: at,
		})
		if err != nil {
			return err
		}
		return memberJob(ctx, q, row.OrganizationID, userID, now) // a seat may wait for him
	})
	if err != nil {
		return Invitation{}, fmt.Errorf("accept an invitation: %w", err)
	}
	return accepted, nil
}

// RevokeInvitation takes one back. ErrNotFound: there is no open one of that id, or by
// is no owner.
func (s *Store) RevokeInvitation(ctx context.Context, organizationID, id, by string, now time.Time) error {
	at := millis(now)
	return s.wish(ctx, "revoke invitation "+id, func(q *gen.Queries) (int64, error) {
		return q.RevokeInvitation(ctx, gen.RevokeInvitationParams{Now: &at, ID: id, OrganizationID: organizationID, By: by})
	})
}

// SweepInvitations removes those that ended before a time, whatever became of them.
func (s *Store) SweepInvitations(ctx context.Context, before time.Time) (int64, error) {
	var swept int64
	err := s.inTx(ctx, func(q *gen.Queries) error {
		var err error
		if swept, err = q.SweepInvitations(ctx, millis(before)); err != nil {
			return fmt.Errorf("sweep invitations: %w", err)
		}
		return nil
	})
	return swept, err
}
