package v1

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
)

// lacking refuses a key that may not do what it asks for.
type lacking struct{ scope auth.Scope }

func (e *lacking) Error() string { return fmt.Sprintf("the key lacks the scope %s", e.scope) }

// tooMany refuses a key that is used too often.
type tooMany struct{ wait time.Duration }

func (e *tooMany) Error() string { return "too many requests with this key" }

// problem is what a refusal says, as {"error": {...}}.
type problem struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"` // what of the request is wrong
}

// problemOf puts an error into words for the caller's developers. An error of no known
// kind is our own fault, and tells nothing.
func problemOf(err error) problem {
	if lacks, ok := errors.AsType[*lacking](err); ok {
		return problem{http.StatusForbidden, "missing_scope", "This key lacks the scope " + string(lacks.scope) + ". Make a key that has it under /admin/keys.", ""}
	}
	if hasty, ok := errors.AsType[*tooMany](err); ok {
		return problem{http.StatusTooManyRequests, "too_many_requests", fmt.Sprintf("Wait %d seconds, as Retry-After says.", seconds(hasty.wait)), ""}
	}
	if wrong, ok := errors.AsType[*wrongInput](err); ok {
		return problem{http.StatusBadRequest, "invalid_request", wrong.message, wrong.field}
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem{http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("Send at most %d bytes in one request.", large.Limit), ""}
	}
	switch {
	case errors.Is(err, billing.ErrDenied):
		return problem{http.StatusUnauthorized, "unauthorized", "Send an API key that counts, as Authorization: Bearer cfk_...", ""}
	case errors.Is(err, billing.ErrNotFound):
		return problem{http.StatusNotFound, "not_found", "There is nothing here. Check the path and the id in it.", ""}
	case errors.Is(err, db.ErrFull), errors.Is(err, db.ErrBroken), db.Unreachable(err):
		return problem{http.StatusServiceUnavailable, "unavailable", "Nothing was changed. Send the same request again later.", ""}
	}
	return problem{http.StatusInternalServerError, "internal", "Something is wrong on our side. The log has more under this request's X-Request-Id.", ""}
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the caller left
	}
	p := problemOf(err)
	if p.status >= http.StatusInternalServerError {
		s.Log.ErrorContext(r.Context(), "request failed", "pattern", r.Pattern, "err", err)
	}
	switch p.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="api"`)
	case http.StatusTooManyRequests:
		hasty, _ := errors.AsType[*tooMany](err)
		w.Header().Set("Retry-After", strconv.Itoa(seconds(hasty.wait)))
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "30")
	}
	if err := send(w, p.status, map[string]problem{"error": p}); err != nil {
		s.Log.DebugContext(r.Context(), "the caller left before the answer", "err", err)
	}
}

func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

func send(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(append(body, '\n'))
	return err
}

// wrongInput says what of a request cannot be taken.
type wrongInput struct{ field, message string }

func (e *wrongInput) Error() string { return e.field + ": " + e.message }

// Unwrap makes it an ErrInvalid.
func (e *wrongInput) Unwrap() error { return billing.ErrInvalid }

// number writes credits exactly, as a JSON number.
func number(c billing.Credits) json.Number { return json.Number(c.String()) }

// instant is a time, or null for none.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
