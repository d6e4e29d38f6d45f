package polar

import (
	"context"

	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/billing"
)

// need is one scope that the access token must have, what for, and a call that tells
// whether it does.
type need struct {
	scope, purpose string
	probe          func(context.Context) error
}

// nobody is the id of nothing: a write to it is refused, after its scope was checked.
const nobody = "00000000-0000-0000-0000-000000000000"

// needs are the scopes of every call that this package makes, as polar-go v0.15.0
// documents them. A scope for writing includes the one for reading at Polar.
func (p *Provider) needs() []need {
	needs := []need{
		{"webhooks:read", "noticing that Polar has switched the webhooks off", func(ctx context.Context) error {
			return p.probe(ctx, p.endpoints)
		}},
		{"events:read", "reading credits and usage", func(ctx context.Context) error {
			return p.probe(ctx, func(ctx context.Context, page, limit *int64) error {
				source := operations.CreateSourceFilterEventSource(components.EventSourceUser)
				_, err := p.api.Events.List(ctx, operations.EventsListRequest{Source: &source, Page: page, Limit: limit})
				return err
			})
		}},
	}
	for _, list := range []struct {
		kind           billing.Kind
		scope, purpose string
	}{
		{billing.KindOrganization, "organizations:read", "reading the organization"},
		{billing.KindMeter, "meters:read", "reading meters"},
		{billing.KindBenefit, "benefits:read", "reading benefits and what customers were granted"},
		{billing.KindProduct, "products:read", "reading products"},
		{billing.KindCustomer, "customers:read", "reading customers"},
		{billing.KindCheckout, "checkouts:read", "reading checkouts"},
		{billing.KindSubscription, "subscriptions:read", "reading subscriptions"},
		{billing.KindOrder, "orders:read", "reading orders"},
		{billing.KindRefund, "refunds:read", "reading refunds"},
		{billing.KindBalance, "customer_meters:read", "reading balances"},
	} {
		needs = append(needs, need{list.scope, list.purpose, func(ctx context.Context) error {
			return p.probe(ctx, p.lister(list.kind))
		}})
	}
	needs = append(needs, need{"customer_seats:read", "reading seats", func(ctx context.Context) error {
		of := nobody
		return p.call(ctx, repeatable, nil, func(ctx context.Context) error { _, err := p.api.CustomerSeats.ListSeats(ctx, &of, nil); return err })
	}})
	return append(needs, p.writeNeeds()...)
}

// writeNeeds probe with writes of nothing: to nobody, of an empty list, without what
// is required.
func (p *Provider) writeNeeds() []need {
	write := func(scope, purpose string, operation func(context.Context) error) need {
		return need{scope, purpose, func(ctx context.Context) error { return p.call(ctx, once, nil, operation) }}
	}
	return []need{
		write("customers:write", "signing up", func(ctx context.Context) error {
			_, err := p.api.Customers.Create(ctx, components.CustomerCreate{})
			return err
		}),
		write("checkouts:write", "buying", func(ctx context.Context) error {
			_, err := p.api.Checkouts.Create(ctx, components.CheckoutCreate{Products: []string{}})
			return err
		}),
		write("subscriptions:write", "canceling", func(ctx context.Context) error {
			change := components.CreateSubscriptionUpdateSubscriptionCancel(components.SubscriptionCancel{})
			_, err := p.api.Subscriptions.Update(ctx, nobody, change)
			return err
		}),
		write("customer_sessions:write", "the link to Polar's own portal", func(ctx context.Context) error {
			_, err := p.api.CustomerSessions.Create(ctx, operations.CreateCustomerSessionsCreateCustomerSessionCreateCustomerSessionCustomerIDCreate(
				components.CustomerSessionCustomerIDCreate{CustomerID: nobody}))
			return err
		}),
		write("members:write", "letting the people of an organisation into Polar's portal", func(ctx context.Context) error {
			_, err := p.api.Members.CreateMember(ctx, components.MemberCreate{CustomerID: nobody})
			return err
		}),
		write("customer_seats:write", "assigning seats", func(ctx context.Context) error {
			_, err := p.api.CustomerSeats.RevokeSeat(ctx, nobody)
			return err
		}),
		write("events:write", "sending usage", func(ctx context.Context) error {
			_, err := p.api.Events.Ingest(ctx, components.EventsIngest{Events: []components.Events{}})
			return err
		}),
		write("refunds:write", "giving money back", func(ctx context.Context) error {
			_, err := p.api.Refunds.Create(ctx, components.RefundCreate{
				OrderID: nobody, Amount: 1, Reason: components.RefundReasonOther,
			})
			return err
		}),
	}
}

// probe asks for one element of a list.
func (p *Provider) probe(ctx context.Context, list lister) error {
	page, limit := int64(1), int64(1)
	return p.call(ctx, repeatable, nil, func(ctx context.Context) error { return list(ctx, &page, &limit) })
}
