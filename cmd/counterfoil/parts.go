package main

import (
	"fmt"
	"log/slog"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"counterfoil/billing/polar"
	"counterfoil/handlers/betterauth"
	"counterfoil/worker"
)

// checkParts makes each part that reads settings of its own, and drops it: what it refuses
// is said before a database is opened, made, or brought to a newer schema.
func (c config) checkParts() error {
	if !c.demo() {
		if _, err := newProvider(c, slog.New(slog.DiscardHandler)); err != nil {
			return err
		}
		if u, err := url.Parse(c.PolarServer); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
			return fmt.Errorf("POLAR_SERVER is %q: beyond this machine it needs https, or the access token would be readable on the way", c.PolarServer)
		}
	}
	if _, err := c.slugs(); err != nil {
		return err
	}
	for name, address := range map[string]string{"COUNTERFOIL_MAIL_FROM": c.MailFrom, "COUNTERFOIL_SUPPORT_EMAIL": c.Support} {
		if _, err := mail.ParseAddress(address); err != nil && address != "" {
			return fmt.Errorf("%s is %q: give an e-mail address, such as billing@example.com", name, address)
		}
	}
	if _, err := worker.NewMailer(c.SMTPURL, c.MailFrom); err != nil {
		return fmt.Errorf("SMTP_URL: %w", err)
	}
	if _, err := betterauth.New(betterauth.Config{BaseURL: c.BaseURL, TrustedOrigins: c.TrustedOrigins}); err != nil {
		return fmt.Errorf("COUNTERFOIL_TRUSTED_ORIGINS: %w", err)
	}
	_, err := c.hookURL()
	return err
}

// newProvider makes the configured billing provider; it calls nobody.
func newProvider(c config, log *slog.Logger) (*polar.Provider, error) {
	slugs, err := c.slugs()
	if err != nil {
		return nil, err
	}
	return polar.New(polar.Config{
		Token: c.PolarToken, WebhookSecrets: c.PolarSecrets, Server: strings.TrimRight(c.PolarServer, "/"), ProductSlugs: slugs,
		RequestsPerMinute: c.PolarPace, Log: log,
	})
}

// hookURL makes the hook of COUNTERFOIL_HOOK_URL; it is none when that is not set.
func (c config) hookURL() (list []worker.Hook, err error) {
	if c.HookURL == "" {
		return nil, nil
	}
	hook, err := worker.WebhookHook(c.HookURL, c.HookSecrets, time.Now)
	if err != nil {
		return nil, fmt.Errorf("COUNTERFOIL_HOOK_URL, COUNTERFOIL_HOOK_SECRET: %w", err)
	}
	if len(c.HookTypes) > 0 {
		hook.Wants = func(factType string) bool { return slices.Contains(c.HookTypes, factType) }
	}
	return append(list, hook), nil
}
