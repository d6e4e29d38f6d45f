package polar

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"counterfoil/billing"
)

// apiError is an answer of Polar other than 2xx: its class and words. It is one of the
// kinds of package billing.
type apiError struct {
	kind    error
	status  int
	class   string // Polar's name, such as ResourceNotFound
	message string
	details []detail // of a 422
	unknown bool     // a write that may have happened
	wait    time.Duration
}

// RetryAfter is how long the provider wants to be left alone; 0 if it did not say.
func (e *apiError) RetryAfter() time.Duration { return e.wait }

// detail is one complaint of a 422.
type detail struct {
	Loc []any  `json:"loc"`
	Msg string `json:"msg"`
}

func (e *apiError) Error() string {
	return fmt.Sprintf("%v: status %d %s: %s", e.kind, e.status, e.class, clip(e.message))
}

func (e *apiError) Unwrap() []error {
	if e.unknown {
		return []error{e.kind, billing.ErrUnknown}
	}
	return []error{e.kind}
}

// refusal reads an answer other than 2xx.
func refusal(m mode, x *exchange) error {
	var body struct {
		Error            string          `json:"error"`
		Detail           json.RawMessage `json:"detail"`
		ErrorDescription string          `json:"error_description"`
	}
	e := &apiError{status: x.status, wait: x.wait}
	readable := isJSON(x) == nil && json.Unmarshal(x.body, &body) == nil
	if readable {
		e.class = body.Error
		if json.Unmarshal(body.Detail, &e.message) != nil {
			// Not text: a list of complaints, or of a shape that is not worth an error.
			if err := json.Unmarshal(body.Detail, &e.details); err != nil {
				e.message = string(body.Detail)
			}
		}
		if e.message == "" {
			e.message = body.ErrorDescription
		}
		for _, d := range e.details {
			e.message = strings.TrimPrefix(e.message+"; "+d.String(), "; ")
		}
	}
	e.kind = e.kindOf(readable)
	e.unknown = m == once && x.status >= 500
	return e
}

// kindOf maps a status to what callers can do about it.
func (e *apiError) kindOf(readable bool) error {
	switch e.status {
	case http.StatusNotFound:
		if !readable || e.class == "" {
			// The router's answer, not Polar's: a wrong base URL, or a version that is
			// gone. Taken for a missing object it would be made a second time.
			e.message = "no such route: is POLAR_SERVER right? " + e.message
			return billing.ErrProvider
		}
		return billing.ErrNotFound
	case http.StatusUnauthorized:
		e.message = "is POLAR_ACCESS_TOKEN right? " + e.message
		return billing.ErrProvider
	case http.StatusUnprocessableEntity:
		if e.taken() {
			return billing.ErrConflict
		}
		return billing.ErrInvalid
	case http.StatusForbidden:
		switch e.class {
		case "insufficient_scope": // the operator's token, not the customer's doing
			return billing.ErrProvider
		case "NotPermitted", "RefundsBlocked":
			return billing.ErrDenied
		}
		return billing.ErrConflict // AlreadyCanceledSubscription and the like
	case http.StatusPaymentRequired, http.StatusConflict, http.StatusGone, http.StatusPreconditionFailed:
		return billing.ErrConflict
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return billing.ErrInvalid
	}
	return billing.ErrProvider // 3xx, 429, 5xx and whatever else: try again later
}

// taken recognises a 422 over an e-mail address or external id that somebody has, or
// that is fixed. Polar tells it from a malformed one by the message alone.
func (e *apiError) taken() bool {
	for _, d := range e.details {
		field := ""
		if len(d.Loc) > 0 {
			field, _ = d.Loc[len(d.Loc)-1].(string) // an index is no field
		}
		if field != "email" && field != "external_id" {
			continue
		}
		if strings.Contains(d.Msg, "already exists") || strings.Contains(d.Msg, "cannot be updated") {
			return true
		}
	}
	return e.class == "CheckoutCustomerExternalIdMismatch"
}

func (d detail) String() string {
	parts := make([]string, len(d.Loc))
	for i, part := range d.Loc {
		parts[i] = fmt.Sprint(part)
	}
	return strings.Join(parts, ".") + ": " + d.Msg
}
