package polar

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/billing"
)

// Fetch implements billing.Provider. Polar has no way to read one benefit grant. A
// refund is read by a list of one; its absence from there is no proof that it is gone.
func (p *Provider) Fetch(ctx context.Context, ref billing.Ref) (billing.Object, error) {
	if err := safeID(ref.ProviderID); err != nil {
		return nil, fmt.Errorf("fetch %s: %w", ref.Kind, err)
	}
	if ref.Kind == billing.KindRefund {
		return p.fetchRefund(ctx, ref.ProviderID)
	}
	get, ok := map[billing.Kind]func(context.Context) error{
		billing.KindProduct:      func(ctx context.Context) error { _, err := p.api.Products.Get(ctx, ref.ProviderID); return err },
		billing.KindMeter:        func(ctx context.Context) error { _, err := p.api.Meters.Get(ctx, ref.ProviderID); return err },
		billing.KindCustomer:     func(ctx context.Context) error { _, err := p.api.Customers.Get(ctx, ref.ProviderID); return err },
		billing.KindCheckout:     func(ctx context.Context) error { _, err := p.api.Checkouts.Get(ctx, ref.ProviderID); return err },
		billing.KindOrder:        func(ctx context.Context) error { _, err := p.api.Orders.Get(ctx, ref.ProviderID); return err },
		billing.KindSubscription: func(ctx context.Context) error { _, err := p.api.Subscriptions.Get(ctx, ref.ProviderID); return err },
		billing.KindBenefit:      func(ctx context.Context) error { _, err := p.api.Benefits.Get(ctx, ref.ProviderID); return err },
		billing.KindOrganization: func(ctx context.Context) error { _, err := p.api.Organizations.Get(ctx, ref.ProviderID); return err },
		billing.KindBalance:      func(ctx context.Context) error { _, err := p.api.CustomerMeters.Get(ctx, ref.ProviderID); return err },
	}[ref.Kind]
	if !ok {
		return nil, fmt.Errorf("fetch %s: Polar has no such read: %w", ref.Kind, billing.ErrInvalid)
	}
	object, err := p.one(ctx, repeatable, ref.Kind, get)
	if err != nil {
		return nil, fmt.Errorf("fetch %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	return object, nil
}

// one runs an operation that answers with one object.
func (p *Provider) one(ctx context.Context, m mode, kind billing.Kind, operation func(context.Context) error) (billing.Object, error) {
	var raw json.RawMessage
	if err := p.call(ctx, m, &raw, operation); err != nil {
		return nil, err
	}
	object, err := p.object(kind, raw)
	switch {
	case err == nil:
		return object, nil
	case m == once:
		// It did happen; only what came of it must be looked up.
		return nil, fmt.Errorf("%w, %w: %w", billing.ErrProvider, billing.ErrUnknown, err)
	default:
		return nil, fmt.Errorf("%w: %w", billing.ErrProvider, err)
	}
}

// objects reads all pages of a list.
func (p *Provider) objects(ctx context.Context, kind billing.Kind, list lister) ([]billing.Object, error) {
	var all []billing.Object
	err := p.pages(ctx, list, func(raw json.RawMessage) error {
		all = append(all, p.understood(ctx, kind, raw)...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", kind, err)
	}
	return all, nil
}

// understood reads items of a list. What cannot be understood is logged and left out:
// absence from a list is never a deletion, and one strange object must not keep the
// others from being seen.
func (p *Provider) understood(ctx context.Context, kind billing.Kind, items ...json.RawMessage) []billing.Object {
	objects := make([]billing.Object, 0, len(items))
	for _, raw := range items {
		object, err := p.object(kind, raw)
		if err != nil {
			p.log.ErrorContext(ctx, "left out of a list", "kind", string(kind), "err", err)
			continue
		}
		objects = append(objects, object)
	}
	return objects
}

// Catalog implements billing.Provider. Archived products and meters are in it, since
// old subscriptions and credits still name them.
func (p *Provider) Catalog(ctx context.Context) ([]billing.Object, error) {
	products, err := p.objects(ctx, billing.KindProduct, func(ctx context.Context, page, limit *int64) error {
		_, err := p.api.Products.List(ctx, operations.ProductsListRequest{Page: page, Limit: limit})
		return err
	})
	if err != nil {
		return nil, err
	}
	meters, err := p.objects(ctx, billing.KindMeter, func(ctx context.Context, page, limit *int64) error {
		_, err := p.api.Meters.List(ctx, operations.MetersListRequest{Page: page, Limit: limit})
		return err
	})
	if err != nil {
		return nil, err
	}
	return append(products, meters...), nil
}

// CustomerObjects implements billing.Provider.
func (p *Provider) CustomerObjects(ctx context.Context, providerCustomerID string) ([]billing.Object, error) {
	if providerCustomerID == "" {
		// Without the filter Polar would list the objects of all customers.
		return nil, fmt.Errorf("objects of a customer: empty id: %w", billing.ErrInvalid)
	}
	lists := []struct {
		kind billing.Kind
		list lister
	}{
		{billing.KindSubscription, func(ctx context.Context, page, limit *int64) error {
			of := operations.CreateCustomerIDFilterStr(providerCustomerID)
			_, err := p.api.Subscriptions.List(ctx, operations.SubscriptionsListRequest{CustomerID: &of, Page: page, Limit: limit})
			return err
		}},
		{billing.KindOrder, func(ctx context.Context, page, limit *int64) error {
			of := operations.CreateOrdersListQueryParamCustomerIDFilterStr(providerCustomerID)
			_, err := p.api.Orders.List(ctx, operations.OrdersListRequest{CustomerID: &of, Page: page, Limit: limit})
			return err
		}},
		{billing.KindGrant, func(ctx context.Context, page, limit *int64) error {
			of := operations.CreateBenefitGrantsListQueryParamCustomerIDFilterStr(providerCustomerID)
			_, err := p.api.BenefitGrants.List(ctx, operations.BenefitGrantsListRequest{CustomerID: &of, Page: page, Limit: limit})
			return err
		}},
		{billing.KindBalance, func(ctx context.Context, page, limit *int64) error {
			of := operations.CreateCustomerMetersListQueryParamCustomerIDFilterStr(providerCustomerID)
			_, err := p.api.CustomerMeters.List(ctx, operations.CustomerMetersListRequest{CustomerID: &of, Page: page, Limit: limit})
			return err
		}},
	}
	var all []billing.Object
	for _, l := range lists {
		objects, err := p.objects(ctx, l.kind, l.list)
		if err != nil {
			return nil, fmt.Errorf("objects of customer %s: %w", providerCustomerID, err)
		}
		all = append(all, objects...)
	}
	seats, err := p.seatsOf(ctx, all)
	if err != nil {
		return nil, fmt.Errorf("objects of customer %s: %w", providerCustomerID, err)
	}
	return append(all, seats...), nil
}
