package polar

import (
	"context"
	"net/http"

	"counterfoil/twin"
)

// portalOrders: GET /v1/customer-portal/orders/
func (s *Server) portalOrders(v *twin.View, me twin.Actor, _ *http.Request, q query) (any, error) {
	return listing[twin.Order]{
		rows: v.Orders(me.Customer.ID), sorts: orderSorts, usual: "-created_at",
		keep: func(o *twin.Order) bool {
			return q.allows("product_id", o.ProductID) && q.allows("product_billing_type", billingType(o)) &&
				q.allows("subscription_id", o.SubscriptionID) && q.within(o.Description, v.Organization().Name)
		},
		shape: func(o *twin.Order) any { return shapePortalOrder(v, o) },
	}.answer(q)
}

// billingType says whether an order came from a subscription.
func billingType(o *twin.Order) string {
	if o.SubscriptionID != "" {
		return "recurring"
	}
	return "one_time"
}

// portalOrder: GET /v1/customer-portal/orders/{id}
func (s *Server) portalOrder(v *twin.View, me twin.Actor, r *http.Request, _ query) (any, error) {
	return shaped(v, shapePortalOrder)(ownOrder(v, me, r))
}

// portalUpdateOrder: PATCH /v1/customer-portal/orders/{id}
func (s *Server) portalUpdateOrder(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
	name, address := b.str("billing_name"), b.address("billing_address")
	if err := b.err(); err != nil {
		return nil, err
	}
	if _, err := checkOwn(s, me, r, ownOrder); err != nil {
		return nil, err
	}
	o, err := s.engine.UpdateOrder(ctx, r.PathValue("id"), name, address)
	return shapeOf(o, shapePortalOrder), err
}

// portalInvoice: GET /v1/customer-portal/orders/{id}/invoice
func (s *Server) portalInvoice(v *twin.View, me twin.Actor, r *http.Request, q query) (any, error) {
	if _, err := ownOrder(v, me, r); err != nil {
		return nil, err
	}
	return s.getInvoice(v, r, q)
}

// portalGenerateInvoice: POST /v1/customer-portal/orders/{id}/invoice
func (s *Server) portalGenerateInvoice(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
	if _, err := checkOwn(s, me, r, ownOrder); err != nil {
		return nil, err
	}
	return s.generateInvoice(ctx, r, b)
}

// portalReceipt: GET /v1/customer-portal/orders/{id}/receipt. A paid order has one at once.
func (s *Server) portalReceipt(v *twin.View, me twin.Actor, r *http.Request, _ query) (any, error) {
	o, err := ownOrder(v, me, r)
	if err != nil {
		return nil, err
	}
	if !o.Paid() {
		return nil, &twin.Refused{Class: "ReceiptNotAllocated", Detail: "There is no receipt before the order is paid."}
	}
	return invoice{s.baseURL + "/_twin/receipts/" + o.ID}, nil
}

// paymentStatus tells how the latest attempt to pay an order went.
type paymentStatus struct {
	Status string `json:"status"`
	Error  text   `json:"error"`
}

// portalPaymentStatus: GET /v1/customer-portal/orders/{id}/payment-status
func (s *Server) portalPaymentStatus(v *twin.View, me twin.Actor, r *http.Request, _ query) (any, error) {
	o, err := ownOrder(v, me, r)
	if err != nil {
		return nil, err
	}
	out := paymentStatus{Status: "no_payment"}
	for _, p := range v.PaymentsOf(o.ID) {
		out = paymentStatus{Status: p.Status}
		if p.DeclineCode != "" {
			out.Error = "Your card was declined."
		}
	}
	return out, nil
}

// paymentConfirmed answers an attempt to pay.
type paymentConfirmed struct {
	Status       string `json:"status"`
	ClientSecret text   `json:"client_secret"`
	Error        text   `json:"error"`
}

// portalConfirmPayment: POST /v1/customer-portal/orders/{id}/confirm-payment, with a new card or a stored one.
func (s *Server) portalConfirmPayment(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
	card, method := b.text("confirmation_token_id"), b.text("payment_method_id")
	if (card == "") == (method == "") {
		b.say("confirmation_token_id", "value_error", "Exactly one of confirmation_token_id and payment_method_id must be provided.")
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	if _, err := checkOwn(s, me, r, ownOrder); err != nil {
		return nil, err
	}
	if method != "" {
		if err := s.engine.Read(func(v *twin.View) error {
			for _, m := range v.PaymentMethods(me.Customer.ID) {
				if m.ID == method {
					card = m.Card
					return nil
				}
			}
			return twin.ErrNotFound
		}); err != nil {
			return nil, err
		}
	}
	_, err := s.engine.RetryPayment(ctx, r.PathValue("id"), card)
	out := paymentConfirmed{Status: "succeeded"}
	if twin.IsRefused(err, "PaymentFailed") || twin.IsRefused(err, "PaymentError") {
		out, err = paymentConfirmed{Status: "failed", Error: "Your card was declined."}, nil
	}
	return func(*twin.View) any { return out }, err
}
