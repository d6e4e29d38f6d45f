package polar

import (
	"context"
	"fmt"
	"slices"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/billing"
)

// CreateCheckout implements billing.Provider.
func (p *Provider) CreateCheckout(ctx context.Context, r billing.CheckoutRequest) (billing.Checkout, error) {
	request := components.CheckoutCreate{
		Products:       []string{r.ProviderProductID},
		SubscriptionID: optional(r.UpgradesSubscriptionID),
		CustomerEmail:  optional(r.Email),
		CustomerName:   optional(r.Name),
		SuccessURL:     optional(r.SuccessURL),
		ReturnURL:      optional(r.ReturnURL),
	}
	// A customer that Polar knows is named by its own id: with it the address is
	// locked, and an external id that was never linked cannot make a second customer.
	if r.ProviderCustomerID != "" {
		request.CustomerID = optional(r.ProviderCustomerID)
	} else {
		request.ExternalCustomerID = optional(r.CustomerID)
	}
	for key, value := range r.Metadata {
		if request.Metadata == nil {
			request.Metadata = make(map[string]components.CheckoutCreateMetadata, len(r.Metadata))
		}
		request.Metadata[key] = components.CreateCheckoutCreateMetadataStr(value)
	}
	made, err := p.one(ctx, once, billing.KindCheckout, func(ctx context.Context) error {
		_, err := p.api.Checkouts.Create(ctx, request)
		return err
	})
	if err != nil {
		return billing.Checkout{}, fmt.Errorf("create checkout of product %s: %w", r.ProviderProductID, err)
	}
	return made.(billing.Checkout), nil
}

// CancelSubscription implements billing.Provider.
func (p *Provider) CancelSubscription(ctx context.Context, providerID string, c billing.Cancellation) (billing.Subscription, error) {
	change := components.SubscriptionCancel{CancelAtPeriodEnd: true, CustomerCancellationComment: optional(c.Comment)}
	if c.Reason != "" {
		if !slices.Contains(billing.CancelReasons, c.Reason) {
			return billing.Subscription{}, fmt.Errorf("cancel subscription: reason %q: %w", clip(c.Reason), billing.ErrInvalid)
		}
		change.CustomerCancellationReason = components.CustomerCancellationReason(c.Reason).ToPointer()
	}
	return p.updateSubscription(ctx, "cancel", providerID, change)
}

// ResumeSubscription implements billing.Provider.
func (p *Provider) ResumeSubscription(ctx context.Context, providerID string) (billing.Subscription, error) {
	return p.updateSubscription(ctx, "resume", providerID, components.SubscriptionCancel{CancelAtPeriodEnd: false})
}

func (p *Provider) updateSubscription(ctx context.Context, verb, providerID string, change components.SubscriptionCancel) (billing.Subscription, error) {
	if err := safeID(providerID); err != nil {
		return billing.Subscription{}, fmt.Errorf("%s subscription: %w", verb, err)
	}
	changed, err := p.one(ctx, once, billing.KindSubscription, func(ctx context.Context) error {
		_, err := p.api.Subscriptions.Update(ctx, providerID, components.CreateSubscriptionUpdateSubscriptionCancel(change))
		return err
	})
	if err != nil {
		return billing.Subscription{}, fmt.Errorf("%s subscription %s: %w", verb, providerID, err)
	}
	return changed.(billing.Subscription), nil
}

// PortalURL implements billing.Provider. The link works for an hour and signs its
// bearer in: send the browser there at once and keep it nowhere.
func (p *Provider) PortalURL(ctx context.Context, providerCustomerID, returnURL string) (string, error) {
	var session struct {
		URL string `json:"customer_portal_url"`
	}
	request := operations.CreateCustomerSessionsCreateCustomerSessionCreateCustomerSessionCustomerIDCreate(
		components.CustomerSessionCustomerIDCreate{CustomerID: providerCustomerID, ReturnURL: optional(returnURL)})
	// Repeatable: a second session harms nobody.
	err := p.call(ctx, repeatable, &session, func(ctx context.Context) error {
		_, err := p.api.CustomerSessions.Create(ctx, request)
		return err
	})
	if err == nil && session.URL == "" {
		err = fmt.Errorf("%w: the answer names no page", billing.ErrProvider)
	}
	if err != nil {
		return "", fmt.Errorf("portal of customer %s: %w", providerCustomerID, err)
	}
	return session.URL, nil
}

// optional leaves an empty text out of a request.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return polargo.String(text)
}
