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
	"counterfoil/static"
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
	Operators       []string                                                                          // addresses of those who run this installation, lower case; may be empty
	BrowserEvents   []string                                                                          // names of the events that a signed-in browser may send; empty for none
	Styles          bool                                                                              // serve /styleguide
	Poke            func()                                                                            // tells the worker that there is something to do
	Await           func(customerID string, checkout billing.Ref)                                     // tells the worker that somebody waits for a checkout; it must not block
	Rehearse        func(ctx context.Context, deliveries []db.DeliveryRecord) ([]db.Rehearsal, error) // what applying them again would do; see worker.Rehearse
	ProviderFailing func() (failures int, until time.Time)                                            // how the provider fares, as the worker sees it
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
	config.Log = slog.New(requestLog{config.Log.Handler()})
	return &Server{
		Config:       config,
		cookieSecure: base.Scheme == "https",
		csp:          contentSecurityPolicy(slices.Concat(config.Provider.PageHosts(), config.Auth.FormHosts())),
	}, nil
}

// Handler returns the routes behind the middleware that every answer goes through.
func (s *Server) Handler() (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(s.BaseURL); err != nil {
		return nil, fmt.Errorf("base URL %s as trusted origin: %w", s.BaseURL, err)
	}
	protection.SetDenyHandler(s.page(s.refuseCrossOrigin))
	routes := s.routes()
	pages, err := compressed(protection.Handler(routes))
	if err != nil {
		return nil, err
	}
	return apart(routes, s.observed(slog.LevelInfo, s.guarded(pages))), nil
}

// routes is the one table of everything that the portal answers. Who may come in
// stands beside each route: page (anyone), signedIn, operator, or machine (no session).
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", static.Handler())
	mux.Handle("GET /healthz", s.machine(s.showHealth))
	mux.Handle("GET /readyz", s.machine(s.showReadiness))
	mux.Handle("POST /webhooks/polar", s.machine(s.receiveWebhook))
	mux.Handle("POST /api/auth/polar/webhooks", s.machine(s.receiveWebhook))

	mux.Handle("GET /{$}", s.page(s.showHome))
	mux.Handle("GET /plans", s.page(s.showPlans))
	mux.Handle("POST /theme", s.page(s.chooseTheme))
	mux.Handle("GET /login", s.page(s.showLogin))
	mux.Handle("POST /login", s.page(s.sendCode))
	mux.Handle("POST /login/code", s.page(s.verifyCode))
	mux.Handle("POST /login/{provider}", s.page(s.startProvider))
	mux.Handle("GET /login/{provider}/callback", s.page(s.finishProvider))
	mux.Handle("POST /logout", s.page(s.signOut))

	mux.Handle("POST /checkout", s.signedIn(s.startCheckout))
	mux.Handle("GET /checkout/success", withoutToken(s.signedIn(s.showSuccess)))
	mux.Handle("GET /checkout/stream", s.signedIn(s.streamSuccess))
	mux.Handle("GET /portal", s.signedIn(s.showPortal))
	mux.Handle("POST /portal/provider", s.signedIn(s.openProviderPortal))
	mux.Handle("GET /portal/subscriptions", s.signedIn(s.showSubscriptions))
	mux.Handle("GET /portal/subscriptions/{id}", s.signedIn(s.showSubscription))
	mux.Handle("GET /portal/subscriptions/{id}/cancel", s.signedIn(s.showCancel))
	mux.Handle("POST /portal/subscriptions/{id}/cancel", s.signedIn(s.cancelSubscription))
	mux.Handle("POST /portal/subscriptions/{id}/resume", s.signedIn(s.resumeSubscription))
	mux.Handle("GET /portal/orders", s.signedIn(s.showOrders))
	mux.Handle("GET /portal/orders/{id}", s.signedIn(s.showOrder))
	mux.Handle("GET /portal/benefits", s.signedIn(s.showBenefits))
	mux.Handle("GET /usage", s.signedIn(s.showUsage))
	mux.Handle("GET /usage/{meter}", s.signedIn(s.showMeter))
	mux.Handle("POST /usage/events", s.signedIn(s.sendEvent))
	mux.Handle("GET /credits", s.signedIn(s.showCredits))
	mux.Handle("GET /credits/{day}", s.signedIn(s.showCreditDay))
	mux.Handle("GET /account", s.signedIn(s.showAccount))
	mux.Handle("POST /account", s.signedIn(s.saveAccount))
	mux.Handle("POST /account/sessions/{id}/end", s.signedIn(s.endSession))

	mux.Handle("GET /admin", s.operator(s.showOperations))
	mux.Handle("GET /admin/deliveries", s.operator(s.showDeliveries))
	mux.Handle("GET /admin/deliveries/{id}", s.operator(s.showDelivery))
	mux.Handle("POST /admin/deliveries/{id}/rehearse", s.operator(s.rehearseDelivery))
	mux.Handle("POST /admin/deliveries/{id}/replay", s.operator(s.replayDelivery))
	mux.Handle("GET /admin/replay", s.operator(s.showReplay))
	mux.Handle("POST /admin/replay", s.operator(s.rehearseReplay))
	mux.Handle("POST /admin/replay/apply", s.operator(s.applyReplay))
	mux.Handle("GET /admin/hooks", s.operator(s.showHooks))
	mux.Handle("POST /admin/hooks/resend", s.operator(s.resendParked))
	mux.Handle("POST /admin/hooks/{id}/resend", s.operator(s.resendHook))
	mux.Handle("GET /admin/jobs", s.operator(s.showJobs))
	mux.Handle("POST /admin/jobs/{id}/restart", s.operator(s.restartJob))
	mux.Handle("POST /admin/usage/{id}/retry", s.operator(s.retryUsage))
	mux.Handle("POST /admin/usage/{id}/dismiss", s.operator(s.dismissUsage))
	mux.Handle("GET /admin/reconcile", s.operator(s.showReconcile))
	mux.Handle("POST /admin/reconcile", s.operator(s.askForPass))

	if s.Styles {
		mux.Handle("GET /styleguide", s.page(s.showStyleguide))
	}
	mux.Handle("/", s.page(s.showMissing))
	return mux
}
