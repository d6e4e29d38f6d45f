package betterauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"counterfoil/auth"
)

// route turns the error of an endpoint into an answer.
func (s *Server) route(h func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil || r.Context().Err() != nil {
			return
		}
		said, ok := errors.AsType[*refusal](err)
		if !ok {
			s.Log.ErrorContext(r.Context(), "request failed", "pattern", r.Pattern, "err", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		s.tell(w, r, said)
	})
}

func (s *Server) tell(w http.ResponseWriter, r *http.Request, said *refusal) {
	if err := said.tell(w); err != nil {
		s.Log.DebugContext(r.Context(), "the caller left before the answer", "err", err)
	}
}

// refusal is an error in the words of the wire. Core errors carry a code, those of
// the Polar plugin only a message.
type refusal struct {
	Status  int           `json:"-"`
	Message string        `json:"message"`
	Code    string        `json:"code,omitempty"`
	wait    time.Duration // of 429, when to come back
}

func (e *refusal) Error() string { return fmt.Sprintf("%d %s %s", e.Status, e.Code, e.Message) }

// refuse makes a refusal. An empty code leaves the code out.
func refuse(status int, code, message string) error {
	return &refusal{Status: status, Message: message, Code: code}
}

func (e *refusal) tell(w http.ResponseWriter) error {
	if e.wait > 0 {
		w.Header().Set("X-Retry-After", retryAfter(e.wait))
	}
	return send(w, e.Status, e)
}

// answer sends a value with 200, the only status of success here.
func answer(w http.ResponseWriter, value any) error { return send(w, http.StatusOK, value) }

var jsonType = []string{"application/json"}

func send(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, err = w.Write(body)
	return err
}

// plainCode is an error code that may be shown.
var plainCode = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// showError handles GET /error: the page that a sign-in ends on when it failed and
// named no page of its own. It shows the code, and nothing else of the address.
func (s *Server) showError(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	code := r.URL.Query().Get("error")
	if !plainCode.MatchString(code) {
		code = "UNKNOWN"
	}
	if s.Failed == nil {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := fmt.Fprintf(w, "<!doctype html><title>%s</title><h1>%s</h1>", code, code)
		return err
	}
	s.Failed(w, r, code)
	return nil
}
