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

// routes is the one table of everything that the portal answers. Who may come in
// stands beside each route: page (anyone), signedIn, billing (not a mere member of an organisation), operator, or machine (no session).
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", static.Handler())
	mux.Handle("GET /healthz", s.machine(s.showHealth))
	mux.Handle("GET /readyz", s.machine(s.showReadiness))
	mux.Handle("POST /webhooks/polar", s.machine(s.receiveWebhook))
	mux.Handle("POST /webhooks/", s.machine(s.receiveStray))
	mux.Handle("POST /api/auth/polar/webhooks", s.machine(s.receiveWebhook))

	mux.Handle("/api/v1/", s.foreign(s.api.Handler()))
	mux.Handle("/api/auth/", s.foreign(s.betterAuth.Handler()))

	mux.Handle("GET /{$}", s.page(s.showHome))
	mux.Handle("GET /plans", s.page(s.showPlans))
	mux.Handle("POST /theme", s.page(s.chooseTheme))
	mux.Handle("GET /login", s.page(s.showLogin))
	mux.Handle("POST /login", s.page(s.sendCode))
	mux.Handle("POST /login/code", s.page(s.verifyCode))
	mux.Handle("GET /login/second", s.page(s.showSecond))
	mux.Handle("POST /login/second", s.page(s.secondStep))
	mux.Handle("GET /login/link", s.page(s.showCodeLink))
	mux.Handle("POST /login/link", s.page(s.verifyCodeLink))
	mux.Handle("POST /login/password", s.page(s.signInWithPassword))
	mux.Handle("GET /login/new", s.page(s.showSignUp))
	mux.Handle("POST /login/new", s.page(s.signUp))
	mux.Handle("GET /login/forgot", s.page(s.showForgot))
	mux.Handle("POST /login/forgot", s.page(s.sendReset))
	mux.Handle("GET /login/sent", s.page(s.showSent))
	mux.Handle("GET /login/reset", s.page(s.showReset))
	mux.Handle("POST /login/reset", s.page(s.resetPassword))
	mux.Handle("GET /login/verify", s.page(s.showVerify))
	mux.Handle("POST /login/verify", s.page(s.verifyAddress))
	mux.Handle("POST /login/passkey/options", s.page(s.askForPasskey))
	mux.Handle("POST /login/passkey", s.page(s.signInWithPasskey))
	mux.Handle("GET /login/prove", s.page(s.showProve))
	mux.Handle("POST /login/prove", s.page(s.askProof))
	mux.Handle("POST /login/{provider}", s.page(s.startProvider))
	mux.Handle("GET /login/{provider}/callback", s.page(s.finishProvider))
	mux.Handle("POST /login/{provider}/callback", s.page(s.keepAnswer))
	mux.Handle("POST /logout", s.page(s.signOut))

	mux.Handle("GET /checkout", s.signedIn(s.showChosen))
	mux.Handle("POST /checkout", s.signedIn(s.startCheckout))
	mux.Handle("POST /checkout/for", s.signedIn(s.checkoutFor))
	mux.Handle("GET /checkout/success", withoutToken(s.billing(s.showSuccess)))
	mux.Handle("GET /checkout/stream", s.billing(s.streamSuccess))
	mux.Handle("GET /portal", s.signedIn(s.showPortal))
	mux.Handle("POST /portal/provider", s.freshBilling(s.openProviderPortal))
	mux.Handle("GET /portal/subscriptions", s.billing(s.showSubscriptions))
	mux.Handle("GET /portal/subscriptions/{id}", s.billing(s.showSubscription))
	mux.Handle("GET /portal/subscriptions/{id}/cancel", s.freshBilling(s.showCancel))
	mux.Handle("POST /portal/subscriptions/{id}/cancel", s.freshBilling(s.cancelSubscription))
	mux.Handle("POST /portal/subscriptions/{id}/resume", s.freshBilling(s.resumeSubscription))
	mux.Handle("GET /portal/subscriptions/{id}/seats", s.freshBilling(s.showChangeSeats))
	mux.Handle("POST /portal/subscriptions/{id}/seats", s.freshBilling(s.changeSeats))
	mux.Handle("GET /portal/orders", s.billing(s.showOrders))
	mux.Handle("GET /portal/orders/{id}", s.billing(s.showOrder))
	mux.Handle("GET /portal/benefits", s.signedIn(s.showBenefits))
	mux.Handle("GET /usage", s.signedIn(s.showUsage))
	mux.Handle("GET /usage/{meter}", s.signedIn(s.showMeter))
	mux.Handle("POST /usage/events", s.signedIn(s.sendEvent))
	mux.Handle("GET /credits", s.signedIn(s.showCredits))
	mux.Handle("GET /credits/{day}", s.signedIn(s.showCreditDay))
	mux.Handle("GET /orgs", s.signedIn(s.showOrgs))
	mux.Handle("POST /orgs", s.signedIn(s.askOrg))
	mux.Handle("POST /orgs/code", s.signedIn(s.createOrg))
	mux.Handle("POST /orgs/code/drop", s.signedIn(s.dropOrg))
	mux.Handle("POST /orgs/act", s.signedIn(s.actFor))
	mux.Handle("GET /orgs/{slug}", s.signedIn(s.org(s.showOrg)))
	mux.Handle("POST /orgs/{slug}/leave", s.signedIn(s.org(s.leaveOrg)))
	mux.Handle("POST /orgs/{slug}/name", s.signedIn(s.owned(s.renameOrg)))
	mux.Handle("POST /orgs/{slug}/invitations", s.fresh(s.owned(s.invite)))
	mux.Handle("POST /orgs/{slug}/invitations/{id}/resend", s.signedIn(s.owned(s.resendInvitation)))
	mux.Handle("POST /orgs/{slug}/invitations/{id}/revoke", s.signedIn(s.owned(s.revokeInvitation)))
	mux.Handle("POST /orgs/{slug}/members/{user}/role", s.fresh(s.owned(s.changeRole)))
	mux.Handle("POST /orgs/{slug}/members/{user}/remove", s.fresh(s.owned(s.removeMember)))
	mux.Handle("POST /orgs/{slug}/transfer", s.fresh(s.owned(s.transferOrg)))
	mux.Handle("GET /orgs/{slug}/delete", s.fresh(s.owned(s.showDeleteOrg)))
	mux.Handle("POST /orgs/{slug}/delete", s.fresh(s.owned(s.deleteOrg)))
	mux.Handle("POST /orgs/{slug}/seats", s.signedIn(s.seated(s.giveSeat)))
	mux.Handle("POST /orgs/{slug}/seats/{id}/revoke", s.signedIn(s.seated(s.revokeSeat)))
	mux.Handle("POST /orgs/{slug}/seats/{id}/resend", s.signedIn(s.seated(s.resendSeat)))
	mux.Handle("POST /orgs/{slug}/seats/{id}/claim", s.signedIn(s.org(s.claimSeat)))
	mux.Handle("GET /invitations", s.page(s.showInvitation))
	mux.Handle("POST /invitations", s.signedIn(s.acceptInvitation))
	mux.Handle("GET /account", s.signedIn(s.showAccount))
	mux.Handle("POST /account", s.signedIn(s.saveAccount))
	mux.Handle("GET /account/sessions", s.signedIn(s.showSessions))
	mux.Handle("GET /account/confirm", s.signedIn(s.showConfirm))
	mux.Handle("POST /account/confirm", s.signedIn(s.confirm))
	mux.Handle("POST /account/confirm/password", s.signedIn(s.confirmPassword))
	mux.Handle("POST /account/confirm/code", s.signedIn(s.mailConfirmation))
	mux.Handle("POST /account/confirm/passkey/options", s.signedIn(s.askForPasskey))
	mux.Handle("POST /account/confirm/passkey", s.signedIn(s.confirmWithPasskey))
	mux.Handle("GET /account/passkeys/new", s.fresh(s.showNewPasskey))
	mux.Handle("POST /account/passkeys/options", s.fresh(s.askToAddPasskey))
	mux.Handle("POST /account/passkeys", s.fresh(s.addPasskey))
	mux.Handle("GET /account/passkeys/{id}", s.fresh(s.showPasskey))
	mux.Handle("POST /account/passkeys/{id}", s.fresh(s.renamePasskey))
	mux.Handle("POST /account/passkeys/{id}/remove", s.fresh(s.removePasskey))
	mux.Handle("GET /account/security", s.signedIn(s.showSecurity))
	mux.Handle("GET /account/authenticator", s.fresh(s.showSetup))
	mux.Handle("POST /account/authenticator", s.fresh(s.beginAuthenticator))
	mux.Handle("POST /account/authenticator/confirm", s.fresh(s.confirmAuthenticator))
	mux.Handle("GET /account/authenticator/remove", s.fresh(s.showRemoveAuthenticator))
	mux.Handle("POST /account/authenticator/remove", s.fresh(s.removeAuthenticator))
	mux.Handle("POST /account/recovery", s.fresh(s.makeRecovery))
	mux.Handle("GET /account/password", s.fresh(s.showPassword))
	mux.Handle("POST /account/password", s.fresh(s.savePassword))
	mux.Handle("POST /account/password/remove", s.fresh(s.removePassword))
	mux.Handle("POST /account/sessions/{id}/end", s.fresh(s.endSession))
	mux.Handle("POST /account/sessions/end", s.fresh(s.endOtherSessions))
	mux.Handle("GET /account/identities", s.signedIn(s.showIdentities))
	mux.Handle("POST /account/identities", s.fresh(s.linkIdentity))
	mux.Handle("POST /account/identities/{id}/unlink", s.fresh(s.unlinkIdentity))
	mux.Handle("GET /account/data", s.signedIn(s.showData))
	mux.Handle("POST /account/data/export", s.fresh(s.exportData))
	mux.Handle("GET /account/data/erase", s.fresh(s.showErase))
	mux.Handle("POST /account/data/erase", s.fresh(s.erase))
	mux.Handle("GET /account/email", s.signedIn(s.showEmailChange))
	mux.Handle("POST /account/email", s.fresh(s.askEmailChange))
	mux.Handle("POST /account/email/new", s.signedIn(s.proveEmail(db.SideNew)))
	mux.Handle("POST /account/email/old", s.signedIn(s.proveEmail(db.SideOld)))
	mux.Handle("POST /account/email/cancel", s.signedIn(s.cancelEmailChange))
	mux.Handle("GET /account/email/stop/{id}", s.page(s.showEmailStop))
	mux.Handle("POST /account/email/stop/{id}", s.page(s.stopEmailChange))

	mux.Handle("GET /setup", s.signedIn(s.showFirstOperator))
	mux.Handle("POST /setup", s.signedIn(s.becomeOperator))
	mux.Handle("GET /admin", s.operator(s.showOperations))
	mux.Handle("GET /admin/deliveries", s.operator(s.showDeliveries))
	mux.Handle("GET /admin/deliveries/{id}", s.operator(s.showDelivery))
	mux.Handle("POST /admin/deliveries/retry", s.operator(s.retryParked))
	mux.Handle("GET /admin/deliveries/{id}/rehearse", s.operator(s.showDelivery)) // back from a proof that was asked for beside a rehearsal
	mux.Handle("POST /admin/deliveries/{id}/rehearse", s.operator(s.rehearseDelivery))
	mux.Handle("POST /admin/deliveries/{id}/replay", s.operator(s.replayDelivery))
	mux.Handle("GET /admin/replay", s.operator(s.showReplay))
	mux.Handle("POST /admin/replay", s.operator(s.rehearseReplay))
	mux.Handle("GET /admin/replay/apply", s.operator(s.showReplay)) // the same
	mux.Handle("POST /admin/replay/apply", s.operator(s.applyReplay))
	mux.Handle("GET /admin/hooks", s.operator(s.showHooks))
	mux.Handle("POST /admin/hooks/resend", s.operator(s.resendParked))
	mux.Handle("POST /admin/hooks/{id}/resend", s.operator(s.resendHook))
	mux.Handle("GET /admin/jobs", s.operator(s.showJobs))
	mux.Handle("POST /admin/jobs/{id}/restart", s.operator(s.restartJob))
	mux.Handle("POST /admin/usage/retry", s.operator(s.retryAllUsage))
	mux.Handle("POST /admin/usage/{id}/retry", s.operator(s.retryUsage))
	mux.Handle("POST /admin/usage/{id}/dismiss", s.operator(s.dismissUsage))
	mux.Handle("GET /admin/reconcile", s.operator(s.showReconcile))
	mux.Handle("POST /admin/reconcile", s.operator(s.askForPass))
	mux.Handle("POST /admin/wallets/{id}/let", s.operator(s.letWalletCount))
	mux.Handle("GET /admin/people", s.operator(s.showPeople))
	mux.Handle("GET /admin/people/{id}", s.operator(s.showPerson))
	mux.Handle("POST /admin/people/{id}/end", s.operator(s.endSessionsOf))
	mux.Handle("GET /admin/keys", s.operator(s.showKeys))
	mux.Handle("POST /admin/keys", s.operator(s.makeKey))
	mux.Handle("POST /admin/keys/{id}/revoke", s.operator(s.revokeKey))

	if s.Styles {
		mux.Handle("GET /styleguide", s.page(s.showStyleguide))
	}
	mux.Handle("/", s.page(s.showMissing))
	return mux
}
