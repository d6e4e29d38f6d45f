package betterauth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
)

// Checkout is what the checkout plugin of the original is given as options. All fields
// may be empty.
type Checkout struct {
	SuccessURL   string // absolute, or a path here; {CHECKOUT_ID} stands for the checkout
	ReturnURL    string // of the provider's back buttons; absolute, or a path here
	Theme        string // of the provider's pages: light, dark, or its own choice
	SignedInOnly bool   // no checkout for whoever has not signed in
	// Products are sold by slug besides those that have one of their own, as a list or by
	// a function of this installation's; may be nil. They map slugs to product ids.
	Products func(ctx context.Context) (map[string]string, error)
}

// checkoutID is where the provider puts the id of the checkout. It must reach it as it is.
const checkoutID = "{CHECKOUT_ID}"

// providerPatience bounds a call to the provider that the caller waits for.
const providerPatience = 15 * time.Second

// startCheckout handles POST /checkout: it opens a checkout of products that are sold
// here. Each costs a call of the provider's, whose limit is for all customers together,
// so strangers are paced too, by their network.
func (s *Server) startCheckout(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	payer := who.CustomerID
	if !who.SignedIn() {
		payer = "network " + auth.ClientNetwork(r, s.Auth.Proxies).String()
	}
	if s.Pace != nil && !s.Pace(payer) {
		return tooMany(time.Minute)
	}
	var body wish
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	products, err := s.wanted(r.Context(), body)
	if err != nil {
		return err
	}
	if s.Checkout.SignedInOnly && !who.SignedIn() {
		return refuse(http.StatusUnauthorized, "", "You must be logged in to checkout")
	}
	request, err := s.checkoutOf(r, who, body, products)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(r.Context(), providerPatience)
	defer stop()
	checkout, err := s.Provider.CreateCheckout(ctx, request)
	if err == nil {
		err = s.Store.SaveCheckout(r.Context(), who.CustomerID, checkout, s.Now())
	}
	if err != nil {
		return err
	}
	return answer(w, led{s.themed(checkout.URL), body.Redirect == nil || bool(*body.Redirect)})
}

// checkoutOf is the request to the provider. Whose account it is, is the session's to say.
func (s *Server) checkoutOf(r *http.Request, who auth.Visitor, body wish, products []string) (billing.CheckoutRequest, error) {
	request := billing.CheckoutRequest{
		ProviderProductID: products[0], AlsoProductIDs: products[1:], CustomerID: who.CustomerID,
		DiscountID: orEmpty(body.DiscountID), NoDiscountCodes: body.AllowDiscountCodes != nil && !bool(*body.AllowDiscountCodes),
		CustomFields: body.CustomFieldData, EmbedOrigin: orEmpty(body.EmbedOrigin),
	}
	if request.EmbedOrigin != "" && !s.trusts(request.EmbedOrigin) {
		return request, refuse(http.StatusForbidden, "INVALID_ORIGIN", "Invalid origin")
	}
	var err error
	if request.SuccessURL, err = s.target(body.SuccessURL, s.Checkout.SuccessURL, "/checkout/success?checkout_id="+checkoutID, "successUrl"); err != nil {
		return request, err
	}
	if request.ReturnURL, err = s.target(body.ReturnURL, s.Checkout.ReturnURL, "/plans", "returnUrl"); err != nil {
		return request, err
	}
	if request.Metadata, err = s.metadataOf(r.Context(), who, body); err != nil {
		return request, err
	}
	if !who.SignedIn() {
		return request, nil
	}
	if !who.Bills() {
		return request, refuse(http.StatusForbidden, "", "Not allowed to buy for this organisation")
	}
	known, err := s.Store.ProviderCustomer(r.Context(), s.Provider.Name(), who.CustomerID)
	if err != nil && !errors.Is(err, billing.ErrNotFound) {
		return request, err
	}
	request.ProviderCustomerID = known.ProviderID
	return request, nil
}
