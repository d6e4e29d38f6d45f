package betterauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
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
	return answer(w, led{s.themed(checkout.URL), !body.Redirect.no()})
}

// checkoutOf is the request to the provider. Whose account it is, is the session's to say.
func (s *Server) checkoutOf(r *http.Request, who auth.Visitor, body wish, products []string) (billing.CheckoutRequest, error) {
	request := billing.CheckoutRequest{
		ProviderProductID: products[0], AlsoProductIDs: products[1:], CustomerID: who.CustomerID,
		DiscountID: orEmpty(body.DiscountID), NoDiscountCodes: body.AllowDiscountCodes.no(),
		CustomFields: body.CustomFieldData, EmbedOrigin: string(body.EmbedOrigin),
	}
	if request.EmbedOrigin != "" && !s.trusts(request.EmbedOrigin) {
		return request, refuse(http.StatusForbidden, "INVALID_ORIGIN", "Invalid origin")
	}
	var err error
	if request.SuccessURL, err = s.target(string(body.SuccessURL), s.Checkout.SuccessURL, "/checkout/success?checkout_id="+checkoutID, "successUrl"); err != nil {
		return request, err
	}
	if request.ReturnURL, err = s.target(string(body.ReturnURL), s.Checkout.ReturnURL, "/plans", "returnUrl"); err != nil {
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
	err = s.pays(r.Context(), who, &request)
	return request, err
}

// pays names the payer as the provider knows him. An organisation must be known there: else
// the provider would take the address that is typed into the checkout for the customer's.
// Its purchases are found by those who look for it by reference, unless another is named.
func (s *Server) pays(ctx context.Context, who auth.Visitor, request *billing.CheckoutRequest) error {
	if who.OrganizationID == "" {
		known, err := s.customer(ctx, who)
		if errors.Is(err, billing.ErrNotFound) {
			return nil // a checkout makes him known, by our id
		}
		request.ProviderCustomerID = known
		return err
	}
	if _, named := request.Metadata["referenceId"]; !named && len(request.Metadata) < maxKeys {
		request.Metadata["referenceId"] = who.OrganizationID
	}
	known, err := s.awaitedCustomer(ctx, who)
	if errors.Is(err, billing.ErrNotFound) {
		job := db.Job{Kind: db.JobCreateCustomer, Key: who.CustomerID, CustomerID: who.CustomerID}
		if err := s.Store.Enqueue(ctx, job, time.Time{}, s.Now()); err != nil {
			return err
		}
		s.Poke()
		return fmt.Errorf("organisation %s is not known to the provider yet: %w", who.OrganizationID, billing.ErrProvider)
	}
	request.ProviderCustomerID = known
	return err
}
