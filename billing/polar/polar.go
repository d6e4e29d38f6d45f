// Package polar is the billing provider Polar, spoken to through polar-go. It knows
// Polar's wire: paths, JSON, error bodies, signatures and the quirks of the client
// library; nothing of them leaves it but types and error kinds of package billing.
// It must not know databases, pages or anybody's session, and keeps no state.
//
// polar-go builds every request. Its decoders read none of the answers: their enums
// are closed, so that one new status at Polar loses a whole list; they turn decimals
// into floats; and they decode the properties of every grant as Discord's. One set of
// small structs (wire.go) reads the answers and the webhooks instead, tolerant where
// nothing is lost by it and strict where a guess would cost somebody money.
package polar

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	polargo "github.com/polarsource/polar-go"

	"counterfoil/billing"
)

// Name is Polar's key in the mirror.
const Name = "polar"

// Config is what New needs. Token, WebhookSecrets and Server are required.
type Config struct {
	Token string // an organization access token (polar_oat_...)
	// WebhookSecrets are accepted side by side, because Polar swaps a secret at once.
	WebhookSecrets []string
	Server         string   // "production", "sandbox" or the base URL of another server
	PageHosts      []string // origins of the hosted pages; by default those of Server
	// ProductSlugs maps a provider product id to our slug. A product that is not in
	// it has the slug of its metadata key "slug".
	ProductSlugs map[string]string
	// RequestsPerMinute is what Polar allows this organization, by default its documented
	// limit of Server. Calls marked by billing.Background keep it from being used by more
	// than 80 %. Two programs that share an organization share its limit, too.
	RequestsPerMinute int
	Now               func() time.Time // default time.Now
	HTTP              *http.Client     // default: one with a connection pool of its own
	Timeout           time.Duration    // of one attempt of one request; default 15 s
	Log               *slog.Logger     // default slog.Default
}

// defaultTimeout is longer than Polar's own answer to a checkout or a plan change,
// and shorter than the patience of a person who waits for a page.
const defaultTimeout = 15 * time.Second

// Provider implements billing.Provider. It is safe for concurrent use.
type Provider struct {
	api       *polargo.Polar
	client    *client
	keys      []*signingKey
	pageHosts []string
	slugs     map[string]string
	log       *slog.Logger
}

var _ billing.Provider = (*Provider)(nil)

// New checks the configuration; it talks to nobody.
func New(c Config) (*Provider, error) {
	if strings.TrimSpace(c.Token) == "" {
		return nil, errors.New("polar: the access token is empty: set POLAR_ACCESS_TOKEN")
	}
	keys, err := signingKeys(c.WebhookSecrets)
	if err != nil {
		return nil, err
	}
	base, hosts, err := server(c.Server)
	if err != nil {
		return nil, err
	}
	if len(c.PageHosts) > 0 {
		hosts = c.PageHosts
	}
	if c.RequestsPerMinute <= 0 {
		c.RequestsPerMinute = productionPerMinute
		if c.Server == "sandbox" {
			c.RequestsPerMinute = sandboxPerMinute
		}
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	client := newClient(c.HTTP, c.Timeout, c.RequestsPerMinute)
	if c.Now != nil {
		client.now = c.Now
	}
	return &Provider{
		api:       polargo.New(polargo.WithServerURL(base), polargo.WithSecurity(c.Token), polargo.WithClient(client)),
		client:    client,
		keys:      keys,
		pageHosts: hosts,
		slugs:     c.ProductSlugs,
		log:       c.Log.With("provider", Name),
	}, nil
}

// server finds the base URL of the API and the origins of its hosted pages.
func server(name string) (base string, hosts []string, err error) {
	switch name {
	case "production":
		return polargo.ServerList[polargo.ServerProduction], []string{"https://polar.sh"}, nil
	case "sandbox":
		return polargo.ServerList[polargo.ServerSandbox], []string{"https://sandbox.polar.sh"}, nil
	}
	u, err := url.Parse(name)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", nil, fmt.Errorf("polar: server %q is neither production, sandbox nor a base URL: set POLAR_SERVER", name)
	}
	return name, []string{u.Scheme + "://" + u.Host}, nil
}

// Name implements billing.Provider.
func (p *Provider) Name() string { return Name }

// PageHosts implements billing.Provider.
func (p *Provider) PageHosts() []string { return p.pageHosts }
