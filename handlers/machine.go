package handlers

import (
	"log/slog"
	"net/http"
)

// machineRoute is a route without a session, read by a program: health checks and
// webhooks. It skips what is for the reader of a page. What it answers well is logged at debug level alone, for it happens all the time, and what
// matters of it is kept elsewhere.
type machineRoute struct{ http.Handler }

// Headers of every answer to a machine, shared by all of them.
var (
	noStore   = []string{"no-store"}
	noSniff   = []string{"nosniff"}
	nothing   = []string{"default-src 'none'; frame-ancestors 'none'"}
	httpsOnly = []string{hsts}
)

// machine makes such a route. Its handler bounds what it reads.
func (s *Server) machine(h func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return machineRoute{s.observed(slog.LevelDebug, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header["Cache-Control"], header["X-Content-Type-Options"], header["Content-Security-Policy"] = noStore, noSniff, nothing
		if s.cookieSecure {
			header["Strict-Transport-Security"] = httpsOnly
		}
		if err := h(w, r); err != nil {
			s.Log.ErrorContext(r.Context(), "request failed", "pattern", r.Pattern, "err", err)
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		}
	}))}
}

// apart sends what is for a machineRoute there, past everything that pages go through.
func apart(routes *http.ServeMux, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := routes.Handler(r)
		if machine, ok := handler.(machineRoute); ok {
			r.Pattern = pattern
			machine.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}
