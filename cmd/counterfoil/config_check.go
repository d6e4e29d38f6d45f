package main

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"golang.org/x/text/unicode/norm"

	"counterfoil/hooks"
)

// check holds the rules between settings, those of the public address first.
func (c *config) check() error {
	if err := c.checkAddresses(); err != nil {
		return err
	}
	if c.demo() && len(c.PolarSecrets) > 0 {
		return errors.New("POLAR_WEBHOOK_SECRET is set and POLAR_ACCESS_TOKEN is not: set both for Polar, or none for the demo")
	}
	if !c.demo() && len(c.PolarSecrets) == 0 {
		return errors.New("POLAR_WEBHOOK_SECRET is not set: without it no webhook can be trusted")
	}
	if err := c.checkWays(); err != nil {
		return err
	}
	if c.CrossSite && (!c.https() || len(c.TrustedOrigins) == 0) {
		return errors.New("COUNTERFOIL_CROSS_SITE_COOKIES is set: it needs an https COUNTERFOIL_BASE_URL, and COUNTERFOIL_TRUSTED_ORIGINS to say whose pages may call")
	}
	for _, secret := range c.SecretKeys {
		if n := len(secret); n < minSecret {
			return fmt.Errorf("COUNTERFOIL_SECRET_KEY has %d characters: give %d or more, such as the output of openssl rand -base64 32", n, minSecret)
		}
	}
	for _, network := range c.Proxies {
		if network.Bits() == 0 {
			return fmt.Errorf("COUNTERFOIL_TRUSTED_PROXIES has %s, which is everybody: anyone could then claim any address", network)
		}
	}
	if err := c.checkFigures(); err != nil {
		return err
	}
	for i, address := range c.Operators {
		parsed, err := mail.ParseAddress(address)
		if err != nil || parsed.Name != "" {
			return fmt.Errorf("COUNTERFOIL_OPERATORS has %q: give e-mail addresses, separated by commas", address)
		}
		c.Operators[i] = norm.NFC.String(strings.ToLower(parsed.Address)) // as auth keeps it
	}
	if c.HookURL == "" && len(c.HookSecrets)+len(c.HookTypes) > 0 {
		return errors.New("COUNTERFOIL_HOOK_SECRET or COUNTERFOIL_HOOK_TYPES is set and COUNTERFOIL_HOOK_URL is not: nobody would be told")
	}
	if err := c.checkTargets(); err != nil {
		return err
	}
	if _, err := c.customerMetadata(); err != nil {
		return err
	}
	if scheme, _, _ := strings.Cut(c.DatabaseURL, ":"); !slices.Contains([]string{"file", "postgres", "postgresql"}, scheme) {
		return errors.New("DATABASE_URL is neither file:PATH nor postgres://user:password@host:port/name")
	}
	if err := c.checkLog(); err != nil {
		return err
	}
	return c.checkParts()
}

// checkFigures holds the least and the most of numbers and times.
func (c config) checkFigures() error {
	if c.PolarPace != 0 && (c.PolarPace < 10 || c.PolarPace > 100_000) {
		return fmt.Errorf("POLAR_REQUESTS_PER_MINUTE is %d: give the part of Polar's limit that this process may use, from 10 on", c.PolarPace)
	}
	if c.TaxYears < 1 || c.TaxYears > 30 {
		return fmt.Errorf("COUNTERFOIL_TAX_YEARS is %d: give whole years, 1 to 30", c.TaxYears)
	}
	if c.CreditsLow < 0 || c.CreditsLow > 1e12 {
		return fmt.Errorf("COUNTERFOIL_CREDITS_LOW is %d: give whole credits, 0 or more", c.CreditsLow)
	}
	if c.ReconcileEvery < time.Minute {
		return fmt.Errorf("COUNTERFOIL_RECONCILE_EVERY is %s: one minute is the least", c.ReconcileEvery)
	}
	return nil
}

// checkTargets looks at where checkouts lead.
func (c config) checkTargets() error {
	for name, target := range map[string]string{"COUNTERFOIL_CHECKOUT_SUCCESS_URL": c.SuccessURL, "COUNTERFOIL_CHECKOUT_RETURN_URL": c.ReturnURL} {
		u, err := url.Parse(strings.ReplaceAll(target, "{CHECKOUT_ID}", "x"))
		if err != nil || target != "" && !strings.HasPrefix(target, "/") && (u.Host == "" || u.Scheme != "https" && !loopback(u.Hostname())) || strings.HasPrefix(target, "//") {
			return fmt.Errorf("%s is %q: give a path here, or an https address", name, target)
		}
	}
	if !slices.Contains([]string{"", "light", "dark"}, c.CheckoutTheme) {
		return fmt.Errorf("COUNTERFOIL_CHECKOUT_THEME is %q: light or dark", c.CheckoutTheme)
	}
	return nil
}

func (c config) checkLog() error {
	if c.LogFormat != "text" && c.LogFormat != "json" {
		return fmt.Errorf("COUNTERFOIL_LOG is %q: text or json", c.LogFormat)
	}
	return nil
}

// doubts are settings that work, but hardly as they were meant.
func (c config) doubts() []string {
	var doubts []string
	if c.https() && len(c.Proxies) == 0 {
		doubts = append(doubts, "COUNTERFOIL_TRUSTED_PROXIES is not set: https ends at a proxy, and all visitors behind it share one visitor's limit of sign-ins")
	}
	if base, err := url.Parse(c.BaseURL); err == nil && net.ParseIP(base.Hostname()) != nil {
		doubts = append(doubts, "COUNTERFOIL_BASE_URL has an IP address: browsers bind passkeys to host names, so passkeys are off")
	}
	for _, name := range c.HookTypes {
		if !slices.Contains(hooks.Types(), name) {
			doubts = append(doubts, fmt.Sprintf("COUNTERFOIL_HOOK_TYPES has %q, which docs/hooks.md does not list: the URL is told of it only if the provider sends such a thing", name))
		}
	}
	return doubts
}

// slugs reads COUNTERFOIL_PRODUCTS into product id -> slug.
func (c config) slugs() (map[string]string, error) {
	slugs, ids := make(map[string]string, len(c.Products)), map[string]string{}
	for _, pair := range c.Products {
		slug, id, _ := strings.Cut(pair, "=")
		slug, id = strings.TrimSpace(slug), strings.TrimSpace(id)
		if slug == "" || id == "" {
			return nil, fmt.Errorf("COUNTERFOIL_PRODUCTS has %q: give slug=product id, separated by commas", pair)
		}
		if slugs[id] != "" || ids[slug] != "" {
			return nil, fmt.Errorf("COUNTERFOIL_PRODUCTS has %q, and its slug or its product before: each may be there once", pair)
		}
		slugs[id], ids[slug] = slug, id
	}
	return slugs, nil
}

// customerMetadata reads COUNTERFOIL_CUSTOMER_METADATA.
func (c config) customerMetadata() (map[string]string, error) {
	metadata := make(map[string]string, len(c.CustomerMeta))
	for _, pair := range c.CustomerMeta {
		key, value, ok := strings.Cut(pair, "=")
		key = strings.TrimSpace(key)
		if !ok || key == "" || len(key) > 40 || len(value) > 500 || len(c.CustomerMeta) > 50 {
			return nil, fmt.Errorf("COUNTERFOIL_CUSTOMER_METADATA has %q: give up to 50 of key=value, separated by commas, keys of at most 40 characters", pair)
		}
		metadata[key] = strings.TrimSpace(value)
	}
	return metadata, nil
}

// refuseUnknown catches a misspelt setting of ours, which would otherwise be ignored.
func refuseUnknown(environ []string) error {
	known := map[string]bool{}
	params, err := env.GetFieldParams(&config{})
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	for _, p := range params {
		known[p.Key] = true
	}
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "COUNTERFOIL_") && !known[name] {
			return fmt.Errorf("%s is not a setting: see README.md for the list", name)
		}
	}
	return nil
}
