package handlers

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

// startCheckout handles POST /checkout: it opens a checkout for the chosen plan and
// sends the browser to the provider's hosted page. The form names a plan slug and
// nothing else of value: prices, trials, discounts and accounts are ours to say. It also
// names whom the page was for, which decides nothing but whether to ask (see askPayer).
//
// Pressing twice, or coming back, leads to the checkout that is already open. A
// crash between the provider's answer and our row leaves a checkout that nobody has
// the address of: it charges nothing and expires.
func (s *Server) startCheckout(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	ctx := r.Context()
	product, err := s.Store.ProductBySlug(ctx, r.PostFormValue("plan"))
	if errors.Is(err, billing.ErrNotFound) || err == nil && (product.Archived || !product.Public) {
		return say(billing.ErrNotFound, "failure.unknown_plan")
	}
	if err != nil {
		return fmt.Errorf("start checkout: %w", err)
	}
	if forAnother(r, who) {
		return s.askPayer(w, r, who, product)
	}
	if !who.Bills() {
		return say(billing.ErrNotFound, "failure.missing_page")
	}
	request, err := s.checkoutRequest(r, who, product)
	if err != nil {
		return err
	}
	open, err := s.Store.OpenCheckout(ctx, who.CustomerID, product.ProviderID, s.Now())
	if err == nil {
		return s.toProvider(w, open.URL)
	}
	if !errors.Is(err, billing.ErrNotFound) {
		return fmt.Errorf("start checkout: %w", err)
	}
	checkout, err := s.Provider.CreateCheckout(ctx, request)
	switch {
	case errors.Is(err, billing.ErrProvider):
		return errors.Join(say(billing.ErrProvider, "failure.checkout_down"), err)
	case errors.Is(err, billing.ErrConflict), errors.Is(err, billing.ErrDenied):
		return errors.Join(say(billing.ErrConflict, "failure.checkout_refused"), err)
	case errors.Is(err, billing.ErrInvalid): // archived, or the free plan ended, and we have not heard of it
		return errors.Join(say(billing.ErrConflict, "failure.checkout_changed"), err)
	case err != nil:
		return fmt.Errorf("start checkout of %s: %w", product.Slug, err)
	}
	if err := s.Store.SaveCheckout(ctx, who.CustomerID, checkout, s.Now()); err != nil {
		return fmt.Errorf("start checkout: %w", err)
	}
	return s.toProvider(w, checkout.URL)
}

// checkoutRequest decides whether this customer may buy this product now, and how.
func (s *Server) checkoutRequest(r *http.Request, who auth.Visitor, product billing.Product) (billing.CheckoutRequest, error) {
	request := billing.CheckoutRequest{
		ProviderProductID: product.ProviderID,
		CustomerID:        who.CustomerID,
		Email:             who.Email,
		Name:              who.Name,
		SuccessURL:        s.BaseURL + "/checkout/success?checkout_id={CHECKOUT_ID}",
		ReturnURL:         s.BaseURL + "/plans",
	}
	held, err := s.held(r.Context(), who)
	if err != nil {
		return request, err
	}
	if _, has := held[product.ProviderID]; has {
		return request, say(billing.ErrConflict, "failure.have_plan")
	}
	if product.BySeat() && who.OrganizationID == "" {
		return request, say(billing.ErrConflict, "failure.for_teams")
	}
	if product.Recurring() {
		if _, pays := held.paid(); pays {
			return request, say(billing.ErrConflict, "failure.have_another")
		}
		if free, has := held.free(); has {
			request.UpgradesSubscriptionID = free.ProviderID
		}
	}
	known, err := s.Store.ProviderCustomer(r.Context(), s.Provider.Name(), who.CustomerID)
	if err != nil && !errors.Is(err, billing.ErrNotFound) {
		return request, err
	}
	request.ProviderCustomerID = known.ProviderID
	if who.OrganizationID == "" {
		return request, nil
	}
	return request, s.asOrganization(r.Context(), who, &request)
}

// asOrganization has the organisation that the visitor acts for pay, and be found by
// those who look for it by reference. The provider must know it: else it would take the
// address in the checkout for the customer's.
func (s *Server) asOrganization(ctx context.Context, who auth.Visitor, request *billing.CheckoutRequest) error {
	if request.ProviderCustomerID == "" {
		job := db.Job{Kind: db.JobCreateCustomer, Key: who.CustomerID, CustomerID: who.CustomerID}
		if err := s.Store.Enqueue(ctx, job, time.Time{}, s.Now()); err != nil {
			return err
		}
		s.Poke()
		return say(billing.ErrProvider, "failure.organization_unready")
	}
	customer, err := s.Store.Customer(ctx, who.CustomerID)
	if err != nil {
		return err
	}
	request.Email, request.Name = customer.Email, customer.Name
	request.Metadata = map[string]any{"referenceId": who.OrganizationID}
	return nil
}

// toProvider redirects to a page of the provider, whose address came from the
// provider's API and never from a request.
func (s *Server) toProvider(w http.ResponseWriter, url string) error {
	w.Header().Set("Location", url)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}
