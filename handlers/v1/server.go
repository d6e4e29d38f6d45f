// Package v1 is our own API, /api/v1, for other servers of whoever runs this portal.
// They come with an API key; what it may do is its scopes. The package knows paths and
// shapes of this API alone: keys are auth's, objects and rules billing's. Every answer
// comes from the database; no request waits for a provider.
package v1

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
)

// Config is what a Server needs; all fields are required.
type Config struct {
	Store    *db.Store
	Auth     *auth.Service
	Provider string // name of the provider that usage is reported to
	Poke     func() // tells the worker that there is something to do
	Now      func() time.Time
	Log      *slog.Logger
}

// Server answers what comes to /api/v1.
type Server struct {
	Config
	pace pace
}

// New returns a Server.
func New(config Config) *Server { return &Server{Config: config} }

// Handler returns the routes. Beside each stands the scope that a key needs.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /api/v1/events", s.route(auth.ScopeEvents, s.recordEvents))
	mux.Handle("GET /api/v1/customers", s.route(auth.ScopeCustomers, s.findCustomer))
	mux.Handle("GET /api/v1/customers/{id}", s.route(auth.ScopeCustomers, s.showCustomer))
	mux.Handle("GET /api/v1/customers/{id}/entitlements", s.route(auth.ScopeEntitlements, s.showEntitlements))
	mux.Handle("GET /api/v1/customers/{id}/credits", s.route(auth.ScopeCredits, s.showCredits))
	mux.Handle("/api/v1/", s.route("", func(http.ResponseWriter, *http.Request, auth.Key) error {
		return fmt.Errorf("there is no such endpoint: %w", billing.ErrNotFound)
	}))
	return mux
}

// handler is one endpoint, called with a key that may use it.
type handler func(w http.ResponseWriter, r *http.Request, key auth.Key) error

// route lets a request in whose key has the scope, and is not sent too often.
func (s *Server) route(scope auth.Scope, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.enter(w, r, scope, h); err != nil {
			s.fail(w, r, err)
		}
	})
}

func (s *Server) enter(w http.ResponseWriter, r *http.Request, scope auth.Scope, h handler) error {
	key, err := s.Auth.KeyOf(r)
	if err != nil {
		return err
	}
	if wait := s.pace.wait(key.ID, s.Now()); wait > 0 {
		return &tooMany{wait}
	}
	if scope != "" && !key.Allows(scope) {
		s.Log.WarnContext(r.Context(), "API key without the scope", "key", key.ID, "scope", scope, "pattern", r.Pattern)
		return &lacking{scope}
	}
	return h(w, r, key)
}
