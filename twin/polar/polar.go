// Package polar speaks Polar's HTTP API and webhooks for the twin: paths, JSON shapes, errors, signatures and
// deliveries, after the API as of August 2026 (version 2026-04).
//
// It knows the wire and nothing of the rules behind it, which are the engine's. It must not know the product.
package polar

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"counterfoil/twin"
)

// Config says where buyers and merchants reach the twin.
type Config struct {
	BaseURL string       // scheme and host of hosted pages, no trailing slash
	Log     *slog.Logger // nil: slog.Default
}

// Server serves /v1/ and builds and delivers webhooks.
type Server struct {
	engine  *twin.Engine
	baseURL string
	log     *slog.Logger
	mux     *http.ServeMux
	limiter limiter
	cache   cache
	gone    chan struct{} // closed when deliveries have ended: streams end too
}

// New serves Polar's API for the engine and becomes the engine's webhook renderer. Deliveries start with
// Deliver.
func New(engine *twin.Engine, cfg Config) *Server {
	s := &Server{engine: engine, baseURL: strings.TrimSuffix(cfg.BaseURL, "/"), log: cfg.Log, mux: http.NewServeMux(), gone: make(chan struct{})}
	if s.log == nil {
		s.log = slog.Default()
	}
	engine.SetRenderer(s.render)
	for _, table := range []map[string]http.HandlerFunc{s.routes(), s.shopRoutes(), s.portalRoutes(), s.reportRoutes()} {
		for pattern, h := range table {
			s.mux.HandleFunc(pattern, h)
		}
	}
	return s
}

// maxBody is the largest request body the API takes.
const maxBody = 10 << 20

// ServeHTTP answers under /v1/. Paths are known with and without their trailing slash.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	version := r.Header.Get("Polar-Version")
	if version == "" {
		version = "2026-04"
	}
	w.Header().Set("Polar-Version", version)
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("X-Polar-Sandbox", "1")
	if version != "2026-04" && version != "2026-10" {
		writeJSON(w, http.StatusNotFound, plainDetail{"Not Found"})
		return
	}
	if r.ContentLength < 0 && (r.Method == http.MethodPost || r.Method == http.MethodPatch || r.Method == http.MethodPut) {
		writeJSON(w, http.StatusLengthRequired, problem{"LengthRequired", "Content-Length header is required."})
		return
	}
	if r.ContentLength > maxBody {
		writeJSON(w, http.StatusRequestEntityTooLarge, problem{"RequestBodyTooLarge", "Request body is too large."})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if path := strings.TrimSuffix(r.URL.Path, "/"); path != r.URL.Path {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = path, strings.TrimSuffix(r.URL.RawPath, "/")
	}
	if wait, ok := s.limiter.admit(r, s.engine.RateLimit(), s.engine.Now()); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		http.Error(w, "Too Many Requests", http.StatusTooManyRequests)
		return
	}
	if s.log.Enabled(r.Context(), slog.LevelDebug) {
		_, route := s.mux.Handler(r)
		s.log.DebugContext(r.Context(), "api call", "route", route)
	}
	s.strike(w, r, s.mux)
}

// Deliver sends webhooks until ctx ends; then it also ends the streams that somebody still reads. Call it once.
func (s *Server) Deliver(ctx context.Context) {
	defer close(s.gone)
	newSender(s).run(ctx)
}
