package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"counterfoil/twin/server"
)

// startTwin starts the offline twin beside the portal: seeded, on its own port, with
// its own database in the data folder, and its webhooks pointed at the portal.
func startTwin(ctx context.Context, c config, log *slog.Logger, webhookURL string) (*server.Server, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", err)
	}
	twin, err := server.Start(ctx, server.Config{
		Addr: c.TwinAddr, Path: filepath.Join(c.Data, "twin.db"), WebhookURL: webhookURL,
		Seed: true, Log: log.With("part", "twin"), Now: time.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("start the offline twin on %s (COUNTERFOIL_TWIN_ADDR): %w", c.TwinAddr, err)
	}
	return twin, nil
}

// runTwin runs the twin alone, for anyone who integrates the provider.
func runTwin(ctx context.Context, c config, log *slog.Logger) error {
	twin, err := startTwin(ctx, c, log, c.TwinWebhook)
	if err != nil {
		return err
	}
	webhooks := c.TwinWebhook
	if webhooks == "" {
		webhooks = "nowhere; set COUNTERFOIL_TWIN_WEBHOOK_URL, or make an endpoint by the API"
	}
	fmt.Printf(`The twin of Polar is ready: %s
  API token       %s
  webhooks        %s
  webhook secret  %s
  mail            %s
  OpenID issuer   %s (client %s, secret %s)
  workbench       %s/_twin/
`, twin.BaseURL, server.OrganizationToken, webhooks, server.WebhookSecret, twin.SMTPURL,
		twin.Issuer, server.ClientID, server.ClientSecret, twin.BaseURL)
	<-ctx.Done()
	return twin.Close()
}

// isTwinSecret reports whether one of the secrets is the twin's, which is public.
func isTwinSecret(secrets []string) bool {
	for _, s := range secrets {
		if s == server.OrganizationToken || s == server.WebhookSecret {
			return true
		}
	}
	return false
}
