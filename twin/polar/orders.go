package polar

import (
	"context"
	"net/http"
	"time"

	"counterfoil/twin"
)

var orderSorts = map[string]func(a, b *twin.Order) int{
	"created_at":     byTime(func(o *twin.Order) time.Time { return o.CreatedAt }),
	"status":         byText(func(o *twin.Order) string { return o.Status }),
	"invoice_number": byText(func(o *twin.Order) string { return o.Number }),
	"amount":         byNumber(func(o *twin.Order) int64 { return o.Total }),
	"net_amount":     byNumber(func(o *twin.Order) int64 { return o.Net }),
}

// listOrders: GET /v1/orders/
func (s *Server) listOrders(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.Order]{
		rows: v.Orders(q.owner(v)), sorts: orderSorts, usual: "-created_at",
		keep: func(o *twin.Order) bool {
			billing := "one_time"
			if o.SubscriptionID != "" {
				billing = "recurring"
			}
			return q.allowsCustomer(v, o.CustomerID) && q.allows("product_id", o.ProductID) &&
				q.allows("product_billing_type", billing) && q.allows("discount_id", o.DiscountID) &&
				q.allows("checkout_id", o.CheckoutID) && q.allows("subscription_id", o.SubscriptionID) &&
				q.allows("status", o.Status) && q.allowsMetadata(o.Metadata)
		},
		shape: func(o *twin.Order) any { return s.showOrder(v, o) },
	}.answer(q)
}

// getOrder: GET /v1/orders/{id}
func (s *Server) getOrder(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, s.showOrder)(v.Order(r.PathValue("id")))
}

// updateOrder: PATCH /v1/orders/{id}
func (s *Server) updateOrder(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	name, address := b.str("billing_name"), b.address("billing_address")
	if err := b.err(); err != nil {
		return nil, err
	}
	o, err := s.engine.UpdateOrder(ctx, r.PathValue("id"), name, address)
	return shapeOf(o, shapeOrder), err
}

// generateInvoice: POST /v1/orders/{id}/invoice
func (s *Server) generateInvoice(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	return nil, s.engine.GenerateInvoice(ctx, r.PathValue("id"))
}

// invoice is where the file of an invoice is.
type invoice struct {
	URL string `json:"url"`
}

// getInvoice: GET /v1/orders/{id}/invoice
func (s *Server) getInvoice(v *twin.View, r *http.Request, _ query) (any, error) {
	o, err := v.Order(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !o.InvoiceGenerated {
		return nil, &twin.Refused{Class: "InvoiceDoesNotExist", Detail: "Invoice does not exist."}
	}
	return invoice{s.baseURL + "/_twin/invoices/" + o.ID}, nil
}

var refundSorts = map[string]func(a, b *twin.Refund) int{
	"created_at": byTime(func(r *twin.Refund) time.Time { return r.CreatedAt }),
	"amount":     byNumber(func(r *twin.Refund) int64 { return r.Amount }),
}

// listRefunds: GET /v1/refunds/
func (s *Server) listRefunds(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.Refund]{
		rows: v.Refunds(), sorts: refundSorts, usual: "-created_at",
		keep: func(r *twin.Refund) bool {
			return q.allows("id", r.ID) && q.allows("order_id", r.OrderID) && q.allows("subscription_id", r.SubscriptionID) &&
				q.allowsCustomer(v, r.CustomerID) && q.allowsFlag("succeeded", r.Status == "succeeded")
		},
		shape: func(r *twin.Refund) any { return shapeRefund(v, r) },
	}.answer(q)
}

// createRefund: POST /v1/refunds/
func (s *Server) createRefund(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("order_id")
	b.need("reason")
	b.need("amount")
	in := twin.RefundInput{
		OrderID: b.text("order_id"), Comment: b.text("comment"), Amount: orZero(b.whole("amount")), Metadata: b.metadata("metadata"),
		Reason: b.choice("reason", "duplicate", "fraudulent", "customer_request", "service_disruption",
			"satisfaction_guarantee", "dispute_prevention", "other"),
	}
	if revoke := b.flag("revoke_benefits"); revoke != nil {
		in.RevokeBenefits = *revoke
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	made, err := s.engine.CreateRefund(ctx, in)
	return shapeOf(made, shapeRefund), err
}

var paymentSorts = map[string]func(a, b *twin.Payment) int{
	"created_at": byTime(func(p *twin.Payment) time.Time { return p.CreatedAt }),
	"status":     byText(func(p *twin.Payment) string { return p.Status }),
	"amount":     byNumber(func(p *twin.Payment) int64 { return p.Amount }),
}

// listPayments: GET /v1/payments/
func (s *Server) listPayments(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.Payment]{
		rows: v.Payments(), sorts: paymentSorts, usual: "-created_at",
		keep: func(p *twin.Payment) bool {
			return q.allows("checkout_id", p.CheckoutID) && q.allows("order_id", p.OrderID) && q.allows("status", p.Status)
		},
		shape: func(p *twin.Payment) any { return shapePayment(v, p) },
	}.answer(q)
}

// getPayment: GET /v1/payments/{id}
func (s *Server) getPayment(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapePayment)(v.Payment(r.PathValue("id")))
}
