package polar

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// strike serves the request, unless a fault was asked for.
func (s *Server) strike(w http.ResponseWriter, r *http.Request, next http.Handler) {
	fault, ok := s.engine.TakeFault(r.URL.Path)
	if !ok {
		next.ServeHTTP(w, r)
		return
	}
	switch fault.Kind {
	case "latency":
		select {
		case <-r.Context().Done():
			return
		case <-time.After(time.Duration(fault.DelayMS) * time.Millisecond):
		}
		next.ServeHTTP(w, r)
	case "status":
		if fault.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(fault.RetryAfter))
		}
		writeJSON(w, fault.Status, problem{"InjectedFault", http.StatusText(fault.Status)})
	case "html":
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		w.Write([]byte("<html><body><h1>502 Bad Gateway</h1></body></html>"))
	case "lost": // the effect happens, the answer is lost
		next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	default: // cut
		panic(http.ErrAbortHandler) // the server closes the connection without an answer
	}
}
