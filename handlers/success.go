package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// showSuccess handles GET /checkout/success?checkout_id=..., where the provider's
// checkout sends the browser back to. The URL proves nothing: the checkout must be
// one that this customer opened here, and what the page says comes from the mirror.
func (s *Server) showSuccess(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	id := r.URL.Query().Get("checkout_id")
	page, err := s.plansFrame(r, who, "success.title")
	if err != nil {
		return err
	}
	outcome, err := s.Store.CheckoutOutcome(r.Context(), who.CustomerID, id)
	if errors.Is(err, billing.ErrNotFound) {
		return s.render(w, r, http.StatusNotFound, views.SuccessPage(page, views.Success{
			State: views.CheckoutUnknown, Next: s.nextSteps(page.T, views.CheckoutUnknown),
		}))
	}
	if err != nil {
		return fmt.Errorf("success of checkout %s: %w", id, err)
	}
	sh, err := s.shelf(r.Context())
	if err != nil {
		return err
	}
	model := s.success(page.T, sh, outcome)
	if unsettled(model.State) {
		s.Await(who.CustomerID, outcome.Checkout.Ref())
		model.StreamURL = "/checkout/stream?checkout_id=" + url.QueryEscape(id)
	}
	return s.render(w, r, http.StatusOK, views.SuccessPage(page, model))
}

// withoutToken drops the bearer token that Polar appends to the success URL, by an
// immediate redirect. It comes before the sign-in, which would keep the whole address
// to come back to.
func withoutToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clean := ""
		if id := r.URL.Query().Get("checkout_id"); id != "" {
			clean = "?checkout_id=" + url.QueryEscape(id)
		}
		if "?"+r.URL.RawQuery != clean && r.URL.RawQuery != "" {
			w.Header().Set("Cache-Control", "no-store")
			redirect(w, "/checkout/success"+clean)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// success says where a purchase stands. Paid means that the mirror has the paid
// order: the provider's word that the checkout succeeded is not yet the goods.
func (s *Server) success(t *views.Translator, sh shelf, o db.Outcome) views.Success {
	product := sh.products[o.Checkout.ProviderProductID]
	model := views.Success{State: checkoutState(o), Product: product.Name, Slug: product.Slug}
	paid := model.State == views.CheckoutPaid
	confirmed := paid || o.Checkout.Status == billing.CheckoutConfirmed || o.Checkout.Status == billing.CheckoutSucceeded
	model.Steps = []views.Step{
		{Text: t.T("success.step.confirmed"), Done: confirmed},
		{Text: t.T("success.step.paid"), Done: paid || o.Checkout.Status == billing.CheckoutSucceeded},
		{Text: t.T("success.step.recorded"), Done: paid},
	}
	if paid {
		if len(o.Orders) > 0 {
			receipt := receiptOf(t, sh, o.Orders[0])
			model.Receipt = &receipt
		}
	}
	model.Next = s.nextSteps(t, model.State)
	return model
}

// checkoutState reads the state from the objects, the surest first.
func checkoutState(o db.Outcome) views.CheckoutState {
	if o.Bought() {
		return views.CheckoutPaid
	}
	switch o.Checkout.Status {
	case billing.CheckoutFailed:
		return views.CheckoutFailed
	case billing.CheckoutExpired:
		return views.CheckoutExpired
	case billing.CheckoutConfirmed:
		return views.CheckoutProcessing
	default:
		return views.CheckoutWaiting
	}
}

func unsettled(state views.CheckoutState) bool {
	return state == views.CheckoutWaiting || state == views.CheckoutProcessing
}

func (s *Server) nextSteps(t *views.Translator, state views.CheckoutState) []views.Link {
	portal := views.Link{URL: "/portal", Text: t.T("success.to_portal")}
	plans := views.Link{URL: "/plans", Text: t.T("success.plans")}
	switch state {
	case views.CheckoutPaid:
		return []views.Link{portal, {URL: "/usage", Text: t.T("success.next.usage")}, {URL: "/credits", Text: t.T("success.next.credits")}}
	case views.CheckoutFailed, views.CheckoutExpired, views.CheckoutUnknown:
		return []views.Link{plans, portal}
	default:
		return []views.Link{portal}
	}
}

// How long a stream lasts and how often it looks. The page asks again when it ends.
const (
	streamFor   = 50 * time.Second
	streamEvery = 300 * time.Millisecond
	streamPause = 5 * time.Second // until the page asks again, when there is no room
)

// streamSuccess handles GET /checkout/stream?checkout_id=...: server-sent events that
// carry the state of a checkout whenever it changes. The page reloads on a change.
func (s *Server) streamSuccess(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	id := r.URL.Query().Get("checkout_id")
	outcome, err := s.Store.CheckoutOutcome(r.Context(), who.CustomerID, id)
	if err != nil {
		return fmt.Errorf("stream checkout %s: %w", id, err)
	}
	out := http.NewResponseController(w)
	if err := out.SetWriteDeadline(time.Now().Add(streamFor + 10*time.Second)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("stream checkout %s: %w", id, err)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx, ngx_http_proxy_module: pass events on as they come
	leave, room := s.streams.enter(who.CustomerID)
	defer leave()
	if !room {
		// A reader who left cannot be told.
		_, _ = fmt.Fprintf(w, "retry: %d\nevent: state\ndata: %s\n\n", streamPause.Milliseconds(), checkoutState(outcome))
		return nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), streamFor)
	defer cancel()
	for state := views.CheckoutState(""); ; {
		if next := checkoutState(outcome); next != state {
			state = next
			if _, err := fmt.Fprintf(w, "event: state\ndata: %s\n\n", state); err != nil {
				return nil // the reader left
			}
			if err := out.Flush(); err != nil {
				return nil
			}
		}
		if !unsettled(state) {
			return nil
		}
		s.Await(who.CustomerID, outcome.Checkout.Ref())
		select {
		case <-ctx.Done():
			return nil
		case <-s.Stopping:
			return nil
		case <-time.After(streamEvery):
		}
		if outcome, err = s.Store.CheckoutOutcome(ctx, who.CustomerID, id); err != nil {
			return nil // the page asks again and then says why
		}
	}
}
