package polar

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/billing"
)

// Lists implements billing.Provider. Of checkouts there are many more than of anything
// else: every visit to a hosted page makes one.
func (p *Provider) Lists() []billing.Kind {
	return []billing.Kind{
		billing.KindOrganization, billing.KindMeter, billing.KindBenefit, billing.KindProduct,
		billing.KindCustomer, billing.KindCheckout, billing.KindSubscription, billing.KindOrder,
		billing.KindRefund, billing.KindGrant, billing.KindBalance,
	}
}

// List implements billing.Provider.
func (p *Provider) List(ctx context.Context, kind billing.Kind, page int) (billing.Page, error) {
	list := p.lister(kind)
	if list == nil || page < 1 {
		return billing.Page{}, fmt.Errorf("page %d of list %s: %w", page, kind, billing.ErrInvalid)
	}
	answer, err := p.page(ctx, list, int64(page))
	if err != nil {
		return billing.Page{}, fmt.Errorf("list %s: %w", kind, err)
	}
	return billing.Page{
		Objects: p.understood(ctx, kind, answer.Items...), Number: page,
		Pages: int(*answer.Pagination.MaxPage), Total: int(*answer.Pagination.TotalCount),
	}, nil
}

// lister asks for everything of a kind, oldest first; nil for a kind that has no list.
// The keys that a list can be sorted by are those of polar-go v0.15.0. Subscriptions
// cannot be sorted by their creation, only by their start; those that never started
// come last, and can change places when one of them does.
func (p *Provider) lister(kind billing.Kind) lister {
	return map[billing.Kind]lister{
		billing.KindOrganization: func(ctx context.Context, page, limit *int64) error {
			_, err := p.api.Organizations.List(ctx, nil, page, limit, oldest(components.OrganizationSortPropertyCreatedAt))
			return err
		},
		billing.KindMeter: func(ctx context.Context, page, limit *int64) error {
			sorting := oldest(components.MeterSortPropertyCreatedAt)
			_, err := p.api.Meters.List(ctx, operations.MetersListRequest{Page: page, Limit: limit, Sorting: sorting})
			return err
		},
		billing.KindBenefit: func(ctx context.Context, page, limit *int64) error {
			sorting := oldest(components.BenefitSortPropertyCreatedAt)
			_, err := p.api.Benefits.List(ctx, operations.BenefitsListRequest{Page: page, Limit: limit, Sorting: sorting})
			return err
		},
		billing.KindProduct: func(ctx context.Context, page, limit *int64) error {
			sorting := oldest(components.ProductSortPropertyCreatedAt)
			_, err := p.api.Products.List(ctx, operations.ProductsListRequest{Page: page, Limit: limit, Sorting: sorting})
			return err
		},
		billing.KindCustomer: func(ctx context.Context, page, limit *int64) error {
			sorting := oldest(components.CustomerSortPropertyCreatedAt)
			_, err := p.api.Customers.List(ctx, operations.CustomersListRequest{Page: page, Limit: limit, Sorting: sorting})
			return err
		},
		billing.KindCheckout: func(ctx context.Context, page, limit *int64) error {
			sorting := oldest(components.CheckoutSortPropertyCreatedAt)
			_, err := p.api.Checkouts.List(ctx, operations.CheckoutsListRequest{Page: page, Limit: limit, Sorting: sorting})
			return err
		},
		billing.KindSubscription: func(ctx context.Context, page, limit *int64) error {
			sorting := oldest(components.SubscriptionSortPropertyStartedAt)
			_, err := p.api.Subscriptions.List(ctx, operations.SubscriptionsListRequest{Page: page, Limit: limit, Sorting: sorting})
			return err
		},
		billing.KindOrder: func(ctx context.Context, page, limit *int64) error {
			sorting := oldest(components.OrderSortPropertyCreatedAt)
			_, err := p.api.Orders.List(ctx, operations.OrdersListRequest{Page: page, Limit: limit, Sorting: sorting})
			return err
		},
		billing.KindRefund: func(ctx context.Context, page, limit *int64) error {
			sorting := oldest(components.RefundSortPropertyCreatedAt)
			_, err := p.api.Refunds.List(ctx, operations.RefundsListRequest{Page: page, Limit: limit, Sorting: sorting})
			return err
		},
		billing.KindGrant: func(ctx context.Context, page, limit *int64) error {
			sorting := oldest(components.BenefitGrantSortPropertyCreatedAt)
			_, err := p.api.BenefitGrants.List(ctx, operations.BenefitGrantsListRequest{Page: page, Limit: limit, Sorting: sorting})
			return err
		},
		billing.KindBalance: func(ctx context.Context, page, limit *int64) error {
			sorting := oldest(components.CustomerMeterSortPropertyCreatedAt)
			_, err := p.api.CustomerMeters.List(ctx, operations.CustomerMetersListRequest{Page: page, Limit: limit, Sorting: sorting})
			return err
		},
	}[kind]
}

// oldest sorts by one key.
func oldest[Key any](key Key) []Key { return []Key{key} }

// Endpoints implements billing.Provider.
func (p *Provider) Endpoints(ctx context.Context) ([]billing.Endpoint, error) {
	var all []billing.Endpoint
	err := p.pages(ctx, p.endpoints, func(raw json.RawMessage) error {
		var w wireEndpoint
		if err := decode(raw, &w); err != nil {
			return fmt.Errorf("%w: read endpoint: %w", billing.ErrProvider, err)
		}
		if w.ID == "" || w.URL == "" || w.Enabled == nil {
			return fmt.Errorf("%w: an endpoint without id, URL or enabled", billing.ErrProvider)
		}
		all = append(all, billing.Endpoint{ProviderID: w.ID, URL: w.URL, Enabled: *w.Enabled, Types: w.Events})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("webhook endpoints: %w", err)
	}
	return all, nil
}

func (p *Provider) endpoints(ctx context.Context, page, limit *int64) error {
	_, err := p.api.Webhooks.ListWebhookEndpoints(ctx, nil, page, limit)
	return err
}
