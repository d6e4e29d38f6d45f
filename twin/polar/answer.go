package polar

import (
	"errors"
	"net/http"

	"counterfoil/twin"
)

// problem is the body of most errors.
type problem struct {
	Error  string `json:"error"`
	Detail string `json:"detail"`
}

// plainDetail is the body of the few errors without a class.
type plainDetail struct {
	Detail string `json:"detail"`
}

// invalidBody is the body of a 422.
type invalidBody struct {
	Error  string         `json:"error"`
	Detail []invalidField `json:"detail"`
}

// invalidField is one complaint of a 422.
type invalidField struct {
	Loc   []any  `json:"loc"`
	Msg   string `json:"msg"`
	Type  string `json:"type"`
	Input any    `json:"input"`
}

// statuses are the HTTP statuses of the engine's refusals, by class.
var statuses = map[string]int{
	"ExpiredCheckoutError": http.StatusGone, "NotOpenCheckout": http.StatusForbidden,
	"AlreadyActiveSubscriptionError": http.StatusForbidden, "TrialAlreadyRedeemed": http.StatusForbidden,
	"DiscountRedemptionLimitReached": http.StatusForbidden, "PaymentError": http.StatusBadRequest,
	"CheckoutCustomerExternalIdMismatch": http.StatusUnprocessableEntity,
	"AlreadyCanceledSubscription":        http.StatusForbidden, "InactiveSubscription": http.StatusForbidden,
	"CannotPauseSubscription": http.StatusConflict, "NoScheduledPause": http.StatusConflict,
	"NotPausedSubscription": http.StatusConflict, "SubscriptionLocked": http.StatusConflict,
	"RefundPendingCreation": http.StatusConflict,
	"RefundedAlready":       http.StatusForbidden, "RevokeSubscriptionBenefitsProhibited": http.StatusBadRequest,
	"MissingInvoiceBillingDetails": http.StatusUnprocessableEntity, "OrderNotEligibleForInvoice": http.StatusConflict,
	"InvoiceDoesNotExist": http.StatusNotFound, "OrderNotEligibleForRetry": http.StatusUnprocessableEntity,
	"PaymentFailed": http.StatusPaymentRequired, "NotASeatBasedSubscription": http.StatusBadRequest,
	"SeatsAlreadyAssigned": http.StatusBadRequest, "BelowMinimumSeats": http.StatusBadRequest,
	"AboveMaximumSeats": http.StatusBadRequest, "SeatNotAvailable": http.StatusBadRequest,
	"SeatAlreadyAssigned": http.StatusBadRequest, "SeatNotPending": http.StatusBadRequest,
	"InvalidInvitationToken": http.StatusBadRequest, "InvalidSeatAssignmentRequest": http.StatusBadRequest,
	"CustomerNotFound": http.StatusNotFound, "PaymentMethodSetupFailed": http.StatusBadRequest,
	"PaymentMethodInUseByActiveSubscription": http.StatusBadRequest, "ReceiptNotAllocated": http.StatusNotFound,
	"CustomerSessionCodeInvalidOrExpired": http.StatusUnauthorized, "InvalidCustomerEmailUpdate": http.StatusUnauthorized,
	"UpdateSubscriptionPlanNotAllowed": http.StatusForbidden, "UpdateSubscriptionSeatsNotAllowed": http.StatusForbidden,
	"EventDoesNotExist": http.StatusNotFound, "NotPermitted": http.StatusForbidden, "BadRequest": http.StatusBadRequest,
}

// writeJSON answers with a body. Everything is encoded before the first byte goes out.
func writeJSON(w http.ResponseWriter, status int, body any) {
	data, err := encode(body)
	if err != nil {
		http.Error(w, `{"error":"InternalServerError","detail":"`+http.StatusText(500)+`"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(data) // a caller who left needs no answer
}

// fail answers an error in Polar's form.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var invalid *twin.Invalid
	var refused *twin.Refused
	switch {
	case errors.Is(err, twin.ErrNotFound):
		writeJSON(w, http.StatusNotFound, problem{"ResourceNotFound", "Not found"})
	case errors.As(err, &invalid):
		writeJSON(w, http.StatusUnprocessableEntity, invalidAnswer(invalid))
	case errors.As(err, &refused) && statuses[refused.Class] != 0:
		writeJSON(w, statuses[refused.Class], problem{refused.Class, refused.Detail})
	default:
		s.log.ErrorContext(r.Context(), "polar twin", "method", r.Method, "path", r.URL.Path, "err", err)
		writeJSON(w, http.StatusInternalServerError, problem{"InternalServerError", "Internal Server Error"})
	}
}

// invalidAnswer writes field errors: the engine's own rules answer as PolarRequestValidationError, malformed
// requests as RequestValidationError.
func invalidAnswer(err *twin.Invalid) invalidBody {
	body := invalidBody{Error: "RequestValidationError"}
	for _, f := range err.Fields {
		if f.Type == "" || f.Type == "value_error" {
			f.Type = "value_error"
			body.Error = "PolarRequestValidationError"
		}
		body.Detail = append(body.Detail, invalidField(f))
	}
	return body
}

// wrong is a 422 about one input.
func wrong(kind, msg string, input any, loc ...any) error {
	return &twin.Invalid{Fields: []twin.FieldError{{Loc: loc, Msg: msg, Type: kind, Input: input}}}
}
