package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
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
	if c.HookURL != "" {
		hook, err := worker.WebhookHook(c.HookURL, c.HookSecrets, time.Now)
		if err != nil {
			return nil, fmt.Errorf("COUNTERFOIL_HOOK_URL, COUNTERFOIL_HOOK_SECRET: %w", err)
		}
		if len(c.HookTypes) > 0 {
			hook.Wants = func(factType string) bool { return slices.Contains(c.HookTypes, factType) }
		}
		list = append(list, hook)
	}
	var targets []db.HookTarget
	for _, hook := range list {
		targets = append(targets, db.HookTarget{Name: hook.Name, Wants: hook.Wants})
	}
	low := billing.Credits(c.CreditsLow) * billing.CreditScale
	return list, store.CallHooks(ctx, time.Now(), low, targets...)
}
