// Package betterauth speaks Better Auth's HTTP API under /api/auth, so that its
// unmodified clients take this portal for a Better Auth server (better-auth 1.7,
// @polar-sh/better-auth 1.8). It knows paths, shapes, messages and cookies of that
// wire and nothing else: who is calling is auth's to say, what is sold and held is
// the mirror's. Every answer to a read comes from the mirror.
package betterauth

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
)

// Config is what a Server needs; all fields are required but the ones that say so.
type Config struct {
	Store    *db.Store
	Provider billing.Provider
	Checkout Checkout
	// BrowserEvents are the names of usage events that a browser may send; empty for none.
	BrowserEvents []string
	Poke          func() // tells the worker that there is something to do
	Auth          *auth.Service
	BaseURL       string // public origin of the portal, without a slash at the end
	// TrustedOrigins are the other origins whose pages may call with their cookies and
	// be led back to: https://app.example.com, with * and ? as wildcards, a bare host
	// pattern, or a scheme of an app of its own. May be empty.
	TrustedOrigins []string
	// ProveFirst wants addresses proven before their users sign in with a password
	// (Better Auth's requireEmailVerification); a sign-up then tells nobody whether an
	// address is taken.
	ProveFirst bool
	// Pace reports whether a customer may send another form now; may be nil.
	Pace func(customerID string) bool
	// Failed shows the page of a sign-in that failed, in the browser; may be nil.
	Failed func(w http.ResponseWriter, r *http.Request, code string)
	Now    func() time.Time
	Log    *slog.Logger
}

// Server answers what comes to /api/auth.
type Server struct {
	Config
	kept    kept
	waiting atomic.Int32 // requests that wait for somebody new
	origin  string       // of BaseURL, as browsers name it
	trusted []pattern
}

// New checks the configuration and returns a Server.
func New(config Config) (*Server, error) {
	base, err := url.Parse(config.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("base URL %q: want an origin such as https://billing.example.com", config.BaseURL)
	}
	s := &Server{Config: config, origin: base.Scheme + "://" + base.Host}
	for _, entry := range config.TrustedOrigins {
		p, err := newPattern(entry)
		if err != nil {
			return nil, fmt.Errorf("trusted origin: %w", err)
		}
		s.trusted = append(s.trusted, p)
	}
	return s, nil
}

// root is where the API hangs.
const root = "/api/auth"

// endpoint is one route: a method, a path below root, and what answers.
type endpoint struct {
	method, path string
	handler      http.Handler
}

// endpoints is the one table of everything that the API answers. Who may come in stands
// beside each: public (nobody looks), open (anyone), signedIn, or fresh (proven within a day).
func (s *Server) endpoints() []endpoint {
	return []endpoint{
		{"GET", "/ok", s.public(s.tellOK)},
		{"GET", "/error", s.public(s.showError)},
		{"GET", "/get-session", s.open(s.getSession)},
		{"POST", "/get-session", s.public(s.deferSession)},
		{"POST", "/sign-out", s.open(s.signOut)},
		{"GET", "/list-sessions", s.fresh(s.listSessions)},
		{"POST", "/revoke-session", s.signedIn(s.revokeSession)},
		{"POST", "/revoke-sessions", s.signedIn(s.revokeSessions)},
		{"POST", "/revoke-other-sessions", s.signedIn(s.revokeOtherSessions)},

		{"POST", "/checkout", s.open(s.failing("Checkout creation failed", s.startCheckout))},
		{"GET", "/customer/portal", s.signedIn(s.failing("Customer portal creation failed", s.openPortal))},
		{"POST", "/customer/portal", s.signedIn(s.failing("Customer portal creation failed", s.openPortal))},
		{"POST", "/usage/ingest", s.signedIn(s.failing("Ingestion failed", s.ingest))},
		{"GET", "/customer/state", s.signedIn(s.failing("Subscriptions list failed", s.customerState))},
		{"GET", "/customer/subscriptions/list", s.signedIn(s.subscriptionsFail(s.listSubscriptions))},
		{"GET", "/customer/orders/list", s.signedIn(s.failing("Orders list failed", s.listOrders))},
		{"GET", "/customer/benefits/list", s.signedIn(s.failing("Benefits list failed", s.listBenefits))},
		{"GET", "/usage/meters/list", s.signedIn(s.failing("Meters list failed", s.listMeters))},

		{"POST", "/update-session", s.signedIn(s.updateSession)},
		{"POST", "/update-user", s.signedIn(s.updateUser)},
		{"POST", "/delete-user", s.signedIn(s.deleteUser)},

		{"POST", "/sign-up/email", s.signingIn(s.signUpEmail)},
		{"POST", "/sign-in/email", s.signingIn(s.signInEmail)},
		{"POST", "/change-password", s.signedIn(s.changePassword)},
		{"POST", "/verify-password", s.signedIn(s.verifyPassword)},
		{"POST", "/request-password-reset", s.open(s.requestReset)},
		{"GET", "/reset-password/{token}", s.open(s.openReset)},
		{"POST", "/reset-password", s.open(s.resetPassword)},
		{"POST", "/send-verification-email", s.open(s.sendVerification)},
		{"GET", "/verify-email", s.open(s.verifyEmail)},

		{"POST", "/sign-in/social", s.open(s.signInSocial)},
		{"GET", "/callback/{provider}", s.open(s.finishSocial)},
		{"POST", "/callback/{provider}", s.public(s.postCallback)},
		{"GET", "/list-accounts", s.signedIn(s.listAccounts)},
		{"POST", "/link-social", s.recent(s.linkSocial)},
		{"POST", "/unlink-account", s.recent(s.unlinkAccount)},
		{"POST", "/get-access-token", s.signedIn(s.getAccessToken)},
		{"POST", "/refresh-token", s.signedIn(s.refreshToken)},
		{"GET", "/account-info", s.signedIn(s.accountInfo)},

		{"POST", "/change-email", s.recent(s.changeEmail)},
		{"POST", "/sign-in/magic-link", s.signingIn(s.magicLink)},
		{"GET", "/magic-link/verify", s.open(s.openMagicLink)},
		{"POST", "/two-factor/verify-totp", s.open(s.verifyTOTP)},
		{"POST", "/two-factor/verify-backup-code", s.open(s.verifyBackupCode)},

		{"POST", "/email-otp/send-verification-otp", s.signingIn(s.sendOTP)},
		{"POST", "/email-otp/check-verification-otp", s.open(s.checkOTP)},
		{"POST", "/email-otp/verify-email", s.open(s.verifyOTP)},
		{"POST", "/sign-in/email-otp", s.open(s.signInOTP)},
		{"POST", "/email-otp/request-password-reset", s.open(s.askOTP)},
		{"POST", "/forget-password/email-otp", s.open(s.askOTP)},
		{"POST", "/email-otp/reset-password", s.open(s.resetOTP)},
		{"POST", "/email-otp/request-email-change", s.signedIn(s.changeByOTP)},
		{"POST", "/email-otp/change-email", s.signedIn(s.changeByOTP)},
	}
}

// Handler returns the routes behind the rules of the wire. A path that is none, and a
// method that a path does not have, are 404 without a body.
func (s *Server) Handler() http.Handler {
	fixed, mux := map[string]http.Handler{}, http.NewServeMux()
	for _, e := range s.endpoints() {
		if strings.Contains(e.path, "{") {
			mux.Handle(e.method+" "+root+e.path, e.handler)
		} else {
			fixed[e.method+" "+root+e.path] = e.handler
		}
	}
	return s.sharedWithOrigins(s.existing(fixed, mux))
}

// tellOK handles GET /ok: the API is there.
func (s *Server) tellOK(w http.ResponseWriter, _ *http.Request, _ auth.Visitor) error {
	return answer(w, map[string]bool{"ok": true})
}

// existing answers 404 without a body where there is no route for path and method. Most
// paths are fixed, and found in a map; a path is what was sent, never tidied. Where
// requests come from matters only to what is there.
func (s *Server) existing(fixed map[string]http.Handler, mux *http.ServeMux) http.Handler {
	patterned := s.fromTrustedOrigins(mux)
	for at, handler := range fixed {
		fixed[at] = s.fromTrustedOrigins(handler)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler, ok := fixed[r.Method+" "+r.URL.Path]; ok {
			handler.ServeHTTP(w, r)
			return
		}
		_, pattern := mux.Handler(r)
		if pattern == "" || r.Method == http.MethodHead || r.URL.Path != path.Clean(r.URL.Path) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		patterned.ServeHTTP(w, r)
	})
}
