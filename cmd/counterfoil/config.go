package main

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"counterfoil/auth"
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
