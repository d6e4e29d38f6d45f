package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Membership is the role of a user in an organisation. ErrNotFound: he has none, or
// there is no such organisation.
func (s *Store) Membership(ctx context.Context, organizationID, userID string) (billing.Role, error) {
	return membership(ctx, s.r, organizationID, userID)
}

func membership(ctx context.Context, q *gen.Queries, organizationID, userID string) (billing.Role, error) {
	role, err := q.MembershipRole(ctx, gen.MembershipRoleParams{OrganizationID: organizationID, UserID: userID})
	if err != nil {
		return "", fmt.Errorf("role of user %s in organisation %s: %w", userID, organizationID, found(err))
	}
	return billing.Role(role), nil
}

// Member is somebody who belongs to an organisation.
type Member struct {
	UserID, Email string
	Name          string // may be empty
	Role          billing.Role
	Since         time.Time
}

// Members lists who belongs to an organisation, the first to come first.
func (s *Store) Members(ctx context.Context, organizationID string) ([]Member, error) {
	rows, err := s.r.MembersOfOrganization(ctx, organizationID)
	if err != nil {
		return nil, fmt.Errorf("members of organisation %s: %w", organizationID, err)
	}
	return mapEach(rows, func(row gen.MembersOfOrganizationRow) Member {
		return Member{UserID: row.ID, Email: row.Email, Name: row.Name, Role: billing.Role(row.Role), Since: moment(row.CreatedAt)}
	}), nil
}

// ChangeRole gives a member another role. ErrNotFound: he does not belong; ErrDenied: by
// is no owner; ErrConflict: it would take the last owner away. Of two owners who take
// each other's role at the same time one succeeds.
// What he has invited falls unless he is an owner from now on.
func (s *Store) ChangeRole(ctx context.Context, organizationID, userID string, role billing.Role, by string, now time.Time) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.ChangeRole(ctx, gen.ChangeRoleParams{
			OrganizationID: organizationID, UserID: userID, Role: string(role), By: by,
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return whyNot(ctx, q, organizationID, userID, by)
		}
		if err := memberJob(ctx, q, organizationID, userID, now); err != nil || role.Manages() {
			return err
		}
		return revokeBy(ctx, q, organizationID, userID, now)
	})
	if err != nil {
		return fmt.Errorf("change the role of user %s in organisation %s: %w", userID, organizationID, err)
	}
	return nil
}

// RemoveMember ends a membership; the user's sessions act for himself again, and what he
// has invited falls, and his seat is freed. An owner may end any, everybody his own. Errors are those of ChangeRole.
func (s *Store) RemoveMember(ctx context.Context, organizationID, userID, by string, now time.Time) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.RemoveMember(ctx, gen.RemoveMemberParams{OrganizationID: organizationID, UserID: userID, By: by})
		if err != nil {
			return err
		}
		if n == 0 {
			return whyNot(ctx, q, organizationID, userID, by)
		}
		if err := q.StopActingFor(ctx, gen.StopActingForParams{OrganizationID: &organizationID, UserID: &userID}); err != nil {
			return err
		}
		if err := leaveSeats(ctx, q, organizationID, userID, now); err != nil {
			return err
		}
		return revokeBy(ctx, q, organizationID, userID, now)
	})
	if err != nil {
		return fmt.Errorf("remove user %s from organisation %s: %w", userID, organizationID, err)
	}
	return nil
}

// revokeBy takes back the open invitations that a user has sent.
func revokeBy(ctx context.Context, q *gen.Queries, organizationID, userID string, now time.Time) error {
	at := millis(now)
	return q.RevokeInvitationsBy(ctx, gen.RevokeInvitationsByParams{Now: &at, OrganizationID: organizationID, InvitedBy: userID})
}

// whyNot says why a guarded statement about a member did nothing, in its transaction.
func whyNot(ctx context.Context, q *gen.Queries, organizationID, userID, by string) error {
	mine, err := membership(ctx, q, organizationID, by)
	if err != nil && !errors.Is(err, billing.ErrNotFound) {
		return err
	}
	if userID != by && !mine.Manages() {
		return fmt.Errorf("user %s is no owner: %w", by, billing.ErrDenied)
	}
	if _, err := membership(ctx, q, organizationID, userID); err != nil {
		return err
	}
	if !mine.Manages() {
		return fmt.Errorf("user %s is no owner: %w", by, billing.ErrDenied)
	}
	return fmt.Errorf("an organisation keeps an owner: %w", billing.ErrConflict)
}

// ActFor has a session of a user act for an organisation from now on, or for himself
// when its id is empty, and go on under another token. ErrNotFound: he does not belong to
// it, or the session has ended; its token is then as it was.
func (s *Store) ActFor(ctx context.Context, sessionID, userID, organizationID, tokenHash string, now time.Time) error {
	return s.wish(ctx, "act for an organisation in session "+sessionID, func(q *gen.Queries) (int64, error) {
		if organizationID == "" {
			return q.ActForNobody(ctx, gen.ActForNobodyParams{ID: sessionID, UserID: &userID, TokenHash: tokenHash, Now: millis(now)})
		}
		return q.ActFor(ctx, gen.ActForParams{ID: sessionID, UserID: &userID, TokenHash: tokenHash, OrganizationID: &organizationID, Now: millis(now)})
	})
}

// AddMember has a user belong to an organisation. One who belongs already keeps his role.
func (s *Store) AddMember(ctx context.Context, organizationID, userID string, role billing.Role, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		_, err := q.InsertMembership(ctx, gen.InsertMembershipParams{
			OrganizationID: organizationID, UserID: userID, Role: string(role), CreatedAt: millis(now),
		})
		if err != nil {
			return fmt.Errorf("add user %s to organisation %s: %w", userID, organizationID, err)
		}
		return nil
	})
}
