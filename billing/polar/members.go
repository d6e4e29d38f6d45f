package polar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/billing"
)

var _ billing.Teams = (*Provider)(nil)

// wireMember is a person of a customer (Polar's reference, Members, 2026-08).
type wireMember struct {
	ID         string `json:"id"`
	CustomerID string `json:"customer_id"`
	ExternalID string `json:"external_id"`
	Email      string `json:"email"`
	Name       string `json:"name"`
	Role       string `json:"role"`
}

// member translates a member. An unknown role is an error: a guess would let somebody
// see what others pay.
func member(w wireMember) (billing.Member, error) {
	role := billing.Role(w.Role)
	if w.ID == "" || !role.Valid() {
		return billing.Member{}, fmt.Errorf("%w: a member without id, or of unknown role %q", billing.ErrProvider, clip(w.Role))
	}
	return billing.Member{
		ProviderID: w.ID, ProviderCustomerID: w.CustomerID, UserID: w.ExternalID, Email: lower(w.Email), Name: w.Name, Role: role,
	}, nil
}

// Members implements billing.Teams.
func (p *Provider) Members(ctx context.Context, providerCustomerID string) ([]billing.Member, error) {
	if err := safeID(providerCustomerID); err != nil { // empty, it would list everybody's
		return nil, fmt.Errorf("members of a customer: %w", err)
	}
	var all []billing.Member
	err := p.pages(ctx, func(ctx context.Context, page, limit *int64) error {
		_, err := p.api.Members.ListMembers(ctx, operations.MembersListMembersRequest{CustomerID: &providerCustomerID, Page: page, Limit: limit})
		return err
	}, func(raw json.RawMessage) error {
		var w wireMember
		if err := decode(raw, &w); err != nil {
			return fmt.Errorf("%w: read member: %w", billing.ErrProvider, err)
		}
		m, err := member(w)
		// Compared here too: a server that ignored the filter would hand over strangers.
		if err == nil && m.ProviderCustomerID == providerCustomerID {
			all = append(all, m)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("members of customer %s: %w", providerCustomerID, err)
	}
	return all, nil
}

// AddMember implements billing.Teams.
func (p *Provider) AddMember(ctx context.Context, m billing.Member) (billing.Member, error) {
	request := components.MemberCreate{
		CustomerID: m.ProviderCustomerID, Email: m.Email, Name: optional(m.Name), ExternalID: optional(m.UserID),
		Role: components.MemberRole(m.Role).ToPointer(),
	}
	added, err := p.oneMember(ctx, once, func(ctx context.Context) error {
		_, err := p.api.Members.CreateMember(ctx, request)
		return err
	})
	if err != nil {
		return added, fmt.Errorf("add a member to customer %s: %w", m.ProviderCustomerID, err)
	}
	return added, nil
}

// ChangeMember implements billing.Teams.
func (p *Provider) ChangeMember(ctx context.Context, providerMemberID string, role billing.Role) (billing.Member, error) {
	if err := safeID(providerMemberID); err != nil {
		return billing.Member{}, fmt.Errorf("change member: %w", err)
	}
	changed, err := p.oneMember(ctx, repeatable, func(ctx context.Context) error {
		_, err := p.api.Members.UpdateMember(ctx, providerMemberID, components.MemberUpdate{Role: components.MemberRole(role).ToPointer()})
		return err
	})
	if err != nil {
		return changed, fmt.Errorf("change member %s: %w", providerMemberID, err)
	}
	return changed, nil
}

// RemoveMember implements billing.Teams.
func (p *Provider) RemoveMember(ctx context.Context, providerMemberID string) error {
	if err := safeID(providerMemberID); err != nil {
		return fmt.Errorf("remove member: %w", err)
	}
	err := p.call(ctx, repeatable, nil, func(ctx context.Context) error {
		_, err := p.api.Members.DeleteMember(ctx, providerMemberID)
		return err
	})
	if err != nil && !errors.Is(err, billing.ErrNotFound) {
		return fmt.Errorf("remove member %s: %w", providerMemberID, err)
	}
	return nil
}

func (p *Provider) oneMember(ctx context.Context, m mode, operation func(context.Context) error) (billing.Member, error) {
	var w wireMember
	if err := p.call(ctx, m, &w, operation); err != nil {
		return billing.Member{}, err
	}
	return member(w)
}

// MemberPortalURL implements billing.Teams.
func (p *Provider) MemberPortalURL(ctx context.Context, providerCustomerID, providerMemberID, returnURL string) (string, error) {
	return p.portal(ctx, components.CustomerSessionCustomerIDCreate{
		CustomerID: providerCustomerID, MemberID: optional(providerMemberID), ReturnURL: optional(returnURL),
	})
}
