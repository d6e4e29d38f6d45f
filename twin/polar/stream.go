package polar

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"counterfoil/twin"
)

// happening is one message of a checkout's stream.
type happening struct {
	Key     string `json:"key"`
	Payload any    `json:"payload"`
}

// checkoutSeen is what a stream has told of a checkout.
type checkoutSeen struct {
	at        time.Time
	status    twin.CheckoutStatus
	order     string
	recurring bool // it made a subscription
	delivered bool // its latest webhook has arrived, or was given up
}

// keepAlive is how often a stream says that it is still there.
const keepAlive = 15 * time.Second

// streamCheckout: GET /v1/checkouts/client/{client_secret}/stream. Server-sent events tell of every change
// until the checkout has succeeded and its webhook was delivered, or it has expired, or the reader leaves.
func (s *Server) streamCheckout(w http.ResponseWriter, r *http.Request) {
	seen, _, err := s.lookAtCheckout(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	seen.order = "" // a late reader is told of it
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	for {
		changed := s.engine.Changed()
		now, news, err := s.lookAtCheckout(r)
		if err != nil || !s.tell(w, seen, now, news) {
			return
		}
		if out.Flush() != nil || now.status == twin.CheckoutExpired || now.status == twin.CheckoutSucceeded && now.delivered {
			return
		}
		seen = now
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-s.gone:
			return
		case <-time.After(keepAlive):
			if _, err := w.Write([]byte(": still here\n\n")); err != nil {
				return
			}
		}
	}
}

// lookAtCheckout reads where a checkout stands, and what a message about it says.
func (s *Server) lookAtCheckout(r *http.Request) (seen checkoutSeen, payload map[string]any, err error) {
	err = s.engine.Read(func(v *twin.View) error {
		c, err := v.CheckoutBySecret(r.PathValue("secret"))
		if err != nil {
			return err
		}
		seen = checkoutSeen{c.ModifiedAt, c.Status, c.OrderID, c.SubscriptionID != "", v.Delivered("checkout.updated", c.ID)}
		payload = map[string]any{"status": c.Status}
		return nil
	})
	return seen, payload, err
}

// tell writes what happened between two looks; false when the reader has left.
func (s *Server) tell(w http.ResponseWriter, before, now checkoutSeen, payload map[string]any) bool {
	var news []happening
	if now.at != before.at || now.status != before.status {
		news = append(news, happening{"checkout.updated", payload})
	}
	bought := now.order != before.order
	if bought {
		news = append(news, happening{"checkout.order_created", payload})
	}
	if bought && now.recurring {
		news = append(news, happening{"checkout.subscription_created", payload})
	}
	if now.status == twin.CheckoutSucceeded && now.delivered {
		news = append(news, happening{"checkout.webhook_event_delivered", payload}) // the last message of a stream
	}
	for _, n := range news {
		data, err := json.Marshal(n)
		if err != nil {
			return false
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
			return false
		}
	}
	return true
}
