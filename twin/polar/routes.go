package polar

import (
	"net/http"
)

// routes is everything that the twin serves of Polar's API; patterns have no trailing slash.
func (s *Server) routes() map[string]http.HandlerFunc {
	const ok, created, accepted, gone = http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent
	return map[string]http.HandlerFunc{
		"GET /v1/products":                s.ask(s.listProducts),
		"POST /v1/products":               s.do(created, s.createProduct),
		"GET /v1/products/{id}":           s.ask(s.getProduct),
		"PATCH /v1/products/{id}":         s.do(ok, s.updateProduct),
		"POST /v1/products/{id}/benefits": s.do(ok, s.setBenefits),

		"GET /v1/checkouts":                          s.ask(s.listCheckouts),
		"POST /v1/checkouts":                         s.do(created, s.createCheckout),
		"GET /v1/checkouts/{id}":                     s.ask(s.getCheckout),
		"PATCH /v1/checkouts/{id}":                   s.do(ok, s.updateCheckout),
		"GET /v1/checkouts/client/{secret}":          s.askAnyone(s.clientGet),
		"PATCH /v1/checkouts/client/{secret}":        s.doAnyone(ok, s.clientUpdate),
		"POST /v1/checkouts/client/{secret}/confirm": s.doAnyone(ok, s.clientConfirm),
		"POST /v1/checkouts/client/{secret}/opened":  s.doAnyone(ok, s.clientOpened),

		"GET /v1/customers":                           s.ask(s.listCustomers),
		"POST /v1/customers":                          s.do(created, s.createCustomer),
		"GET /v1/customers/{id}":                      s.ask(s.getCustomer),
		"PATCH /v1/customers/{id}":                    s.do(ok, s.updateCustomer),
		"DELETE /v1/customers/{id}":                   s.do(gone, s.deleteCustomer),
		"GET /v1/customers/{id}/{part}":               s.ask(s.getPart),
		"GET /v1/customers/external/{external}":       s.ask(s.getCustomer),
		"PATCH /v1/customers/external/{external}":     s.do(ok, s.updateCustomer),
		"DELETE /v1/customers/external/{external}":    s.do(gone, s.deleteCustomer),
		"GET /v1/customers/external/{external}/state": s.ask(s.getState),
		"POST /v1/customer-sessions":                  s.do(created, s.createSession),

		"GET /v1/subscriptions":         s.ask(s.listSubscriptions),
		"POST /v1/subscriptions":        s.do(created, s.createSubscription),
		"GET /v1/subscriptions/{id}":    s.ask(s.getSubscription),
		"PATCH /v1/subscriptions/{id}":  s.do(ok, s.updateSubscription),
		"DELETE /v1/subscriptions/{id}": s.do(ok, s.revokeSubscription),

		"GET /v1/orders":               s.ask(s.listOrders),
		"GET /v1/orders/{id}":          s.ask(s.getOrder),
		"PATCH /v1/orders/{id}":        s.do(ok, s.updateOrder),
		"GET /v1/orders/{id}/invoice":  s.ask(s.getInvoice),
		"POST /v1/orders/{id}/invoice": s.do(accepted, s.generateInvoice),
		"GET /v1/refunds":              s.ask(s.listRefunds),
		"POST /v1/refunds":             s.do(created, s.createRefund),
		"GET /v1/payments":             s.ask(s.listPayments),
		"GET /v1/payments/{id}":        s.ask(s.getPayment),

		"GET /v1/benefits":             s.ask(s.listBenefits),
		"POST /v1/benefits":            s.do(created, s.createBenefit),
		"GET /v1/benefits/{id}":        s.ask(s.getBenefit),
		"PATCH /v1/benefits/{id}":      s.do(ok, s.updateBenefit),
		"DELETE /v1/benefits/{id}":     s.do(gone, s.deleteBenefit),
		"GET /v1/benefits/{id}/grants": s.ask(s.listGrants),
		"GET /v1/benefit-grants":       s.ask(s.listGrants),
		"GET /v1/license-keys":         s.ask(s.listLicenseKeys),
		"GET /v1/license-keys/{id}":    s.ask(s.getLicenseKey),

		"GET /v1/meters":                 s.ask(s.listMeters),
		"POST /v1/meters":                s.do(created, s.createMeter),
		"GET /v1/meters/{id}":            s.ask(s.getMeter),
		"PATCH /v1/meters/{id}":          s.do(ok, s.updateMeter),
		"GET /v1/meters/{id}/quantities": s.ask(s.getQuantities),
		"GET /v1/customer-meters":        s.ask(s.listCustomerMeters),
		"GET /v1/customer-meters/{id}":   s.ask(s.getCustomerMeter),

		"GET /v1/events":         s.ask(s.listEvents),
		"GET /v1/events/names":   s.ask(s.listEventNames),
		"GET /v1/events/{id}":    s.ask(s.getEvent),
		"POST /v1/events/ingest": s.do(ok, s.ingest),

		"GET /v1/discounts":          s.ask(s.listDiscounts),
		"POST /v1/discounts":         s.do(created, s.createDiscount),
		"GET /v1/discounts/{id}":     s.ask(s.getDiscount),
		"PATCH /v1/discounts/{id}":   s.do(ok, s.updateDiscount),
		"DELETE /v1/discounts/{id}":  s.do(gone, s.deleteDiscount),
		"GET /v1/organizations":      s.ask(s.listOrganizations),
		"GET /v1/organizations/{id}": s.ask(s.getOrganization),

		"GET /v1/webhooks/endpoints":               s.ask(s.listEndpoints),
		"POST /v1/webhooks/endpoints":              s.do(created, s.createEndpoint),
		"GET /v1/webhooks/endpoints/{id}":          s.ask(s.getEndpoint),
		"PATCH /v1/webhooks/endpoints/{id}":        s.do(ok, s.updateEndpoint),
		"PATCH /v1/webhooks/endpoints/{id}/secret": s.do(ok, s.resetSecret),
		"DELETE /v1/webhooks/endpoints/{id}":       s.do(gone, s.deleteEndpoint),
		"GET /v1/webhooks/deliveries":              s.ask(s.listDeliveries),
		"POST /v1/webhooks/events/{id}/redeliver":  s.do(accepted, s.redeliver),
		"/": func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusNotFound, plainDetail{"Not Found"})
		},
	}
}
