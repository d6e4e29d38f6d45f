package hooks

import "log/slog"

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
