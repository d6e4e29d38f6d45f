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
	"github.com/joho/godotenv"
	"golang.org/x/text/unicode/norm"
)

// config is read once, here. Packages take plain values; none calls os.Getenv. Every
// setting is an environment variable; a file .env in the working folder fills in what
// the environment leaves open.
type config struct {
	Addr           string         `env:"COUNTERFOIL_ADDR" envDefault:"localhost:8080"`      // host:port to listen on
	BaseURL        string         `env:"COUNTERFOIL_BASE_URL"`                              // public origin; default http:// and the address
	Data           string         `env:"COUNTERFOIL_DATA" envDefault:"data"`                // folder of the database
	TwinAddr       string         `env:"COUNTERFOIL_TWIN_ADDR" envDefault:"localhost:8081"` // host:port of the offline twin, when it is needed
	TwinWebhook    string         `env:"COUNTERFOIL_TWIN_WEBHOOK_URL"`                      // where "counterfoil twin" sends webhooks; default nowhere
	BrandName      string         `env:"COUNTERFOIL_BRAND_NAME"`                            // the seller's name; default Counterfoil
	Support        string         `env:"COUNTERFOIL_SUPPORT_EMAIL"`                         // shown on error pages and in mails
	MailFrom       string         `env:"COUNTERFOIL_MAIL_FROM"`                             // sender of mails; default no-reply@ and the public host
	Products       []string       `env:"COUNTERFOIL_PRODUCTS"`                              // slug=product id, comma list; default the product's metadata "slug"
	CreateCustomer bool           `env:"COUNTERFOIL_CREATE_CUSTOMER_ON_SIGN_UP" envDefault:"true"`
	ReconcileEvery time.Duration  `env:"COUNTERFOIL_RECONCILE_EVERY" envDefault:"15m"` // how often the provider is read anew, 1m or more
	Proxies        []netip.Prefix `env:"COUNTERFOIL_TRUSTED_PROXIES"`                  // networks whose X-Forwarded-For counts, such as 10.0.0.0/8
	LogFormat      string         `env:"COUNTERFOIL_LOG" envDefault:"text"`            // text or json
	Operators      []string       `env:"COUNTERFOIL_OPERATORS"`                        // addresses of those who see /admin and are mailed alarms, comma list; default nobody, in the demo olive@example.com
	BrowserEvents  []string       `env:"COUNTERFOIL_BROWSER_EVENTS"`                   // usage events that a signed-in browser may send, comma list; default none
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

	OIDCName     string `env:"OIDC_NAME" envDefault:"your organisation"` // shown on the button
	OIDCIssuer   string `env:"OIDC_ISSUER"`                              // URL of the OpenID issuer
	OIDCKey      string `env:"OIDC_KEY"`
	OIDCSecret   string `env:"OIDC_SECRET"` // secret
	GitHubKey    string `env:"GITHUB_KEY"`
	GitHubSecret string `env:"GITHUB_SECRET"` // secret
	GoogleKey    string `env:"GOOGLE_KEY"`
	GoogleSecret string `env:"GOOGLE_SECRET"` // secret
}

// demo reports whether the offline twin stands in for a provider: none is configured.
func (c config) demo() bool { return c.PolarToken == "" }

// readConfig reads the environment and refuses what cannot work, naming the setting.
func readConfig() (config, error) {
	var c config
	if err := godotenv.Load(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return c, fmt.Errorf("read .env: %w", err)
	}
	if err := env.Parse(&c); err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	if err := refuseUnknown(os.Environ()); err != nil {
		return c, err
	}
	if c.BaseURL == "" {
		c.BaseURL = "http://" + c.Addr
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if c.DatabaseURL == "" {
		name := "counterfoil.db"
		if c.demo() {
			name = "demo.db" // invented people, plans and payments never mix with true ones
		}
		c.DatabaseURL = "file:" + filepath.Join(c.Data, name)
	}
	return c, c.check()
}

// check holds the rules between settings.
func (c *config) check() error {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Hostname() == "" || base.Path != "" {
		return fmt.Errorf("COUNTERFOIL_BASE_URL is %q: give the public origin, such as https://billing.example.com", c.BaseURL)
	}
	local := loopback(base.Hostname())
	if base.Scheme != "https" && !local {
		return fmt.Errorf("COUNTERFOIL_BASE_URL is %q: a public portal needs https, or its sign-in cookies would be readable on the way", c.BaseURL)
	}
	if c.demo() && !local {
		return errors.New("no billing provider is configured: set POLAR_ACCESS_TOKEN and POLAR_WEBHOOK_SECRET (the offline twin serves loopback addresses only)")
	}
	listen, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return fmt.Errorf("COUNTERFOIL_ADDR is %q: give host:port, such as localhost:8080", c.Addr)
	}
	local = local && loopback(listen)
	if c.demo() && !local {
		return fmt.Errorf("COUNTERFOIL_ADDR is %q, which others can reach, and no billing provider is configured: the demo lets everybody in, so it listens on loopback addresses only", c.Addr)
	}
	if c.demo() && len(c.PolarSecrets) > 0 {
		return errors.New("POLAR_WEBHOOK_SECRET is set and POLAR_ACCESS_TOKEN is not: set both for Polar, or none for the demo")
	}
	if !c.demo() && len(c.PolarSecrets) == 0 {
		return errors.New("POLAR_WEBHOOK_SECRET is not set: without it no webhook can be trusted")
	}
	if !c.demo() && c.SMTPURL == "" && c.OIDCKey == "" && c.GitHubKey == "" && c.GoogleKey == "" {
		return errors.New("nobody could sign in: set SMTP_URL for e-mailed codes, or OIDC_*, GITHUB_* or GOOGLE_* for an identity provider")
	}
	if !local && isTwinSecret(append(c.PolarSecrets, c.PolarToken)) {
		return errors.New("POLAR_ACCESS_TOKEN or POLAR_WEBHOOK_SECRET is the offline twin's, which everybody knows: set your own")
	}
	for _, network := range c.Proxies {
		if network.Bits() == 0 {
			return fmt.Errorf("COUNTERFOIL_TRUSTED_PROXIES has %s, which is everybody: anyone could then claim any address", network)
		}
	}
	if c.PolarPace != 0 && (c.PolarPace < 10 || c.PolarPace > 100_000) {
		return fmt.Errorf("POLAR_REQUESTS_PER_MINUTE is %d: give the part of Polar's limit that this process may use, from 10 on", c.PolarPace)
	}
	for i, address := range c.Operators {
		parsed, err := mail.ParseAddress(strings.TrimSpace(address))
		if err != nil || parsed.Name != "" {
			return fmt.Errorf("COUNTERFOIL_OPERATORS has %q: give e-mail addresses, separated by commas", address)
		}
		c.Operators[i] = norm.NFC.String(strings.ToLower(parsed.Address)) // as auth keeps it
	}
	if c.HookURL == "" && len(c.HookSecrets)+len(c.HookTypes) > 0 {
		return errors.New("COUNTERFOIL_HOOK_SECRET or COUNTERFOIL_HOOK_TYPES is set and COUNTERFOIL_HOOK_URL is not: nobody would be told")
	}
	if c.CreditsLow < 0 || c.CreditsLow > 1e12 {
		return fmt.Errorf("COUNTERFOIL_CREDITS_LOW is %d: give whole credits, 0 or more", c.CreditsLow)
	}
	if scheme, _, _ := strings.Cut(c.DatabaseURL, ":"); !slices.Contains([]string{"file", "postgres", "postgresql"}, scheme) {
		return errors.New("DATABASE_URL is neither file:PATH nor postgres://user:password@host:port/name")
	}
	if c.ReconcileEvery < time.Minute {
		return fmt.Errorf("COUNTERFOIL_RECONCILE_EVERY is %s: one minute is the least", c.ReconcileEvery)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		return fmt.Errorf("COUNTERFOIL_LOG is %q: text or json", c.LogFormat)
	}
	if c.MailFrom == "" {
		c.MailFrom = "no-reply@" + base.Hostname()
	}
	return nil
}

// doubts are settings that work, but hardly as they were meant.
func (c config) doubts() []string {
	var doubts []string
	if strings.HasPrefix(c.BaseURL, "https:") && len(c.Proxies) == 0 {
		doubts = append(doubts, "COUNTERFOIL_TRUSTED_PROXIES is not set: https ends at a proxy, and all visitors behind it share one visitor's limit of sign-ins")
	}
	return doubts
}

// slugs reads COUNTERFOIL_PRODUCTS into product id -> slug.
func (c config) slugs() (map[string]string, error) {
	slugs := make(map[string]string, len(c.Products))
	for _, pair := range c.Products {
		slug, id, ok := strings.Cut(pair, "=")
		if !ok || slug == "" || id == "" {
			return nil, fmt.Errorf("COUNTERFOIL_PRODUCTS has %q: give slug=product id, separated by commas", pair)
		}
		slugs[strings.TrimSpace(id)] = strings.TrimSpace(slug)
	}
	return slugs, nil
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

// loopback reports whether a host name can only be this machine.
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
