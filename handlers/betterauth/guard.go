package betterauth

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
)

// handler is one endpoint. It answers, or returns an error that says why not: a refusal
// is told as it is, anything else is our own fault, logged, and told as a bare 500.
type handler func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error

// freshAge is how long ago a caller may have proven who he is where the original wants
// a session created within its freshAge.
const freshAge = 24 * time.Hour

// public is for what is the same for everybody: it does not look who is calling.
func (s *Server) public(h handler) http.Handler {
	return s.route(func(w http.ResponseWriter, r *http.Request) error { return h(w, r, auth.Visitor{}) })
}

// open lets anyone in; who tells whether somebody is signed in.
func (s *Server) open(h handler) http.Handler {
	return s.route(func(w http.ResponseWriter, r *http.Request) error {
		r = auth.OnWire(r, false)
		who, err := s.who(w, r)
		if err != nil {
			return err
		}
		return h(w, r, who)
	})
}

// signedIn answers 401 to whoever is not.
func (s *Server) signedIn(h handler) http.Handler {
	return s.open(func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		if !who.SignedIn() {
			return refuse(http.StatusUnauthorized, "UNAUTHORIZED", "Unauthorized")
		}
		if r.Method != http.MethodGet && s.Pace != nil && !s.Pace(who.CustomerID) {
			return tooMany(time.Minute)
		}
		return h(w, r, who)
	})
}

// fresh is signedIn for what needs a recent proof.
func (s *Server) fresh(h handler) http.Handler {
	return s.signedIn(func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		if s.Now().Sub(who.ProvenAt) >= freshAge {
			return refuse(http.StatusForbidden, "SESSION_NOT_FRESH", "Session is not fresh")
		}
		return h(w, r, who)
	})
}

// recent is signedIn for what changes how somebody comes in: the caller must have proven
// who he is within the last quarter of an hour. Better Auth would take a day.
func (s *Server) recent(h handler) http.Handler {
	return s.signedIn(func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		if !s.Auth.Fresh(who) {
			return refuse(http.StatusForbidden, "SESSION_NOT_FRESH", "Session is not fresh")
		}
		return h(w, r, who)
	})
}

// who tells who is calling, and renews the cookie of a session when that is a day old,
// unless the caller wants no refresh.
func (s *Server) who(w http.ResponseWriter, r *http.Request) (auth.Visitor, error) {
	who, err := s.Auth.Who(r)
	if errors.Is(err, billing.ErrInvalid) {
		return who, refuse(http.StatusBadRequest, "BAD_REQUEST", "Two session cookies")
	}
	if err != nil || !who.SignedIn() || truthy(r.URL.Query().Get("disableRefresh")) {
		return who, err
	}
	renewed, err := s.Auth.Renew(w, r)
	if err != nil || !renewed {
		return who, err
	}
	return s.Auth.Who(r)
}

// truthy is a boolean of a query as the original coerces it: any text is true.
func truthy(text string) bool { return text != "" }

// tooMany is the refusal of a caller in a hurry.
func tooMany(wait time.Duration) error {
	return &refusal{Status: http.StatusTooManyRequests, Message: "Too many requests. Please try again later.", wait: wait}
}

// retryAfter tells in whole seconds, rounded up, when to come back.
func retryAfter(wait time.Duration) string {
	return strconv.Itoa(int((wait + time.Second - 1) / time.Second))
}
