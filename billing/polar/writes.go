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
		Products:       append([]string{r.ProviderProductID}, r.AlsoProductIDs...),
		DiscountID:     optional(r.DiscountID),
		EmbedOrigin:    optional(r.EmbedOrigin),
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
	} else if r.CustomerID != "" {
		request.ExternalCustomerID = optional(r.CustomerID)
	}
	for key, value := range r.Metadata {
		if request.Metadata == nil {
			request.Metadata = make(map[string]components.CheckoutCreateMetadata, len(r.Metadata))
		}
		request.Metadata[key] = checkoutMetadata(value)
	}
	if r.NoDiscountCodes {
		no := false
		request.AllowDiscountCodes = &no
	}
	for key, value := range r.CustomFields {
		if request.CustomFieldData == nil {
			request.CustomFieldData = make(map[string]*components.CheckoutCreateCustomFieldData, len(r.CustomFields))
		}
		field, err := checkoutField(key, value)
		if err != nil {
			return billing.Checkout{}, err
		}
		request.CustomFieldData[key] = field
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

// checkoutMetadata writes a value of metadata.
func checkoutMetadata(value any) components.CheckoutCreateMetadata {
	switch v := value.(type) {
	case bool:
		return components.CreateCheckoutCreateMetadataBoolean(v)
	case float64:
		if v == float64(int64(v)) {
			return components.CreateCheckoutCreateMetadataInteger(int64(v))
		}
		return components.CreateCheckoutCreateMetadataNumber(v)
	}
	return components.CreateCheckoutCreateMetadataStr(fmt.Sprint(value))
}

// checkoutField writes a value of a custom field. ErrInvalid: none that there is.
func checkoutField(key string, value any) (*components.CheckoutCreateCustomFieldData, error) {
	var field components.CheckoutCreateCustomFieldData
	switch v := value.(type) {
	case bool:
		field = components.CreateCheckoutCreateCustomFieldDataBoolean(v)
	case float64:
		if v != float64(int64(v)) {
			return nil, fmt.Errorf("custom field %s: not a whole number: %w", clip(key), billing.ErrInvalid)
		}
		field = components.CreateCheckoutCreateCustomFieldDataInteger(int64(v))
	case string:
		field = components.CreateCheckoutCreateCustomFieldDataStr(v)
	default:
		return nil, fmt.Errorf("custom field %s: neither text, number nor boolean: %w", clip(key), billing.ErrInvalid)
	}
	return &field, nil
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
	return p.portal(ctx, components.CustomerSessionCustomerIDCreate{CustomerID: providerCustomerID, ReturnURL: optional(returnURL)})
}

func (p *Provider) portal(ctx context.Context, of components.CustomerSessionCustomerIDCreate) (string, error) {
	var session struct {
		URL string `json:"customer_portal_url"`
	}
	request := operations.CreateCustomerSessionsCreateCustomerSessionCreateCustomerSessionCustomerIDCreate(of)
	// Repeatable: a second session harms nobody.
	err := p.call(ctx, repeatable, &session, func(ctx context.Context) error {
		_, err := p.api.CustomerSessions.Create(ctx, request)
		return err
	})
	if err == nil && session.URL == "" {
		err = fmt.Errorf("%w: the answer names no page", billing.ErrProvider)
	}
	if err != nil {
		return "", fmt.Errorf("portal of customer %s: %w", of.CustomerID, err)
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
