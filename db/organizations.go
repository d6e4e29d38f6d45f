package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Organization is people who pay together; its customer has the same id. What the
// seller is called at the provider is billing.Organization.
type Organization struct {
	ID        string
	Name      string
	Slug      string // names it in addresses: a-z, 0-9 and hyphens
	CreatedAt time.Time
	Role      billing.Role // of the user it was read for; empty when it was read for nobody
}

// maxOwned is how many organisations one user may own: each is a customer at the provider.
const maxOwned = 20

// BillingAddress is where the bills of an organisation go, and the code that proves that
// whoever names it reads its mail.
type BillingAddress struct {
	Email  string
	CodeID string // "" for one that the operator vouches for
}

// ErrCodeUsed is of a code that counted once already, or has ended meanwhile.
var ErrCodeUsed = errors.New("the code was used")

// AddOrganization makes an organisation whose only member is its owner, the customer
// that pays for it at an address, and the job that makes it known to the provider, and
// spends the code that proves the address, in one transaction. ErrConflict: the slug is taken;
// ErrDenied: he owns as many as he may already; ErrCodeUsed. Then nothing happened.
func (s *Store) AddOrganization(ctx context.Context, o Organization, ownerID string, bills BillingAddress, createCustomer bool, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		at := millis(now)
		if bills.CodeID != "" {
			n, err := q.UseCode(ctx, gen.UseCodeParams{ID: bills.CodeID, Now: &at})
			if err != nil {
				return fmt.Errorf("use the code of an address: %w", err)
			}
			if n == 0 {
				return fmt.Errorf("add organisation: %w", ErrCodeUsed)
			}
		}
		owned, err := q.OwnedOrganizations(ctx, ownerID)
		if err != nil {
			return fmt.Errorf("organisations of user %s: %w", ownerID, err)
		}
		if owned >= maxOwned {
			return fmt.Errorf("user %s owns %d organisations: %w", ownerID, owned, billing.ErrDenied)
		}
		n, err := q.InsertCustomerOrganization(ctx, gen.InsertCustomerOrganizationParams{ID: o.ID, Name: o.Name, Slug: o.Slug, CreatedAt: at})
		if err != nil {
			return fmt.Errorf("add organisation %s: %w", o.ID, err)
		}
		if n == 0 {
			return fmt.Errorf("add organisation: slug %s is taken: %w", o.Slug, billing.ErrConflict)
		}
		_, err = q.InsertMembership(ctx, gen.InsertMembershipParams{
			OrganizationID: o.ID, UserID: ownerID, Role: string(billing.RoleOwner), CreatedAt: at,
		})
		if err != nil {
			return fmt.Errorf("add the owner of organisation %s: %w", o.ID, err)
		}
		err = q.InsertCustomer(ctx, gen.InsertCustomerParams{ID: o.ID, Email: bills.Email, Name: o.Name, CreatedAt: at})
		if err != nil {
			return fmt.Errorf("add the customer of organisation %s: %w", o.ID, err)
		}
		if !createCustomer {
			return nil
		}
		return enqueue(ctx, q, Job{Kind: JobCreateCustomer, Key: o.ID, CustomerID: o.ID}, time.Time{}, now)
	})
}

// Organizations lists those that a user belongs to, by name.
func (s *Store) Organizations(ctx context.Context, userID string) ([]Organization, error) {
	rows, err := s.r.OrganizationsOfUser(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("organisations of user %s: %w", userID, err)
	}
	return mapEach(rows, func(row gen.OrganizationsOfUserRow) Organization {
		return Organization{ID: row.ID, Name: row.Name, Slug: row.Slug, CreatedAt: moment(row.CreatedAt), Role: billing.Role(row.Role)}
	}), nil
}

// OrganizationOf finds an organisation by its slug for somebody who belongs to it. One
// to which he does not belong is ErrNotFound, as one that is not there.
func (s *Store) OrganizationOf(ctx context.Context, userID, slug string) (Organization, error) {
	row, err := s.r.OrganizationOfUser(ctx, gen.OrganizationOfUserParams{Slug: slug, UserID: userID})
	if err != nil {
		return Organization{}, fmt.Errorf("organisation of user %s: %w", userID, found(err))
	}
	return Organization{ID: row.ID, Name: row.Name, Slug: row.Slug, CreatedAt: moment(row.CreatedAt), Role: billing.Role(row.Role)}, nil
}

// RenameOrganization changes a name, and that of the organisation's customer. ErrDenied:
// by is no owner.
func (s *Store) RenameOrganization(ctx context.Context, id, by, name string) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.RenameOrganization(ctx, gen.RenameOrganizationParams{ID: id, By: by, Name: name})
		if err != nil {
			return fmt.Errorf("rename organisation %s: %w", id, err)
		}
		if n == 0 {
			return fmt.Errorf("rename organisation %s: %w", id, billing.ErrDenied)
		}
		if err := q.RenameCustomer(ctx, gen.RenameCustomerParams{ID: id, Name: name}); err != nil {
			return fmt.Errorf("rename customer %s: %w", id, err)
		}
		return nil
	})
}
