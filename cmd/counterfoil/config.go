package main

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"golang.org/x/text/unicode/norm"

	"counterfoil/auth"
	"counterfoil/hooks"
)

// config is read once, here. Packages take plain values; none calls os.Getenv. Every
// setting is an environment variable; a file .env in the working folder fills in what
// the environment leaves open.
type config struct {
	Addr           string         `env:"COUNTERFOIL_ADDR" envDefault:"localhost:8080"`      // host:port to listen on
	BaseURL        string         `env:"COUNTERFOIL_BASE_URL"`                              // public origin; default http:// and the address
	Data           string         `env:"COUNTERFOIL_DATA" envDefault:"data"`                // folder of the database
	SecretKeys     []string       `env:"COUNTERFOIL_SECRET_KEY"`                            // what keys are derived from: 32 characters or more, comma list while rotating, the one in use first; secret; default secret.key in the data folder, made at the first start
	TwinAddr       string         `env:"COUNTERFOIL_TWIN_ADDR" envDefault:"localhost:8081"` // host:port of the offline twin, when it is needed
	TwinWebhook    string         `env:"COUNTERFOIL_TWIN_WEBHOOK_URL"`                      // where "counterfoil twin" sends webhooks; default nowhere
	BrandName      string         `env:"COUNTERFOIL_BRAND_NAME"`                            // the seller's name; default Counterfoil
	Support        string         `env:"COUNTERFOIL_SUPPORT_EMAIL"`                         // shown on error pages and in mails
	MailFrom       string         `env:"COUNTERFOIL_MAIL_FROM"`                             // sender of mails; default no-reply@ and the public host
	Products       []string       `env:"COUNTERFOIL_PRODUCTS"`                              // slug=product id, comma list; default the product's metadata "slug"
	CreateCustomer bool           `env:"COUNTERFOIL_CREATE_CUSTOMER_ON_SIGN_UP" envDefault:"true"`
	SignIn         []string       `env:"COUNTERFOIL_SIGN_IN"`                          // ways to sign in: code, link, password, passkey and ids of identity providers, comma list; default all that are configured
	SignUp         bool           `env:"COUNTERFOIL_SIGN_UP" envDefault:"true"`        // whether strangers become users; false: only who has an account signs in, and who was invited to an organisation
	ReconcileEvery time.Duration  `env:"COUNTERFOIL_RECONCILE_EVERY" envDefault:"15m"` // how often the provider is read anew, 1m or more
	Proxies        []netip.Prefix `env:"COUNTERFOIL_TRUSTED_PROXIES"`                  // networks whose X-Forwarded-For counts, such as 10.0.0.0/8
	LogFormat      string         `env:"COUNTERFOIL_LOG" envDefault:"text"`            // text or json
	Operators      []string       `env:"COUNTERFOIL_OPERATORS"`                        // addresses of those who see /admin and are mailed alarms, comma list; default nobody, in the demo olive@example.com
	OperatorFactor *bool          `env:"COUNTERFOIL_OPERATOR_SECOND_FACTOR"`           // operators see /admin only after a proof by passkey or authenticator app; default true on a public address, false on this machine
	ProveFirst     bool           `env:"COUNTERFOIL_REQUIRE_VERIFIED_EMAIL"`           // on /api/auth too, an address must be proven before its user signs in with a password
	TrustedOrigins []string       `env:"COUNTERFOIL_TRUSTED_ORIGINS"`                  // other origins whose pages may use /api/auth with their cookies, comma list such as https://app.example.com; default none
	CrossSite      bool           `env:"COUNTERFOIL_CROSS_SITE_COOKIES"`               // let the cookie of /api/auth go along from those pages when they are on another site; needs https
	SuccessURL     string         `env:"COUNTERFOIL_CHECKOUT_SUCCESS_URL"`             // where checkouts of the Better Auth API end: URL, or a path here; {CHECKOUT_ID} stands for the checkout; default the success page
	ReturnURL      string         `env:"COUNTERFOIL_CHECKOUT_RETURN_URL"`              // where the provider's back buttons lead: URL, or a path here; default /plans and /portal
	CheckoutTheme  string         `env:"COUNTERFOIL_CHECKOUT_THEME"`                   // light or dark, of the provider's pages; default its own choice
	SignedInOnly   bool           `env:"COUNTERFOIL_CHECKOUT_SIGNED_IN_ONLY"`          // the Better Auth API opens no checkout for whoever has not signed in
	CustomerMeta   []string       `env:"COUNTERFOIL_CUSTOMER_METADATA"`                // key=value that new customers carry at the provider, comma list; default none
	BrowserEvents  []string       `env:"COUNTERFOIL_BROWSER_EVENTS"`                   // usage events that a signed-in browser may send, comma list; default none
	TaxYears       int            `env:"COUNTERFOIL_TAX_YEARS" envDefault:"10"`        // how many years after its own an order is kept of whom was erased, 1 to 30
	Styleguide     bool           `env:"COUNTERFOIL_STYLEGUIDE"`                       // serve /styleguide; always on with the twin

	HookURL     string   `env:"COUNTERFOIL_HOOK_URL"`                    // told of every fact by a signed webhook; default nobody
	HookSecrets []string `env:"COUNTERFOIL_HOOK_SECRET"`                 // signs it: whsec_ and base64, comma list while rotating; secret
	HookTypes   []string `env:"COUNTERFOIL_HOOK_TYPES"`                  // facts that the URL is told, comma list such as order.paid; default all
	CreditsLow  int64    `env:"COUNTERFOIL_CREDITS_LOW" envDefault:"10"` // whole credits at which the fact credits.low is told

	DatabaseURL string `env:"DATABASE_URL"` // file:PATH or postgres://...; secret; default counterfoil.db in the data folder, demo.db with the twin
	SMTPURL     string `env:"SMTP_URL"`     // smtp:// or smtps://user:password@host:port

	PolarToken   string   `env:"POLAR_ACCESS_TOKEN"`                   // organization access token; secret
	PolarSecrets []string `env:"POLAR_WEBHOOK_SECRET"`                 // comma list while rotating; secret
	PolarServer  string   `env:"POLAR_SERVER" envDefault:"production"` // production, sandbox, or a URL
	PolarPace    int      `env:"POLAR_REQUESTS_PER_MINUTE"`            // what Polar allows this process; default 500, in the sandbox 100

	OIDCName   string `env:"OIDC_NAME" envDefault:"your organisation"` // shown on the button
	OIDCIssuer string `env:"OIDC_ISSUER"`                              // URL of the OpenID issuer
	OIDCKey    string `env:"OIDC_KEY"`
	OIDCSecret string `env:"OIDC_SECRET"` // secret
	// PrivateProviders may be reached at addresses of the own network, such as an issuer run in-house.
	PrivateProviders []string `env:"COUNTERFOIL_PRIVATE_PROVIDERS"` // ids of identity providers, comma list such as oidc; default none

	identity []auth.ProviderConfig // the other identity providers: see readProviders
}

// demo reports whether the offline twin stands in for a provider: none is configured.
func (c config) demo() bool { return c.PolarToken == "" }

// readConfig reads the environment and refuses what cannot work, naming the setting.
func readConfig() (config, error) {
	c, err := readSettings()
	if err != nil {
		return c, err
	}
	return c, c.check()
}

// readTwinConfig reads it for the twin alone, which needs none of the portal's settings:
// beside the program that it is tested with, some of them may be that program's.
func readTwinConfig() (config, error) {
	c, err := readSettings()
	if err != nil {
		return c, err
	}
	if _, err := hostOf("COUNTERFOIL_TWIN_ADDR", c.TwinAddr); err != nil {
		return c, err
	}
	if u, err := url.Parse(c.TwinWebhook); err != nil || c.TwinWebhook != "" && (u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https") {
		return c, fmt.Errorf("COUNTERFOIL_TWIN_WEBHOOK_URL is %q: give an address such as http://localhost:3000/webhooks", c.TwinWebhook)
	}
	return c, c.checkLog()
}

// readSettings reads the environment and fills in what follows from other settings.
func readSettings() (config, error) {
	var c config
	given, err := environment()
	if err != nil {
		return c, err
	}
	if err := refuseUnknown(os.Environ()); err != nil {
		return c, err
	}
	if err := parse(&c, given); err != nil {
		return c, err
	}
	if c.identity, err = readProviders(func(name string) string { return given[name] }); err != nil {
		return c, err
	}
	if c.DatabaseURL == "" {
		name := "counterfoil.db"
		if c.demo() {
			name = "demo.db" // invented people, plans and payments never mix with true ones
		}
		c.DatabaseURL = "file:" + filepath.Join(c.Data, name)
	}
	return c, nil
}

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
