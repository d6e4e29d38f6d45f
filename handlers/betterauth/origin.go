package betterauth

import (
	"errors"
	"net/http"
	"strings"

	"counterfoil/auth"
)

// fromTrustedOrigins refuses unsafe requests that carry cookies and come from a page
// of another origin, or do not say where from (Better Auth 1.7, origin check). Without
// a cookie there is nothing to abuse, so servers may call.
func (s *Server) fromTrustedOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions:
		default:
			// What a provider's page posts to a callback is only led on.
			err = s.checkOrigin(r, r.Header.Get("Cookie") != "" && !strings.HasPrefix(r.URL.Path, root+"/callback/"))
			if target := r.URL.Query().Get("callbackURL"); err == nil && target != "" && !s.leadsHome(target) {
				err = refuse(http.StatusForbidden, "INVALID_CALLBACK_URL", "Invalid callbackURL")
			}
		}
		if said, ok := errors.AsType[*refusal](err); ok {
			s.tell(w, r, said)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// checkOrigin wants a request to name a trusted origin, when it must.
func (s *Server) checkOrigin(r *http.Request, must bool) error {
	if !must {
		return nil
	}
	origin := r.Header.Get("Origin")
	from := origin
	if origin == "" {
		from = originOf(r.Referer())
	}
	if origin == "null" && r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		from = s.origin // a page of ours that hides where it is
	}
	switch {
	case from == "" && r.Referer() == "" || from == "null":
		return refuse(http.StatusForbidden, "MISSING_OR_NULL_ORIGIN", "Missing or null Origin")
	case !s.trusts(from):
		return refuse(http.StatusForbidden, "INVALID_ORIGIN", "Invalid origin")
	}
	return nil
}

// signingIn guards the endpoints that a form of another site could use to sign somebody
// in as somebody else: without a cookie too, what a browser sends must come from a page
// that is trusted. What is no browser says nothing of the sort, and passes.
func (s *Server) signingIn(h handler) http.Handler {
	return s.open(func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		if r.Header.Get("Cookie") == "" { // else it was checked already
			header := r.Header
			fetched := strings.TrimSpace(header.Get("Sec-Fetch-Site")+header.Get("Sec-Fetch-Mode")+header.Get("Sec-Fetch-Dest")) != ""
			if fetched && header.Get("Sec-Fetch-Site") == "cross-site" && header.Get("Sec-Fetch-Mode") == "navigate" {
				return refuse(http.StatusForbidden, "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED",
					"Cross-site navigation login blocked. This request appears to be a CSRF attack.")
			}
			if err := s.checkOrigin(r, fetched || header.Get("Origin") != "" || header.Get("Referer") != ""); err != nil {
				return err
			}
		}
		return h(w, r, who)
	})
}

// sharedWithOrigins lets pages of trusted origins read the answers (CORS with
// credentials), and answers their browsers' preflights. Nobody else's.
func (s *Server) sharedWithOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if len(s.trusted) > 0 {
			w.Header().Add("Vary", "Origin")
		}
		if origin == "" || origin == "null" || origin == s.origin || !s.trusts(origin) {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", "X-Retry-After")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			h.Set("Access-Control-Allow-Headers", "content-type")
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
