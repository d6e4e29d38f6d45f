package db

import (
	"encoding/json"
	"fmt"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Rows of the mirror in the words of package billing; mirror_write.go is the way back.

func source(provider, providerID string, version, createdAt int64) billing.Source {
	return billing.Source{Provider: provider, ProviderID: providerID, Version: version, CreatedAt: moment(createdAt)}
}

func productOf(row gen.Product) (billing.Product, error) {
	p := billing.Product{
		Source: source(row.Provider, row.ProviderID, row.Version, row.CreatedAt),
		Slug:   row.Slug, Name: row.Name, Description: row.Description,
		Interval: billing.Interval(row.Interval), IntervalCount: int(row.IntervalCount), TrialDays: int(row.TrialDays),
		Archived: row.Archived, Public: row.Public,
	}
	err := unpack("product "+row.ProviderID,
		packed{row.Prices, &p.Prices}, packed{row.Benefits, &p.Benefits}, packed{row.Metadata, &p.Metadata})
	return p, err
}

func meterOf(row gen.Meter) (billing.Meter, error) {
	m := billing.Meter{
		Source: source(row.Provider, row.ProviderID, row.Version, row.CreatedAt),
		Name:   row.Name, Aggregation: billing.Aggregation(row.Aggregation), Property: row.Property, Archived: row.Archived,
	}
	err := unpack("meter "+row.ProviderID, packed{row.Filter, &m.Filter})
	return m, err
}

func customerOf(row gen.ProviderCustomer) billing.Customer {
	return billing.Customer{
		Source:     source(row.Provider, row.ProviderID, row.Version, row.CreatedAt),
		ExternalID: row.ExternalID, Email: row.Email, EmailVerified: row.EmailVerified, Name: row.Name,
		Deleted: row.DeletedAt != nil,
	}
}

func checkoutOf(row gen.Checkout) billing.Checkout {
	return billing.Checkout{
		Source: source(row.Provider, row.ProviderID, row.Version, row.CreatedAt),
		Status: billing.CheckoutStatus(row.Status), URL: row.Url, ProviderProductID: row.ProviderProductID,
		ProviderCustomerID: row.ProviderCustomerID, ExternalCustomerID: row.CustomerID,
		Subtotal: row.Subtotal, Discount: row.Discount, Tax: row.Tax, Total: row.Total, Currency: row.Currency,
		ExpiresAt: moment(row.ExpiresAt),
	}
}

func subscriptionOf(row gen.Subscription) billing.Subscription {
	return billing.Subscription{
		Source:             source(row.Provider, row.ProviderID, row.Version, row.CreatedAt),
		ProviderCustomerID: row.ProviderCustomerID, ProviderProductID: row.ProviderProductID,
		ProviderCheckoutID: row.ProviderCheckoutID, Status: billing.Status(row.Status),
		Amount: row.Amount, Currency: row.Currency,
		Interval: billing.Interval(row.Interval), IntervalCount: int(row.IntervalCount),
		PeriodStart: moment(row.PeriodStart), PeriodEnd: moment(row.PeriodEnd), TrialEnd: maybeMoment(row.TrialEnd),
		CancelAtPeriodEnd: row.CancelAtPeriodEnd, CanceledAt: maybeMoment(row.CanceledAt),
		StartedAt: maybeMoment(row.StartedAt), EndsAt: maybeMoment(row.EndsAt), EndedAt: maybeMoment(row.EndedAt),
		CancelReason: row.CancelReason, CancelComment: row.CancelComment, ReferenceID: row.ReferenceID, Seats: int(row.Seats),
	}
}

func orderOf(row gen.Order) (billing.Order, error) {
	o := billing.Order{
		Source:             source(row.Provider, row.ProviderID, row.Version, row.CreatedAt),
		ProviderCustomerID: row.ProviderCustomerID, ProviderProductID: row.ProviderProductID,
		ProviderSubscriptionID: row.ProviderSubscriptionID, ProviderCheckoutID: row.ProviderCheckoutID,
		Status: billing.OrderStatus(row.Status), Reason: row.Reason, Number: row.Number, Description: row.Description,
		Subtotal: row.Subtotal, Discount: row.Discount, Tax: row.Tax, Total: row.Total, Refunded: row.Refunded,
		Currency: row.Currency, NextAttemptAt: maybeMoment(row.NextAttemptAt),
	}
	err := unpack("order "+row.ProviderID, packed{row.Items, &o.Items})
	return o, err
}

func grantOf(row gen.BenefitGrant) (billing.Grant, error) {
	g := billing.Grant{
		Source:             source(row.Provider, row.ProviderID, row.Version, row.CreatedAt),
		ProviderCustomerID: row.ProviderCustomerID, ProviderBenefitID: row.ProviderBenefitID,
		ProviderSubscriptionID: row.ProviderSubscriptionID, ProviderOrderID: row.ProviderOrderID, ProviderMemberID: row.ProviderMemberID,
		Kind: billing.BenefitKind(row.Kind), Description: row.Description,
		GrantedAt: maybeMoment(row.GrantedAt), RevokedAt: maybeMoment(row.RevokedAt),
	}
	err := unpack("grant "+row.ProviderID, packed{row.Properties, &g.Properties})
	return g, err
}

func balanceOf(row gen.CustomerMeter) billing.Balance {
	return billing.Balance{
		Source:             source(row.Provider, row.ProviderID, row.Version, row.CreatedAt),
		ProviderCustomerID: row.ProviderCustomerID, ProviderMeterID: row.ProviderMeterID,
		Consumed: billing.Credits(row.Consumed), Credited: billing.Credits(row.Credited), Balance: billing.Credits(row.Balance),
	}
}

// packed is a JSON column and where its value goes.
type packed struct {
	text string
	into any
}

func unpack(of string, columns ...packed) error {
	for _, c := range columns {
		if err := json.Unmarshal([]byte(c.text), c.into); err != nil {
			return fmt.Errorf("read %s: %w", of, err)
		}
	}
	return nil
}

// tryEach applies f to every element, up to the first error.
func tryEach[A, B any](list []A, f func(A) (B, error)) ([]B, error) {
	out := make([]B, len(list))
	for i, v := range list {
		var err error
		if out[i], err = f(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}
