package polar

import "counterfoil/twin"

// organization is the merchant.
type organization struct {
	checkoutOrganization
	Email                      text            `json:"email"`
	Website                    text            `json:"website"`
	Socials                    []any           `json:"socials"`
	Status                     string          `json:"status"`
	DetailsSubmittedAt         instant         `json:"details_submitted_at"`
	DefaultPresentmentCurrency string          `json:"default_presentment_currency"`
	DefaultTaxBehavior         string          `json:"default_tax_behavior"`
	FeatureSettings            struct{}        `json:"feature_settings"`
	SubscriptionSettings       subscribing     `json:"subscription_settings"`
	NotificationSettings       notifications   `json:"notification_settings"`
	CustomerEmailSettings      map[string]bool `json:"customer_email_settings"`
	CustomerPortalSettings     portalSettings  `json:"customer_portal_settings"`
	Country                    text            `json:"country"`
	AccountID                  text            `json:"account_id"`
	PayoutAccountID            text            `json:"payout_account_id"`
	Capabilities               map[string]bool `json:"capabilities"`
}

type subscribing struct {
	AllowMultipleSubscriptions   bool   `json:"allow_multiple_subscriptions"`
	ProrationBehavior            string `json:"proration_behavior"`
	BenefitRevocationGracePeriod int    `json:"benefit_revocation_grace_period"`
	PreventTrialAbuse            bool   `json:"prevent_trial_abuse"`
	AllowCustomerUpdates         bool   `json:"allow_customer_updates"`
}

type notifications struct {
	NewOrder        bool `json:"new_order"`
	NewSubscription bool `json:"new_subscription"`
}

type portalSettings struct {
	Usage struct {
		Show bool `json:"show"`
	} `json:"usage"`
	Subscription struct {
		UpdateSeats bool `json:"update_seats"`
		UpdatePlan  bool `json:"update_plan"`
	} `json:"subscription"`
	Customer struct {
		AllowEmailChange bool `json:"allow_email_change"`
	} `json:"customer"`
}

// customerMails are the mails the provider would send; the twin sends none of them.
var customerMails = map[string]bool{
	"order_confirmation": true, "subscription_cancellation": true, "subscription_confirmation": true,
	"subscription_cycled": true, "subscription_cycled_after_trial": true, "subscription_past_due": true,
	"subscription_renewal_reminder": true, "subscription_revoked": true, "subscription_trial_conversion_reminder": true,
	"subscription_uncanceled": true, "subscription_updated": true,
}

// capabilities are what the organization may do: everything.
var capabilities = map[string]bool{
	"checkout_payments": true, "subscription_renewals": true, "payouts": true, "refunds": true,
	"api_access": true, "dashboard_access": true,
}

func shapeOrganization(o twin.Organization) organization {
	out := organization{
		checkoutOrganization: shapeCheckoutOrganization(o), Email: text(o.Email), Website: text(o.Website), Socials: none,
		Status: "active", DetailsSubmittedAt: instant(o.CreatedAt), DefaultPresentmentCurrency: o.Currency,
		DefaultTaxBehavior: "exclusive", Country: "US", CustomerEmailSettings: customerMails, Capabilities: capabilities,
		SubscriptionSettings: subscribing{
			AllowMultipleSubscriptions: o.AllowMultiple, ProrationBehavior: o.Proration,
			BenefitRevocationGracePeriod: o.GraceDays, AllowCustomerUpdates: o.AllowCustomerUpdates,
		},
		NotificationSettings: notifications{NewOrder: true, NewSubscription: true},
	}
	out.CustomerPortalSettings = shapePortalSettings(o)
	return out
}

// endpoint is a webhook endpoint.
type endpoint struct {
	stamp
	ID             string   `json:"id"`
	URL            string   `json:"url"`
	Name           text     `json:"name"`
	Format         string   `json:"format"`
	Secret         string   `json:"secret"`
	OrganizationID string   `json:"organization_id"`
	Events         []string `json:"events"`
	Enabled        bool     `json:"enabled"`
}

func shapeEndpoint(v *twin.View, w *twin.WebhookEndpoint) endpoint {
	return endpoint{
		stamped(w.Stamp), w.ID, w.URL, text(w.Name), w.Format, w.Secret, v.Organization().ID, list(w.Events), w.Enabled,
	}
}

// delivery is one attempt at an endpoint.
type delivery struct {
	stamp
	ID           string       `json:"id"`
	Succeeded    bool         `json:"succeeded"`
	HTTPCode     count        `json:"http_code"`
	Response     text         `json:"response"`
	WebhookEvent webhookEvent `json:"webhook_event"`
}

type webhookEvent struct {
	stamp
	ID           string `json:"id"`
	LastHTTPCode count  `json:"last_http_code"`
	Succeeded    *bool  `json:"succeeded"`
	Skipped      bool   `json:"skipped"`
	Payload      text   `json:"payload"`
	Type         string `json:"type"`
	IsArchived   bool   `json:"is_archived"`
}

func shapeDelivery(v *twin.View, d *twin.WebhookDelivery) delivery {
	out := delivery{
		stamp: stamped(d.Stamp), ID: d.ID, Succeeded: d.Succeeded, HTTPCode: count(d.Code), Response: text(d.Response),
	}
	if w, err := v.WebhookEvent(d.EventID); err == nil {
		out.WebhookEvent = webhookEvent{
			stamp: stamped(w.Stamp), ID: w.ID, LastHTTPCode: count(w.LastCode), Skipped: w.Skipped, Type: w.Type,
			Payload: text(w.Payload), IsArchived: w.ArchivedAt(v.Now()),
		}
		if w.Attempts > 0 {
			out.WebhookEvent.Succeeded = &w.Succeeded
		}
		if out.WebhookEvent.IsArchived {
			out.WebhookEvent.Payload = ""
		}
	}
	return out
}
