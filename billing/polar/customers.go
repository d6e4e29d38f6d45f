package polar

import (
	"context"
	"fmt"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/billing"
)

// Customer implements billing.Provider.
func (p *Provider) Customer(ctx context.Context, customerID string) (billing.Customer, error) {
	if err := safeID(customerID); err != nil {
		return billing.Customer{}, fmt.Errorf("customer by external id: %w", err)
	}
	c, err := oneCustomer(p.one(ctx, repeatable, billing.KindCustomer, func(ctx context.Context) error {
		_, err := p.api.Customers.GetExternal(ctx, customerID)
		return err
	}))
	if err != nil {
		return c, fmt.Errorf("customer with external id %s: %w", customerID, err)
	}
	return c, nil
}

// CustomerByEmail implements billing.Provider.
func (p *Provider) CustomerByEmail(ctx context.Context, email string) (billing.Customer, error) {
	if email == "" {
		return billing.Customer{}, fmt.Errorf("customer by address: empty: %w", billing.ErrInvalid)
	}
	found, err := p.objects(ctx, billing.KindCustomer, func(ctx context.Context, page, limit *int64) error {
		_, err := p.api.Customers.List(ctx, operations.CustomersListRequest{Email: polargo.String(email), Page: page, Limit: limit})
		return err
	})
	if err != nil {
		return billing.Customer{}, fmt.Errorf("customer by address: %w", err)
	}
	for _, object := range found {
		// Compared here too: a server that ignored the filter would hand over a stranger.
		if c, ok := object.(billing.Customer); ok && c.Email == lower(email) && !c.Deleted {
			return c, nil
		}
	}
	return billing.Customer{}, fmt.Errorf("customer by address: %w", billing.ErrNotFound)
}

// oneCustomer gives the answer of one its type.
func oneCustomer(object billing.Object, err error) (billing.Customer, error) {
	if err != nil {
		return billing.Customer{}, err
	}
	return object.(billing.Customer), nil
}

// CreateCustomer implements billing.Provider.
func (p *Provider) CreateCustomer(ctx context.Context, c billing.NewCustomer) (billing.Customer, error) {
	if err := safeID(c.CustomerID); err != nil {
		return billing.Customer{}, fmt.Errorf("create customer: external %w", err)
	}
	request := components.CustomerCreate{Email: c.Email, ExternalID: &c.CustomerID, Name: optional(c.Name)}
	if c.Team {
		request.Type = components.CustomerTypeTeam.ToPointer()
	}
	for key, value := range c.Metadata {
		if request.Metadata == nil {
			request.Metadata = make(map[string]components.CustomerCreateMetadata, len(c.Metadata))
		}
		request.Metadata[key] = components.CreateCustomerCreateMetadataStr(value)
	}
	made, err := oneCustomer(p.one(ctx, once, billing.KindCustomer, func(ctx context.Context) error {
		_, err := p.api.Customers.Create(ctx, request)
		return err
	}))
	if err != nil {
		return made, fmt.Errorf("create customer %s: %w", c.CustomerID, err)
	}
	return made, nil
}

// UpdateCustomer implements billing.Provider.
func (p *Provider) UpdateCustomer(ctx context.Context, providerCustomerID, email string) (billing.Customer, error) {
	if err := safeID(providerCustomerID); err != nil {
		return billing.Customer{}, fmt.Errorf("update customer: %w", err)
	}
	updated, err := oneCustomer(p.one(ctx, repeatable, billing.KindCustomer, func(ctx context.Context) error {
		_, err := p.api.Customers.Update(ctx, providerCustomerID, components.CustomerUpdate{Email: &email})
		return err
	}))
	if err != nil {
		return updated, fmt.Errorf("update customer %s: %w", providerCustomerID, err)
	}
	return updated, nil
}

// DeleteCustomer implements billing.Provider. Polar ends his subscriptions at once, takes
// his benefits back and puts hashes in the place of his address and names; orders and the
// tax id stay (polarsource/polar, customer/service.py, delete with anonymize).
func (p *Provider) DeleteCustomer(ctx context.Context, providerCustomerID string) error {
	if err := safeID(providerCustomerID); err != nil {
		return fmt.Errorf("delete customer: %w", err)
	}
	anonymize := true
	err := p.call(ctx, repeatable, nil, func(ctx context.Context) error {
		_, err := p.api.Customers.Delete(ctx, providerCustomerID, &anonymize)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete customer %s: %w", providerCustomerID, err)
	}
	return nil
}

// LinkCustomer implements billing.Provider. A customer that has our id already is
// answered as it is, so linking may be repeated.
func (p *Provider) LinkCustomer(ctx context.Context, providerCustomerID, customerID string) (billing.Customer, error) {
	if err := safeID(customerID); err != nil {
		return billing.Customer{}, fmt.Errorf("link customer: external %w", err)
	}
	now, err := oneCustomer(p.Fetch(ctx, billing.Ref{Provider: Name, Kind: billing.KindCustomer, ProviderID: providerCustomerID}))
	switch {
	case err != nil:
		return now, fmt.Errorf("link customer: %w", err)
	case now.ExternalID == customerID && !now.Deleted:
		return now, nil
	case now.ExternalID != "" || now.Deleted:
		return now, fmt.Errorf("link customer %s: it has another external id: %w", providerCustomerID, billing.ErrConflict)
	}
	linked, err := oneCustomer(p.one(ctx, once, billing.KindCustomer, func(ctx context.Context) error {
		_, err := p.api.Customers.Update(ctx, providerCustomerID, components.CustomerUpdate{ExternalID: &customerID})
		return err
	}))
	if err != nil {
		return linked, fmt.Errorf("link customer %s: %w", providerCustomerID, err)
	}
	return linked, nil
}
