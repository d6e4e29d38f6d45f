package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"counterfoil/twin"
)

// control is the twin's own JSON API, for tests and scripts:
//
//	GET    /_twin/clock       {"now":..., "offset_ns":...}
//	POST   /_twin/clock       {"by":"36h"} or {"to":"2027-01-01T00:00:00Z"}: forward only
//	GET    /_twin/state.json  counts of everything, clock, faults
//	and what makes it misbehave, see misbehaviour
//	GET    /_twin/invoices/ID the PDF of a generated invoice
//	GET    /_twin/receipts/ID the PDF of the receipt of a paid order
//	POST   /_twin/wallets     {"customer_id":...,"currency":"usd","amount":500}: money a customer holds
//	POST   /_twin/disputes    {"order_id":...,"status":"needs_response"}: a bank asks for a payment back
//	GET    /_twin/files/SECRET what a merchant uploaded; PUT /_twin/files/SECRET/NUMBER uploads a part
//
// It is served to anyone who can reach the twin, but not to other sites through a visitor's browser: what
// changes something must come as application/json, which a foreign page cannot send unasked.
type control struct {
	engine *twin.Engine
	mux    *http.ServeMux
}

// newControl builds the control API of an engine.
func newControl(engine *twin.Engine) *control {
	c := &control{engine: engine, mux: http.NewServeMux()}
	c.mux.HandleFunc("GET /_twin/clock", c.showClock)
	c.mux.HandleFunc("POST /_twin/clock", c.moveClock)
	c.mux.HandleFunc("GET /_twin/state.json", c.showState)
	c.misbehaviour()
	c.mux.HandleFunc("GET /_twin/invoices/{id}", c.showInvoice)
	c.mux.HandleFunc("GET /_twin/receipts/{id}", c.showReceipt)
	c.mux.HandleFunc("GET /_twin/files/{secret}", c.showFile)
	c.mux.HandleFunc("PUT /_twin/files/{secret}/{number}", c.putPart)
	c.mux.HandleFunc("POST /_twin/wallets", c.topUp)
	c.mux.HandleFunc("POST /_twin/disputes", c.openDispute)
	return c
}

// ServeHTTP answers one of the routes above.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.ServeHTTP(w, r) }

// wants reports whether the request is for the control API: one of its routes and, for a POST, JSON.
func (c *control) wants(r *http.Request) bool {
	if r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return false
	}
	_, pattern := c.mux.Handler(r)
	return pattern != ""
}

// clock is the answer of /_twin/clock.
type clock struct {
	Now    time.Time     `json:"now"`
	Offset time.Duration `json:"offset_ns"`
}

func (c *control) showClock(w http.ResponseWriter, _ *http.Request) {
	s := c.engine.Summary()
	answer(w, http.StatusOK, clock{s.Now, s.Offset})
}

// maxMove is how far the clock moves at once. Everything on the way is played, with its webhooks: a slip of
// the hand that asks for a century would fill the file with thousands of renewals, and the clock does not go back.
const maxMove = 10 * 366 * 24 * time.Hour

// moveClock moves by a duration or to a time.
func (c *control) moveClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		By string    `json:"by"`
		To time.Time `json:"to"`
	}
	err := decode(r, &in)
	if err == nil {
		err = c.moveTo(r, in.By, in.To)
	}
	if err != nil {
		answer(w, http.StatusUnprocessableEntity, failure{err.Error()})
		return
	}
	c.showClock(w, r)
}

func (c *control) moveTo(r *http.Request, length string, to time.Time) error {
	if (length == "") == to.IsZero() {
		return errors.New(`say either {"by":"24h"} or {"to":"2027-01-01T00:00:00Z"}`)
	}
	by := to.Sub(c.engine.Now())
	if length != "" {
		var err error
		if by, err = time.ParseDuration(length); err != nil {
			return fmt.Errorf("by is %q: give hours, minutes or seconds, such as 744h or 90m", length)
		}
	}
	if by > maxMove {
		return errors.New("the clock moves by ten years at most: everything on the way is played")
	}
	return c.engine.Advance(r.Context(), by)
}

func (c *control) showState(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, c.engine.Summary())
}

// failure is the body of an error.
type failure struct {
	Error string `json:"error"`
}

// decode reads a small JSON body strictly.
func decode(r *http.Request, out any) error {
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10))
	dec.DisallowUnknownFields()
	if err := dec.Decode(out); err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	return nil
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // a caller who left needs no answer
}
