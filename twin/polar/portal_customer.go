package polar

import (
	"context"
	"net/http"
	"strings"
	"time"

	"counterfoil/twin"
)

// portalMe: GET /v1/customer-portal/customers/me
func (s *Server) portalMe(v *twin.View, me twin.Actor, _ *http.Request, _ query) (any, error) {
	return shapePortalCustomer(v, &me.Customer), nil
}

// portalUpdateMe: PATCH /v1/customer-portal/customers/me
func (s *Server) portalUpdateMe(ctx context.Context, me twin.Actor, _ *http.Request, b body) (func(*twin.View) any, error) {
	in := twin.CustomerInput{
		BillingName: b.str("billing_name"), BillingAddress: b.address("billing_address"),
		ClearAddress: b.null("billing_address"), Locale: b.str("locale"),
	}
	if id := b.text("tax_id"); id != "" {
		in.TaxID = []string{id, taxFormat(id)}
		if me.Customer.BillingAddress == nil && in.BillingAddress == nil {
			b.say("billing_address", "missing", "Country is required to validate tax ID.")
		}
	}
	method := b.str("default_payment_method_id")
	if err := b.err(); err != nil {
		return nil, err
	}
	if method != nil {
		if err := s.engine.SetDefaultMethod(ctx, me.Customer.ID, *method); err != nil {
			return nil, err
		}
	}
	c, err := s.engine.UpdateCustomer(ctx, me.Customer.ID, in)
	return shapeOf(c, shapePortalCustomer), err
}

// personalData is everything the merchant keeps about a customer, for the customer.
type personalData struct {
	Customer      portalCustomer       `json:"customer"`
	Orders        []portalOrderForm    `json:"orders"`
	Subscriptions []portalSubscription `json:"subscriptions"`
	BenefitGrants []portalGrant        `json:"benefit_grants"`
	Events        []any                `json:"events"`
}

// portalExport: GET /v1/customer-portal/customers/me/export
func (s *Server) portalExport(v *twin.View, me twin.Actor, _ *http.Request, _ query) (any, error) {
	out := personalData{
		Customer: shapePortalCustomer(v, &me.Customer), Orders: []portalOrderForm{}, Subscriptions: []portalSubscription{},
		BenefitGrants: []portalGrant{}, Events: []any{},
	}
	for _, o := range v.Orders(me.Customer.ID) {
		out.Orders = append(out.Orders, shapePortalOrder(v, o))
	}
	for _, sub := range v.Subscriptions(me.Customer.ID) {
		out.Subscriptions = append(out.Subscriptions, shapePortalSubscription(v, sub))
	}
	for _, g := range v.Grants(me.Customer.ID) {
		out.BenefitGrants = append(out.BenefitGrants, shapePortalGrant(v, g))
	}
	for _, e := range v.Events(me.Customer.ID) {
		out.Events = append(out.Events, shapeEvent(v, e))
	}
	return out, nil
}

var methodSorts = map[string]func(a, b *twin.PaymentMethod) int{
	"created_at": byTime(func(m *twin.PaymentMethod) time.Time { return m.CreatedAt }),
}

// portalMethods: GET /v1/customer-portal/customers/me/payment-methods
func (s *Server) portalMethods(v *twin.View, me twin.Actor, _ *http.Request, q query) (any, error) {
	return listing[twin.PaymentMethod]{
		rows: v.PaymentMethods(me.Customer.ID), sorts: methodSorts, usual: "-created_at",
		shape: func(m *twin.PaymentMethod) any { return shapePaymentMethod(v, m) },
	}.answer(q)
}

// methodAdded answers the adding of a card that is stored; methodAsks one whose bank wants to ask first.
type methodAdded struct {
	Status        string        `json:"status"`
	PaymentMethod paymentMethod `json:"payment_method"`
}

type methodAsks struct {
	Status       string `json:"status"`
	ClientSecret string `json:"client_secret"`
}

func shapeAdded(v *twin.View, m *twin.PaymentMethod) any {
	if m.Setup != "" {
		return methodAsks{"requires_action", m.Setup + "_secret_twin"}
	}
	return methodAdded{"succeeded", shapePaymentMethod(v, m)}
}

// portalAddMethod: POST /v1/customer-portal/customers/me/payment-methods. The twin's confirmation token is the
// number of a test card.
func (s *Server) portalAddMethod(ctx context.Context, me twin.Actor, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("confirmation_token_id")
	b.need("set_default")
	b.need("return_url")
	card, usual := b.text("confirmation_token_id"), b.flag("set_default")
	if err := b.err(); err != nil {
		return nil, err
	}
	m, err := s.engine.AddPaymentMethod(ctx, me.Customer.ID, card, *usual)
	return shapeOf(m, shapeAdded), err
}

// portalConfirmMethod: POST /v1/customer-portal/customers/me/payment-methods/confirm. The setup intent is the
// part of the client secret before "_secret_"; the whole secret does as well.
func (s *Server) portalConfirmMethod(ctx context.Context, me twin.Actor, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("setup_intent_id")
	b.need("set_default")
	setup, usual := b.text("setup_intent_id"), b.flag("set_default")
	if err := b.err(); err != nil {
		return nil, err
	}
	setup, _, _ = strings.Cut(setup, "_secret_")
	m, err := s.engine.ConfirmPaymentMethod(ctx, me.Customer.ID, setup, *usual)
	return shapeOf(m, shapeAdded), err
}

// portalDropMethod: DELETE /v1/customer-portal/customers/me/payment-methods/{id}
func (s *Server) portalDropMethod(ctx context.Context, me twin.Actor, r *http.Request, _ body) (func(*twin.View) any, error) {
	return nil, s.engine.RemovePaymentMethod(ctx, me.Customer.ID, r.PathValue("id"))
}
