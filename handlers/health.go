package handlers

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// showHealth handles GET /healthz: the process is alive. It depends on nothing.
func (s *Server) showHealth(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := fmt.Fprintln(w, "ok")
	return err
}

// showReadiness handles GET /readyz: the portal can serve. A provider that is down
// does not make it unready, since pages never need one.
func (s *Server) showReadiness(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	if err := s.Store.Ready(ctx); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := fmt.Fprintln(w, "ready")
	return err
}
