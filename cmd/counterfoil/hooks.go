package main

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/hooks"
	"counterfoil/worker"
)

// tellHooks makes the hooks of this installation, the functions of package hooks and the
// URL of the configuration, and has the store keep facts for them.
func tellHooks(ctx context.Context, c config, store *db.Store, log *slog.Logger) ([]worker.Hook, error) {
	var list []worker.Hook
	if table := hooks.Yours(log).Table(); table.Any() {
		list = append(list, worker.GoHook(table.Wants, table.Call))
	}
	told, err := c.hookURL()
	if err != nil {
		return nil, err
	}
	list = append(list, told...)
	var targets []db.HookTarget
	for _, hook := range list {
		targets = append(targets, db.HookTarget{Name: hook.Name, Wants: hook.Wants})
	}
	low := billing.Credits(c.CreditsLow) * billing.CreditScale
	return list, store.CallHooks(ctx, time.Now(), low, targets...)
}

// metadataOfCustomers joins what the configuration and the functions of package hooks say
// of a new customer; the functions have the last word.
func metadataOfCustomers(c config) func(context.Context, db.Customer) (map[string]string, error) {
	return func(ctx context.Context, customer db.Customer) (map[string]string, error) {
		metadata, err := c.customerMetadata()
		if err != nil {
			return nil, err
		}
		more, err := hooks.CustomerMetadata(ctx, customer.ID, customer.Email, customer.Name)
		maps.Copy(metadata, more)
		return metadata, err
	}
}
