package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// DeleteOrganization ends an organisation for all who belong to it. What it bought and
// its customer stay on the books. ErrDenied: by is no owner; ErrConflict: something is
// billed or may be (a subscription runs, an order is open, a checkout can be paid, or was,
// and what it bought is not here yet), or a change that was asked for waits, such as a refund.
func (s *Store) DeleteOrganization(ctx context.Context, id, by string, now time.Time) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		at := millis(now)
		n, err := q.DeleteOrganization(ctx, gen.DeleteOrganizationParams{
			Now: &at, ID: id, By: by, OpenAfter: millis(now.Add(-paidLateFor)), SettledAfter: millis(now.Add(-settlesFor)),
		})
		if err != nil {
			return err
		}
		if n == 0 {
			role, err := membership(ctx, q, id, by)
			if err != nil && !errors.Is(err, billing.ErrNotFound) {
				return err
			}
			if !role.Manages() {
				return fmt.Errorf("user %s is no owner: %w", by, billing.ErrDenied)
			}
			return fmt.Errorf("something is billed or waits: %w", billing.ErrConflict)
		}
		if err := q.EndMemberships(ctx, id); err != nil {
			return err
		}
		if err := q.EndInvitations(ctx, gen.EndInvitationsParams{Now: &at, OrganizationID: id}); err != nil {
			return err
		}
		return q.StopAllActingFor(ctx, &id)
	})
	if err != nil {
		return fmt.Errorf("delete organisation %s: %w", id, err)
	}
	return nil
}

// TransferOwnership makes a member an owner, and its owner a billing manager. Errors are
// those of ChangeRole.
func (s *Store) TransferOwnership(ctx context.Context, organizationID, from, to string, now time.Time) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		for _, step := range []struct {
			user string
			role billing.Role
		}{{to, billing.RoleOwner}, {from, billing.RoleBillingManager}} {
			n, err := q.ChangeRole(ctx, gen.ChangeRoleParams{OrganizationID: organizationID, UserID: step.user, Role: string(step.role), By: from})
			if err != nil {
				return err
			}
			if n == 0 {
				return whyNot(ctx, q, organizationID, step.user, from)
			}
			if err := memberJob(ctx, q, organizationID, step.user, now); err != nil {
				return err
			}
		}
		return revokeBy(ctx, q, organizationID, from, now)
	})
	if err != nil {
		return fmt.Errorf("transfer organisation %s: %w", organizationID, err)
	}
	return nil
}
