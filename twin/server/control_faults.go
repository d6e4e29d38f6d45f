package server

import (
	"net/http"

	"counterfoil/twin"
)

// misbehaviour adds the routes that make the twin a difficult partner:
//
//	POST   /_twin/faults                 one twin.Fault, such as {"kind":"status","status":503,"count":3,"path":"/v1/checkouts"}
//	GET    /_twin/faults                 the faults that still strike
//	DELETE /_twin/faults                 heal
//	PUT    /_twin/limits                 {"per_minute":100}: rate limits as the provider has them; 0 lifts them
//	POST   /_twin/customers/{id}/decline the customer's next charge is declined
//	PUT    /_twin/customers/{id}/card    {"card":"4000000000000341"}: later charges go to this test card
//	POST   /_twin/webhooks/{id}/resend   send a webhook event again
func (c *control) misbehaviour() {
	c.mux.HandleFunc("POST /_twin/faults", c.addFault)
	c.mux.HandleFunc("GET /_twin/faults", c.showFaults)
	c.mux.HandleFunc("DELETE /_twin/faults", c.clearFaults)
	c.mux.HandleFunc("PUT /_twin/limits", c.setLimit)
	c.mux.HandleFunc("POST /_twin/customers/{id}/decline", c.declineNext)
	c.mux.HandleFunc("PUT /_twin/customers/{id}/card", c.setCard)
	c.mux.HandleFunc("POST /_twin/webhooks/{id}/resend", c.resend)
}

// addFault adds one fault and answers with all.
func (c *control) addFault(w http.ResponseWriter, r *http.Request) {
	var f twin.Fault
	err := decode(r, &f)
	if err == nil {
		err = c.engine.AddFault(f)
	}
	c.done(w, err, func() { c.showFaults(w, r) })
}

func (c *control) showFaults(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, c.engine.Summary().Faults)
}

func (c *control) clearFaults(w http.ResponseWriter, _ *http.Request) {
	c.engine.ClearFaults()
	w.WriteHeader(http.StatusNoContent)
}

// setLimit switches rate limits on or off.
func (c *control) setLimit(w http.ResponseWriter, r *http.Request) {
	var in struct {
		PerMinute int `json:"per_minute"`
	}
	err := decode(r, &in)
	if err == nil {
		err = c.engine.SetRateLimit(in.PerMinute)
	}
	c.done(w, err, func() { w.WriteHeader(http.StatusNoContent) })
}

func (c *control) declineNext(w http.ResponseWriter, r *http.Request) {
	err := c.engine.DeclineNextCharge(r.Context(), r.PathValue("id"))
	c.done(w, err, func() { w.WriteHeader(http.StatusNoContent) })
}

// setCard replaces a customer's stored card.
func (c *control) setCard(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Card string `json:"card"`
	}
	err := decode(r, &in)
	if err == nil {
		err = c.engine.SetCard(r.Context(), r.PathValue("id"), in.Card)
	}
	c.done(w, err, func() { w.WriteHeader(http.StatusNoContent) })
}

func (c *control) resend(w http.ResponseWriter, r *http.Request) {
	err := c.engine.Redeliver(r.Context(), r.PathValue("id"))
	c.done(w, err, func() { w.WriteHeader(http.StatusAccepted) })
}

// done answers a failure, or lets then answer.
func (c *control) done(w http.ResponseWriter, err error, then func()) {
	if err != nil {
		answer(w, http.StatusUnprocessableEntity, failure{err.Error()})
		return
	}
	then()
}
