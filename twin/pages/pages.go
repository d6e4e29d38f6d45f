// Package pages is what people see of the twin: the hosted checkout, the
// provider's customer portal, the mailbox and the workbench behind the scenes. It
// knows the engine and HTML; it must not know the provider's wire format, nor the
// product, to which it is just another web site.
//
// Every page works without JavaScript, and there is none.
package pages

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// Config says where the pages are served and what the workbench shows.
type Config struct {
	BaseURL string       // scheme and host under which buyers reach the twin, no trailing slash
	Log     *slog.Logger // nil: slog.Default
	Tokens  []Token      // fixed credentials, shown to whoever can open the workbench
	// Deliver is how long paying waits for checkout.updated to be delivered; 0 for the
	// provider's own 15 seconds (Polar's checkout page, 2026-08).
	Deliver time.Duration
}

// Token is one named credential of the test environment.
type Token struct{ Name, Value string }

type server struct {
	Config
	engine *twin.Engine
}

// New serves /checkout/, /{organization slug}/portal, /_twin/, /_twin/mail,
// /_twin/mail.json and the pages' own stylesheet.
func New(engine *twin.Engine, config Config) http.Handler {
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Deliver == 0 {
		config.Deliver = 15 * time.Second
	}
	config.BaseURL = strings.TrimSuffix(config.BaseURL, "/")
	s := &server{Config: config, engine: engine}
	// Three muxes, since a checkout's secret and an organization's slug could be any
	// word: /checkout/portal belongs to the first alone.
	mux := http.NewServeMux()
	mux.Handle("/checkout/", s.routes(map[string]answer{
		"GET /checkout/{secret}":              s.showCheckout,
		"POST /checkout/{secret}":             s.editCheckout,
		"GET /checkout/{secret}/bank":         s.showBank,
		"POST /checkout/{secret}/bank":        s.answerBank,
		"GET /checkout/{secret}/confirmation": s.showConfirmation,
	}))
	mux.Handle("/_twin/", s.routes(map[string]answer{
		"GET /_twin/{$}":                     s.showFront,
		"POST /_twin/clock":                  s.moveClock,
		"POST /_twin/events/{id}":            s.resend,
		"POST /_twin/endpoints/{id}":         s.switchOn,
		"POST /_twin/faults":                 s.addFault,
		"POST /_twin/faults/clear":           s.clearFaults,
		"POST /_twin/limits":                 s.setLimit,
		"POST /_twin/customers/{id}/decline": s.declineNext,
		"GET /_twin/mail":                    s.listMail,
		"GET /_twin/mail.json":               s.listMailJSON,
		"GET /_twin/mail/{id}":               s.showMail,
		"GET /_twin/mail/{id}/letter":        s.showLetter,
	}))
	mux.Handle("/", s.routes(map[string]answer{
		"GET /{slug}/portal":                              s.showPortal,
		"GET /{slug}/portal/subscriptions/{id}/cancel":    s.showCancel,
		"POST /{slug}/portal/subscriptions/{id}/cancel":   s.cancelSubscription,
		"POST /{slug}/portal/subscriptions/{id}/uncancel": s.uncancelSubscription,
		"GET /{slug}/portal/orders/{id}/pay":              s.showPayment,
		"POST /{slug}/portal/orders/{id}/pay":             s.payOrder,
	}))
	mux.Handle(look.Prefix, look.Files())
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		look.Guard(w)
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		guarded.ServeHTTP(w, r)
	})
}

// answer writes a page or a redirect; an error it returns becomes a page too.
type answer func(http.ResponseWriter, *http.Request) error

// routes serves one surface; whatever it does not know is a page that says so.
func (s *server) routes(table map[string]answer) http.Handler {
	mux := http.NewServeMux()
	for pattern, a := range table {
		mux.HandleFunc(pattern, s.handle(a))
	}
	mux.HandleFunc("/", s.handle(func(http.ResponseWriter, *http.Request) error { return twin.ErrNotFound }))
	return mux
}

// handle answers errors with a page: what is not there is 404, refused input that a
// page did not explain itself is 409, anything else is our own fault.
func (s *server) handle(a answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := a(w, r)
		if err == nil || r.Context().Err() != nil {
			return
		}
		var refused *twin.Refused
		var invalid *twin.Invalid
		status, heading, text := http.StatusInternalServerError, "Something broke here", "The fault is in the test environment. It was logged; try again."
		switch {
		case errors.Is(err, twin.ErrNotFound):
			status, heading, text = http.StatusNotFound, "There is nothing here", "The address is wrong, or what it led to is gone. Go back to where you came from and try from there."
		case errors.As(err, &refused):
			status, heading, text = http.StatusConflict, "That is not possible now", refused.Detail
		case errors.As(err, &invalid):
			status, heading, text = http.StatusUnprocessableEntity, "That was not understood", invalid.Fields[0].Msg
		default:
			s.Log.ErrorContext(r.Context(), "twin page", "method", r.Method, "pattern", r.Pattern, "err", err)
		}
		if err := look.Render(w, r, status, look.Message(look.Page{Title: heading}, heading, text, "", "")); err != nil {
			http.Error(w, heading, http.StatusInternalServerError)
		}
	}
}

// origin is scheme://host of an absolute web address, or "" for anything else. A
// scheme other than http would let a merchant's link run script in our pages.
func origin(address string) string {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" || (target.Scheme != "http" && target.Scheme != "https") {
		return ""
	}
	return target.Scheme + "://" + target.Host
}

// webAddress is the address if a browser may be sent there, else "".
func webAddress(address string) string {
	if origin(address) == "" {
		return ""
	}
	return address
}

// day writes a date the way the pages show dates, in UTC.
func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

// shortDay writes a date for a narrow column, in UTC.
func shortDay(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

// minute writes a date and a time, in UTC.
func minute(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") }
