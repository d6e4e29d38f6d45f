package polar

import "counterfoil/twin"

// portalCustomer is the customer as it sees itself.
type portalCustomer struct {
	stamp
	ID                     string                   `json:"id"`
	Email                  text                     `json:"email"`
	EmailVerified          bool                     `json:"email_verified"`
	Name                   text                     `json:"name"`
	BillingName            text                     `json:"billing_name"`
	BillingAddress         *address                 `json:"billing_address"`
	TaxID                  []string                 `json:"tax_id"`
	Locale                 text                     `json:"locale"`
	OauthAccounts          map[string]portalAccount `json:"oauth_accounts"`
	DefaultPaymentMethodID text                     `json:"default_payment_method_id"`
	Type                   string                   `json:"type"`
}

type portalAccount struct {
	AccountID       string `json:"account_id"`
	AccountUsername text   `json:"account_username"`
}

func shapePortalCustomer(_ *twin.View, c *twin.Customer) portalCustomer {
	out := portalCustomer{
		stamp: stamped(c.Stamp), ID: c.ID, Email: text(c.Email), EmailVerified: c.EmailVerified, Name: text(c.Name),
		BillingName: text(c.BillingName), BillingAddress: shapeAddress(c.BillingAddress), TaxID: c.TaxID, Locale: text(c.Locale),
		OauthAccounts: map[string]portalAccount{}, DefaultPaymentMethodID: text(c.MethodID), Type: customerType(c),
	}
	for platform, a := range c.Accounts {
		out.OauthAccounts[platform] = portalAccount{a.ID, text(a.Username)}
	}
	return out
}

// portalOrganization is the merchant as customers see it.
type portalOrganization struct {
	checkoutOrganization
	CustomerPortalSettings portalSettings `json:"customer_portal_settings"`
	OrganizationFeatures   portalFeatures `json:"organization_features"`
}

type portalFeatures struct {
	MemberModelEnabled bool `json:"member_model_enabled"`
}

func shapePortalOrganization(o twin.Organization) portalOrganization {
	return portalOrganization{shapeCheckoutOrganization(o), shapePortalSettings(o), portalFeatures{true}}
}

// shapePortalSettings says what the merchant lets customers see and change.
func shapePortalSettings(o twin.Organization) portalSettings {
	var out portalSettings
	out.Usage.Show = !o.HideUsage
	out.Subscription.UpdateSeats, out.Subscription.UpdatePlan = !o.LockSeats, o.AllowCustomerUpdates
	out.Customer.AllowEmailChange = !o.LockEmail
	return out
}

// portalProduct is the product inside a customer's orders and subscriptions.
type portalProduct struct {
	productPublic
	Organization portalOrganization `json:"organization"`
}

// portalProductOf is the product by id, null when there is none.
func portalProductOf(v *twin.View, id string) *portalProduct {
	p, err := v.Product(id)
	if err != nil {
		return nil
	}
	return &portalProduct{shapeProductPublic(v, p), shapePortalOrganization(v.Organization())}
}

// portalSubscription is a customer's form of a subscription, without the merchant's notes.
type portalSubscription struct {
	subscriptionFlat
	Metadata      *struct{}           `json:"metadata,omitempty"` // hides the merchant's
	Product       *portalProduct      `json:"product"`
	Prices        []any               `json:"prices"`
	Meters        []subscriptionMeter `json:"meters"`
	PendingUpdate *pendingUpdate      `json:"pending_update"`
}

func shapePortalSubscription(v *twin.View, s *twin.Subscription) portalSubscription {
	return portalSubscription{
		subscriptionFlat: shapeSubscriptionFlat(s), Product: portalProductOf(v, s.ProductID), Prices: shapePrices(v, s.Prices, false),
		Meters: subscriptionMeters(v, s, true), PendingUpdate: shapePendingUpdate(s.Update),
	}
}

// portalFlat is the subscription inside a customer's order.
type portalFlat struct {
	subscriptionFlat
	Metadata *struct{} `json:"metadata,omitempty"`
}

// portalOrderForm is a customer's form of an order; the shadowed fields are the merchant's.
type portalOrderForm struct {
	order
	Metadata            *struct{}      `json:"metadata,omitempty"`
	CustomFieldData     *struct{}      `json:"custom_field_data,omitempty"`
	PlatformFeeAmount   *struct{}      `json:"platform_fee_amount,omitempty"`
	PlatformFeeCurrency *struct{}      `json:"platform_fee_currency,omitempty"`
	Customer            *struct{}      `json:"customer,omitempty"`
	Discount            *struct{}      `json:"discount,omitempty"`
	Product             *portalProduct `json:"product"`
	Subscription        *portalFlat    `json:"subscription"`
}

func shapePortalOrder(v *twin.View, o *twin.Order) portalOrderForm {
	out := portalOrderForm{order: shapeOrder(v, o), Product: portalProductOf(v, o.ProductID)}
	if s, err := v.Subscription(o.SubscriptionID); err == nil {
		out.Subscription = &portalFlat{subscriptionFlat: shapeSubscriptionFlat(s)}
	}
	return out
}

// paymentMethod is a stored card.
type paymentMethod struct {
	stamp
	ID             string     `json:"id"`
	Processor      string     `json:"processor"`
	CustomerID     string     `json:"customer_id"`
	Type           string     `json:"type"`
	Default        bool       `json:"default"`
	MethodMetadata storedCard `json:"method_metadata"`
}

type storedCard struct {
	cardMetadata
	ExpMonth int  `json:"exp_month"`
	ExpYear  int  `json:"exp_year"`
	Wallet   text `json:"wallet"`
}

func shapePaymentMethod(v *twin.View, m *twin.PaymentMethod) paymentMethod {
	out := paymentMethod{
		stamp: stamped(m.Stamp), ID: m.ID, Processor: "stripe", CustomerID: m.CustomerID, Type: "card",
		MethodMetadata: storedCard{cardMetadata: cardMetadata{"visa", m.Card[len(m.Card)-4:]}, ExpMonth: 12, ExpYear: m.CreatedAt.Year() + 3},
	}
	if c, err := v.Customer(m.CustomerID); err == nil {
		out.Default = c.MethodID == m.ID
	}
	return out
}
