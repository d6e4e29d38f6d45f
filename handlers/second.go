package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"counterfoil/auth"
	"counterfoil/views"
)

// arrived sends somebody on who has signed in, or to the second step if he needs it.
func (s *Server) arrived(w http.ResponseWriter, arrival auth.Arrival) {
	if arrival.Second {
		redirect(w, "/login/second")
		return
	}
	redirect(w, localPath(arrival.Next, "/portal"))
}

// arrivedBack is arrived for a sign-in that may have been asked for over the Better Auth
// API: it leads back to a trusted origin, too. It does that by a page rather than a
// redirect, since browsers hold redirects of a form against form-action.
func (s *Server) arrivedBack(w http.ResponseWriter, r *http.Request, arrival auth.Arrival) error {
	to := s.back(arrival.Next)
	if arrival.Second || to == "" || strings.HasPrefix(to, "/") {
		s.arrived(w, arrival)
		return nil
	}
	w.Header().Set("Refresh", "0; url="+to)
	w.Header().Set("Cache-Control", "private, no-store")
	return s.render(w, r, http.StatusOK, views.BackPage(s.frame(r, auth.Visitor{}, "back.title", ""), to))
}

// back rebuilds an address that a browser may be led to: on a trusted origin of the Better
// Auth API, or a path of our own. It is empty for any other.
func (s *Server) back(raw string) string {
	if raw == "" || len(raw) > maxPath || !s.betterAuth.LeadsHome(raw) {
		return ""
	}
	if strings.HasPrefix(raw, "/") {
		return localPath(raw, "")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.String()
}

// showSecond handles GET /login/second: the second step of a sign-in.
func (s *Server) showSecond(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if who.SignedIn() {
		redirect(w, "/portal")
		return nil
	}
	halfway, err := s.Auth.Halfway(r)
	if err != nil {
		return err
	}
	if !halfway {
		redirect(w, "/login")
		return nil
	}
	return s.secondPage(w, r, http.StatusOK, "")
}

func (s *Server) secondPage(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	page := s.frame(r, auth.Visitor{}, "second.title", "")
	w.Header().Set("Cache-Control", "private, no-store")
	return s.render(w, r, status, views.SecondPage(page, views.Proof{Error: problem}))
}

// secondStep handles POST /login/second.
func (s *Server) secondStep(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if who.SignedIn() {
		redirect(w, "/portal") // the form was sent twice
		return nil
	}
	arrival, err := s.Auth.SecondStep(w, r, r.PostFormValue("code"))
	refusal := auth.ReasonOf(err)
	switch {
	case refusal == nil && err != nil:
		return err
	case refusal == nil:
		return s.arrivedBack(w, r, arrival)
	case refusal.Reason == auth.ForeignBrowser: // too late, or begun elsewhere
		return s.refused(w, r, views.Login{}, refusal)
	}
	s.Log.InfoContext(r.Context(), "second step refused", "reason", refusal.Reason, "err", refusal)
	t := s.frame(r, who, "", "").T
	problem := refusalText(t, refusal, "")
	if refusal.Reason == auth.BadCode {
		problem = t.T("second.bad")
	}
	retryAfter(w, refusal)
	return s.secondPage(w, r, refusalStatus(refusal), problem)
}
