package handlers

import (
	"net/http"

	"counterfoil/auth"
	"counterfoil/views"
)

// showStyleguide handles GET /styleguide: every component on one page.
func (s *Server) showStyleguide(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.render(w, r, http.StatusOK, views.StyleguidePage(s.frame(r, who, "styleguide.title", ""), s.Now()))
}
