// Package handlers answers HTTP: pages, forms, JSON and webhooks. A handler
// parses, asks, answers, in that order. It reads the mirror and never calls a
// provider to show a page; the calls to a provider that remain (opening a checkout,
// canceling, a link to the provider's portal) happen on a POST that the customer
// makes. It knows no SQL and none of a provider's own words.
package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/handlers/betterauth"
	v1 "counterfoil/handlers/v1"
	"counterfoil/views"
)

// Config is what a Server needs. All fields are required but the ones that say so.
type Config struct {
	Store           *db.Store
	Auth            *auth.Service
	Provider        billing.Provider
	Catalogue       *views.Catalogue
	Brand           views.Brand
	BaseURL         string                                                                            // public origin of the portal, without a slash at the end
	Demo            *views.Demo                                                                       // set when the offline twin is behind this portal; may be nil
	Personas        []Persona                                                                         // one-click sign-ins of the demo; may be nil
	OperatorFactor  bool                                                                              // operators prove themselves by passkey or authenticator before they see anything
	ProveFirst      bool                                                                              // Better Auth API: an address must be proven before its user signs in with a password
	TrustedOrigins  []string                                                                          // other origins whose pages may use the Better Auth API with their cookies; may be empty
	Checkout        betterauth.Checkout                                                               // options of checkouts that are asked for over the Better Auth API; may be zero
	TaxYears        int                                                                               // how many years after its own an order is kept of whom was erased; 0 is db.DefaultTaxYears
	BrowserEvents   []string                                                                          // names of the events that a signed-in browser may send; empty for none
	Styles          bool                                                                              // serve /styleguide
	Poke            func()                                                                            // tells the worker that there is something to do
	Await           func(customerID string, checkout billing.Ref)                                     // tells the worker that somebody waits for a checkout; it must not block
	Rehearse        func(ctx context.Context, deliveries []db.DeliveryRecord) ([]db.Rehearsal, error) // what applying them again would do; see worker.Rehearse
	ProviderFailing func() (failures int, until time.Time)                                            // how the provider fares, as the worker sees it
	Patience        time.Duration                                                                     // how long a page stays for the end of a change at the provider; 0 is defaultPatience
	Stopping        <-chan struct{}                                                                   // closed when the server shuts down: streams end
	Now             func() time.Time                                                                  // the clock
	Log             *slog.Logger
}

// Persona is someone to sign in as with one click, in the demo. Note is a message of
// the catalogue.
type Persona struct {
	Provider, Name, Email, Note string
}

// Server answers every request of the portal.
type Server struct {
	Config
	cookieSecure bool
	csp          string
	betterAuth   *betterauth.Server
	api          *v1.Server

	refusals refusals // of webhooks
	pace     pace     // of each customer's forms
	streams  streams  // open ones
}

// New checks the configuration and returns a Server.
func New(config Config) (*Server, error) {
	base, err := url.Parse(config.BaseURL)
	if err != nil || base.Host == "" || base.Path != "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("base URL %q: want an origin such as https://billing.example.com", config.BaseURL)
	}
	config.Log = NumberedLog(config.Log)
	if config.Patience == 0 {
		config.Patience = defaultPatience
	}
	s := &Server{
		Config: config,
		api: v1.New(v1.Config{
			Store: config.Store, Auth: config.Auth, Provider: config.Provider.Name(), Poke: config.Poke, Now: config.Now, Log: config.Log,
		}),
		cookieSecure: base.Scheme == "https",
		csp:          contentSecurityPolicy(slices.Concat(config.Provider.PageHosts(), config.Auth.FormHosts())),
	}
	s.betterAuth, err = betterauth.New(betterauth.Config{
		Store: config.Store, Auth: config.Auth, Provider: config.Provider, Checkout: config.Checkout,
		BrowserEvents: config.BrowserEvents, Poke: config.Poke, BaseURL: config.BaseURL, TrustedOrigins: config.TrustedOrigins, ProveFirst: config.ProveFirst,
		Pace:   func(customerID string) bool { return s.pace.pass(customerID, config.Now()) },
		Failed: s.showFailedSignIn, Now: config.Now, Log: config.Log,
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Handler returns the routes behind the middleware that every answer goes through.
func (s *Server) Handler() (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(s.BaseURL); err != nil {
		return nil, fmt.Errorf("base URL %s as trusted origin: %w", s.BaseURL, err)
	}
	protection.AddInsecureBypassPattern("POST /login/{provider}/callback") // it carries nothing out
	protection.SetDenyHandler(s.page(s.refuseCrossOrigin))
	routes := s.routes()
	pages, err := compressed(protection.Handler(routes))
	if err != nil {
		return nil, err
	}
	return apart(routes, s.observed(slog.LevelInfo, s.guarded(pages))), nil
}
