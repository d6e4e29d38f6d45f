package hooks

import (
	"context"
	"log/slog"
)

// Yours are the functions of this installation. Edit them: each is called at least once
// for each fact, always with the same Key (see the package). For example:
//
//	return Hooks{
//		OnOrderPaid: func(ctx context.Context, e Event[billing.Order]) error {
//			return licences.Deliver(ctx, e.Key, e.CustomerID, e.Object.ProviderProductID)
//		},
//	}
//
// Whoever would rather not write Go sets COUNTERFOIL_HOOK_URL instead, and is told the
// same facts by a signed webhook.
func Yours(_ *slog.Logger) Hooks {
	return Hooks{}
}

// CustomerMetadata is what a new customer carries at the provider, besides what
// COUNTERFOIL_CUSTOMER_METADATA says; it is asked when the customer is made there, at each
// try anew. An error puts the making off.
func CustomerMetadata(_ context.Context, customerID, email, name string) (map[string]string, error) {
	return nil, nil
}

// Products are sold over the Better Auth API besides those that have a slug of their own:
// slugs and the ids of products at the provider. It is asked at each checkout.
func Products(_ context.Context) (map[string]string, error) {
	return nil, nil
}
