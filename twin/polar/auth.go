package polar

import (
	"net/http"
	"strings"

	"counterfoil/twin"
)

// unauthorized is the body for no token, or one of the wrong kind.
var unauthorized = problem{"Unauthorized", "Unauthorized"}

// invalidToken is the body for a token nobody knows.
type invalidToken struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// caller is who a request comes from.
type caller int

const (
	nobody caller = iota
	stranger
	merchant
	buyer
)

// callerOf reads the bearer token; for a buyer also the customer.
func callerOf(v *twin.View, r *http.Request) (caller, string) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return nobody, ""
	}
	if v.Known(token) {
		return merchant, ""
	}
	if s, err := v.SessionByToken(token); err == nil {
		return buyer, s.CustomerID
	}
	return stranger, ""
}

// refuse answers 401.
func refuse(w http.ResponseWriter, who caller) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="polar"`)
	if who == stranger {
		w.Header().Set("WWW-Authenticate", `Bearer realm="polar", error="invalid_token"`)
		writeJSON(w, http.StatusUnauthorized, invalidToken{
			"invalid_token", "The access token provided is expired, revoked, malformed, or invalid for other reasons.",
		})
		return
	}
	writeJSON(w, http.StatusUnauthorized, unauthorized)
}
