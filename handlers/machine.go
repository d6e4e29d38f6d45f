package handlers

import (
	"log/slog"
	"net/http"

	"counterfoil/auth"
	"counterfoil/views"
)

// machineRoute is a route without a session, read by a program: health checks and
// webhooks. It skips what is for the reader of a page. What it answers well is logged at debug level alone, for it happens all the time, and what
// matters of it is kept elsewhere.
type machineRoute struct{ http.Handler }

// Headers of every answer to a machine, shared by all of them.
var (
	noStore    = []string{"no-store"}
	noSniff    = []string{"nosniff"}
	nothing    = []string{"default-src 'none'; frame-ancestors 'none'"}
	httpsOnly  = []string{hsts}
	sameOrigin = []string{"same-origin"}
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

// foreign makes such a route of a handler that speaks another server's API and brings
// its own rules about origins and bodies.
func (s *Server) foreign(next http.Handler) http.Handler {
	return s.machine(func(w http.ResponseWriter, r *http.Request) error {
		w.Header()["Referrer-Policy"] = sameOrigin
		next.ServeHTTP(w, r)
		return nil
	})
}

// showFailedSignIn is the page on which a sign-in through the Better Auth API ends that
// failed and named no page of its own. Unlike other answers there it is for a reader.
func (s *Server) showFailedSignIn(w http.ResponseWriter, r *http.Request, code string) {
	w.Header().Set("Content-Security-Policy", s.csp)
	page := s.frame(r, auth.Visitor{}, "failure.title.400", "")
	page.Path = "/" // it has nothing to come back to
	failure := views.Failure{Status: http.StatusBadRequest, Detail: page.T.T("failure.wire", "Code", code)}
	if err := s.render(w, r, http.StatusBadRequest, views.FailurePage(page, failure)); err != nil {
		s.Log.ErrorContext(r.Context(), "show a failed sign-in", "err", err)
	}
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
