package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"counterfoil/twin/server"
)

// startTwin starts the offline twin beside the portal: seeded, on its own port, with
// its own database in the data folder, and its webhooks pointed at the portal.
func startTwin(ctx context.Context, c config, log *slog.Logger, webhookURL string) (*server.Server, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("create the data folder: %w: make the folder %s, or name another one (COUNTERFOIL_DATA)", err, c.Data)
	}
	twin, err := server.Start(ctx, server.Config{
		Addr: c.TwinAddr, Path: filepath.Join(c.Data, "twin.db"), WebhookURL: webhookURL,
		Seed: true, Log: log.With("part", "twin"), Now: time.Now,
	})
	var listening *net.OpError
	if errors.As(err, &listening) {
		return nil, addressFault("COUNTERFOIL_TWIN_ADDR", listening)
	}
	return twin, err
}

// runTwin runs the twin alone, for anyone who integrates the provider.
func runTwin(ctx context.Context, c config, log *slog.Logger, out io.Writer) error {
	twin, err := startTwin(ctx, c, log, c.TwinWebhook)
	if err != nil {
		return err
	}
	if host, err := hostOf("COUNTERFOIL_TWIN_ADDR", c.TwinAddr); err == nil && !loopback(host) {
		log.Warn("COUNTERFOIL_TWIN_ADDR can be reached from other machines: whoever reaches it has every right there, and reads all mail")
	}
	webhooks := c.TwinWebhook
	if webhooks == "" {
		webhooks = "nowhere; set COUNTERFOIL_TWIN_WEBHOOK_URL, or make an endpoint by the API"
	}
	fmt.Fprintf(out, `The twin of Polar is ready: %s
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
