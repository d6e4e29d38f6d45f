package polar

import (
	"crypto/md5"
	"encoding/hex"
	"strings"

	"counterfoil/twin"
)

// customer is an individual or a team; it also stands inside orders, subscriptions and so on.
type customer struct {
	ID string `json:"id"`
	stamp
	Metadata               twin.Metadata `json:"metadata"`
	ExternalID             text          `json:"external_id"`
	Email                  text          `json:"email"`
	EmailVerified          bool          `json:"email_verified"`
	Type                   string        `json:"type"`
	Name                   text          `json:"name"`
	BillingName            text          `json:"billing_name"`
	BillingAddress         *address      `json:"billing_address"`
	TaxID                  []string      `json:"tax_id"`
	Locale                 text          `json:"locale"`
	OrganizationID         string        `json:"organization_id"`
	DefaultPaymentMethodID text          `json:"default_payment_method_id"`
	DeletedAt              instant       `json:"deleted_at"`
	AvatarURL              string        `json:"avatar_url"`
}

func shapeCustomer(v *twin.View, c *twin.Customer) customer {
	return customer{
		ID: c.ID, stamp: stamped(c.Stamp), Metadata: c.Metadata, ExternalID: text(c.ExternalID), Email: text(c.Email),
		EmailVerified: c.EmailVerified, Type: customerType(c), DefaultPaymentMethodID: text(c.MethodID), Name: text(c.Name), BillingName: text(c.BillingName),
		BillingAddress: shapeAddress(c.BillingAddress), TaxID: c.TaxID, Locale: text(c.Locale),
		OrganizationID: v.Organization().ID, DeletedAt: instant(c.DeletedAt), AvatarURL: avatar(c.Email),
	}
}

// avatar is the picture address of an e-mail; the SDKs refuse a customer without one. MD5 is what Gravatar
// addresses by, and protects nothing.
func avatar(email string) string {
	sum := md5.Sum([]byte(strings.ToLower(email)))
	return "https://www.gravatar.com/avatar/" + hex.EncodeToString(sum[:]) + "?d=404"
}

// customerOf is the customer by id; the zero shape only if it was never there.
func customerOf(v *twin.View, id string) customer {
	c, err := v.Customer(id)
	if err != nil {
		return customer{}
	}
	return shapeCustomer(v, c)
}

// customerType is what kind of customer it is.
func customerType(c *twin.Customer) string {
	if c.Team {
		return "team"
	}
	return "individual"
}

// member is a person who acts for a customer.
type member struct {
	stamp
	ID         string `json:"id"`
	CustomerID string `json:"customer_id"`
	Email      string `json:"email"`
	Name       text   `json:"name"`
	ExternalID text   `json:"external_id"`
	Role       string `json:"role"`
}

func shapeMember(_ *twin.View, m *twin.Member) member {
	return member{stamped(m.Stamp), m.ID, m.CustomerID, m.Email, text(m.Name), text(m.ExternalID), m.Role}
}

// memberOf is the member by id, null when there is none (any more).
func memberOf(v *twin.View, id string) *member {
	m, err := v.Member(id)
	if err != nil {
		return nil
	}
	shape := shapeMember(v, m)
	return &shape
}

// customerState is the customer with everything it has now.
type customerState struct {
	customer
	ActiveSubscriptions []stateSubscription `json:"active_subscriptions"`
	GrantedBenefits     []stateGrant        `json:"granted_benefits"`
	ActiveMeters        []stateMeter        `json:"active_meters"`
}

type stateSubscription struct {
	stamp
	ID                 string              `json:"id"`
	CustomFieldData    twin.Metadata       `json:"custom_field_data"`
	Metadata           twin.Metadata       `json:"metadata"`
	Status             string              `json:"status"`
	Amount             int64               `json:"amount"`
	Currency           string              `json:"currency"`
	RecurringInterval  string              `json:"recurring_interval"`
	CurrentPeriodStart instant             `json:"current_period_start"`
	CurrentPeriodEnd   instant             `json:"current_period_end"`
	TrialStart         instant             `json:"trial_start"`
	TrialEnd           instant             `json:"trial_end"`
	CancelAtPeriodEnd  bool                `json:"cancel_at_period_end"`
	CanceledAt         instant             `json:"canceled_at"`
	StartedAt          instant             `json:"started_at"`
	EndsAt             instant             `json:"ends_at"`
	ProductID          string              `json:"product_id"`
	DiscountID         text                `json:"discount_id"`
	Meters             []subscriptionMeter `json:"meters"`
}

type stateGrant struct {
	stamp
	ID              string        `json:"id"`
	GrantedAt       instant       `json:"granted_at"`
	BenefitID       string        `json:"benefit_id"`
	BenefitType     string        `json:"benefit_type"`
	BenefitMetadata twin.Metadata `json:"benefit_metadata"`
	Properties      any           `json:"properties"`
}

type stateMeter struct {
	stamp
	ID            string        `json:"id"`
	MeterID       string        `json:"meter_id"`
	ConsumedUnits twin.Quantity `json:"consumed_units"`
	CreditedUnits int64         `json:"credited_units"`
	Balance       twin.Quantity `json:"balance"`
}

func shapeState(v *twin.View, s twin.State) customerState {
	out := customerState{
		customer: shapeCustomer(v, &s.Customer), ActiveSubscriptions: []stateSubscription{},
		GrantedBenefits: []stateGrant{}, ActiveMeters: []stateMeter{},
	}
	for _, sub := range s.Subscriptions {
		out.ActiveSubscriptions = append(out.ActiveSubscriptions, stateSubscription{
			stamp: stamped(sub.Stamp), ID: sub.ID, CustomFieldData: sub.CustomFieldData, Metadata: sub.Metadata,
			Status: sub.Status, Amount: sub.Amount, Currency: sub.Currency, RecurringInterval: string(sub.Interval),
			CurrentPeriodStart: instant(sub.PeriodStart), CurrentPeriodEnd: instant(sub.PeriodEnd),
			TrialStart: instant(sub.TrialStart), TrialEnd: instant(sub.TrialEnd), CancelAtPeriodEnd: sub.CancelAtPeriodEnd,
			CanceledAt: instant(sub.CanceledAt), StartedAt: instant(sub.StartedAt), EndsAt: instant(sub.EndsAt),
			ProductID: sub.ProductID, DiscountID: text(sub.DiscountID), Meters: subscriptionMeters(v, &sub, false),
		})
	}
	for _, g := range s.Grants {
		b, err := v.Benefit(g.BenefitID)
		if err != nil {
			continue
		}
		out.GrantedBenefits = append(out.GrantedBenefits, stateGrant{
			stamp: stamped(g.Stamp), ID: g.ID, GrantedAt: instant(g.GrantedAt), BenefitID: g.BenefitID,
			BenefitType: b.Type, BenefitMetadata: b.Metadata, Properties: grantProperties(g.Properties, b),
		})
	}
	for _, m := range s.Meters {
		out.ActiveMeters = append(out.ActiveMeters, stateMeter{
			stamped(m.Stamp), m.ID, m.MeterID, m.Consumed, m.Credited, m.Balance(),
		})
	}
	return out
}

// session is a customer session.
type session struct {
	stamp
	ID                string   `json:"id"`
	Token             string   `json:"token"`
	ExpiresAt         instant  `json:"expires_at"`
	ReturnURL         text     `json:"return_url"`
	CustomerPortalURL string   `json:"customer_portal_url"`
	CustomerID        string   `json:"customer_id"`
	Customer          customer `json:"customer"`
}
