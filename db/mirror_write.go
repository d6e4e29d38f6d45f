package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// upsert writes one object and reports whether the guard of its kind let it pass.
func upsert(ctx context.Context, q *gen.Queries, object billing.Object, deleted bool, now time.Time) (bool, error) {
	w := writer{q: q, now: millis(now)}
	if deleted {
		w.deletedAt = &w.now
	}
	var rows int64
	var err error
	switch o := object.(type) {
	case billing.Product:
		rows, err = w.product(ctx, o)
	case billing.Meter:
		rows, err = w.meter(ctx, o)
	case billing.Customer:
		rows, err = w.customer(ctx, o)
	case billing.Checkout:
		rows, err = w.checkout(ctx, o)
	case billing.Subscription:
		rows, err = w.subscription(ctx, o)
	case billing.Order:
		rows, err = w.order(ctx, o)
	case billing.Grant:
		rows, err = w.grant(ctx, o)
	case billing.Balance:
		rows, err = w.balance(ctx, o)
	case billing.Refund:
		rows, err = w.refund(ctx, o)
	case billing.Seat:
		rows, err = w.seat(ctx, o)
	case billing.BenefitDefinition:
		rows, err = w.benefit(ctx, o)
	case billing.Organization:
		rows, err = w.organization(ctx, o)
	default:
		return false, fmt.Errorf("%T is nothing that the mirror keeps: %w", object, billing.ErrInvalid)
	}
	return rows > 0, err
}

// writer turns objects into rows copied at one time.
type writer struct {
	q         *gen.Queries
	now       int64
	deletedAt *int64
	failed    error // of pack
}

// pack is a JSON column; empty stands for a nil slice or map.
func (w *writer) pack(value any, empty string) string {
	text, err := json.Marshal(value)
	if err != nil {
		w.failed = errors.Join(w.failed, fmt.Errorf("pack %T: %w", value, err))
	}
	if string(text) == "null" {
		return empty
	}
	return string(text)
}

func (w *writer) product(ctx context.Context, o billing.Product) (int64, error) {
	row := gen.UpsertProductParams{
		Provider: o.Provider, ProviderID: o.ProviderID, Slug: o.Slug, Name: o.Name, Description: o.Description,
		Interval: string(o.Interval), IntervalCount: int64(o.IntervalCount), TrialDays: int64(o.TrialDays),
		Archived: o.Archived, Public: o.Public,
		Prices: w.pack(o.Prices, "[]"), Benefits: w.pack(o.Benefits, "[]"), Metadata: w.pack(o.Metadata, "{}"),
		CreatedAt: millis(o.CreatedAt), Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	}
	if w.failed != nil {
		return 0, w.failed
	}
	return w.q.UpsertProduct(ctx, row)
}

func (w *writer) meter(ctx context.Context, o billing.Meter) (int64, error) {
	row := gen.UpsertMeterParams{
		Provider: o.Provider, ProviderID: o.ProviderID, Name: o.Name, Aggregation: string(o.Aggregation),
		Property: o.Property, Filter: w.pack(o.Filter, "{}"), Archived: o.Archived,
		CreatedAt: millis(o.CreatedAt), Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	}
	if w.failed != nil {
		return 0, w.failed
	}
	return w.q.UpsertMeter(ctx, row)
}

// customer links to our own customer whom the external id names, if there is one
// and no other living customer of the provider holds the link.
func (w *writer) customer(ctx context.Context, o billing.Customer) (int64, error) {
	row := gen.UpsertProviderCustomerParams{
		Provider: o.Provider, ProviderID: o.ProviderID, ExternalID: o.ExternalID, Email: o.Email,
		EmailVerified: o.EmailVerified, Name: o.Name,
		CreatedAt: millis(o.CreatedAt), Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	}
	if o.Deleted {
		row.DeletedAt = &w.now
	}
	if o.ExternalID != "" && row.DeletedAt == nil {
		id, err := w.q.LinkTarget(ctx, gen.LinkTargetParams{
			ExternalID: o.ExternalID, Provider: o.Provider, ProviderID: o.ProviderID,
		})
		switch {
		case err == nil:
			row.CustomerID = &id
		case !errors.Is(err, sql.ErrNoRows):
			return 0, fmt.Errorf("link to customer %s: %w", o.ExternalID, err)
		}
	}
	return w.q.UpsertProviderCustomer(ctx, row)
}

// checkout is owned by our customer whom it names, if there is one.
func (w *writer) checkout(ctx context.Context, o billing.Checkout) (int64, error) {
	row := gen.UpsertCheckoutParams{
		Provider: o.Provider, ProviderID: o.ProviderID, CustomerID: o.ExternalCustomerID,
		ProviderCustomerID: o.ProviderCustomerID, ProviderProductID: o.ProviderProductID,
		Status: string(o.Status), Url: o.URL,
		Subtotal: o.Subtotal, Discount: o.Discount, Tax: o.Tax, Total: o.Total, Currency: o.Currency,
		CreatedAt: millis(o.CreatedAt), ExpiresAt: millis(o.ExpiresAt),
		Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	}
	return w.q.UpsertCheckout(ctx, row)
}

func (w *writer) subscription(ctx context.Context, o billing.Subscription) (int64, error) {
	return w.q.UpsertSubscription(ctx, gen.UpsertSubscriptionParams{
		Provider: o.Provider, ProviderID: o.ProviderID, ProviderCustomerID: o.ProviderCustomerID,
		ProviderProductID: o.ProviderProductID, ProviderCheckoutID: o.ProviderCheckoutID,
		Status: string(o.Status), Amount: o.Amount, Currency: o.Currency,
		Interval: string(o.Interval), IntervalCount: int64(o.IntervalCount),
		PeriodStart: millis(o.PeriodStart), PeriodEnd: millis(o.PeriodEnd), TrialEnd: maybeMillis(o.TrialEnd),
		CancelAtPeriodEnd: o.CancelAtPeriodEnd, CanceledAt: maybeMillis(o.CanceledAt),
		StartedAt: maybeMillis(o.StartedAt), EndsAt: maybeMillis(o.EndsAt), EndedAt: maybeMillis(o.EndedAt),
		CancelReason: o.CancelReason, CancelComment: o.CancelComment, ReferenceID: o.ReferenceID, Seats: int64(o.Seats),
		CreatedAt: millis(o.CreatedAt), Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	})
}

func (w *writer) order(ctx context.Context, o billing.Order) (int64, error) {
	row := gen.UpsertOrderParams{
		Provider: o.Provider, ProviderID: o.ProviderID, ProviderCustomerID: o.ProviderCustomerID,
		ProviderProductID: o.ProviderProductID, ProviderSubscriptionID: o.ProviderSubscriptionID,
		ProviderCheckoutID: o.ProviderCheckoutID, Status: string(o.Status), Reason: o.Reason,
		Number: o.Number, Description: o.Description,
		Subtotal: o.Subtotal, Discount: o.Discount, Tax: o.Tax, Total: o.Total, Refunded: o.Refunded,
		Currency: o.Currency, Items: w.pack(o.Items, "[]"), NextAttemptAt: maybeMillis(o.NextAttemptAt),
		CreatedAt: millis(o.CreatedAt), Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	}
	if w.failed != nil {
		return 0, w.failed
	}
	return w.q.UpsertOrder(ctx, row)
}

func (w *writer) grant(ctx context.Context, o billing.Grant) (int64, error) {
	row := gen.UpsertGrantParams{
		Provider: o.Provider, ProviderID: o.ProviderID, ProviderCustomerID: o.ProviderCustomerID,
		ProviderBenefitID: o.ProviderBenefitID, ProviderSubscriptionID: o.ProviderSubscriptionID,
		ProviderOrderID: o.ProviderOrderID, ProviderMemberID: o.ProviderMemberID, Kind: string(o.Kind), Description: o.Description,
		GrantedAt: maybeMillis(o.GrantedAt), RevokedAt: maybeMillis(o.RevokedAt),
		Properties: w.pack(o.Properties, "{}"),
		CreatedAt:  millis(o.CreatedAt), Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	}
	if w.failed != nil {
		return 0, w.failed
	}
	return w.q.UpsertGrant(ctx, row)
}

func (w *writer) balance(ctx context.Context, o billing.Balance) (int64, error) {
	return w.q.UpsertBalance(ctx, gen.UpsertBalanceParams{
		Provider: o.Provider, ProviderID: o.ProviderID, ProviderCustomerID: o.ProviderCustomerID,
		ProviderMeterID: o.ProviderMeterID,
		Consumed:        int64(o.Consumed), Credited: int64(o.Credited), Balance: int64(o.Balance),
		CreatedAt: millis(o.CreatedAt), Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	})
}

func (w *writer) refund(ctx context.Context, o billing.Refund) (int64, error) {
	row := gen.UpsertRefundParams{
		Provider: o.Provider, ProviderID: o.ProviderID, ProviderOrderID: o.ProviderOrderID,
		ProviderCustomerID: o.ProviderCustomerID, ProviderSubscriptionID: o.ProviderSubscriptionID,
		Status: string(o.Status), Reason: o.Reason, Amount: o.Amount, Tax: o.Tax, Currency: o.Currency,
		Metadata:  w.pack(o.Metadata, "{}"),
		CreatedAt: millis(o.CreatedAt), Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	}
	if w.failed != nil {
		return 0, w.failed
	}
	return w.q.UpsertRefund(ctx, row)
}

func (w *writer) benefit(ctx context.Context, o billing.BenefitDefinition) (int64, error) {
	row := gen.UpsertBenefitParams{
		Provider: o.Provider, ProviderID: o.ProviderID, Benefit: w.pack(o.Benefit, "{}"),
		CreatedAt: millis(o.CreatedAt), Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	}
	if w.failed != nil {
		return 0, w.failed
	}
	return w.q.UpsertBenefit(ctx, row)
}

func (w *writer) organization(ctx context.Context, o billing.Organization) (int64, error) {
	return w.q.UpsertOrganization(ctx, gen.UpsertOrganizationParams{
		Provider: o.Provider, ProviderID: o.ProviderID, Slug: o.Slug, Name: o.Name,
		CreatedAt: millis(o.CreatedAt), Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	})
}

// gone reports whether a change is a deletion.
func gone(change billing.Change) bool {
	customer, ok := change.Object.(billing.Customer)
	return change.Deleted || (ok && customer.Deleted)
}

// payer is the provider's id of the customer whose object it is; empty for the catalog.
func payer(object billing.Object) string {
	switch o := object.(type) {
	case billing.Customer:
		return o.ProviderID
	case billing.Checkout:
		return o.ProviderCustomerID
	case billing.Subscription:
		return o.ProviderCustomerID
	case billing.Order:
		return o.ProviderCustomerID
	case billing.Refund:
		return o.ProviderCustomerID
	case billing.Grant:
		return o.ProviderCustomerID
	case billing.Seat:
		return o.ProviderCustomerID
	case billing.Balance:
		return o.ProviderCustomerID
	}
	return ""
}

// statusOf is what MirrorState answers as status for an object like this.
func statusOf(object billing.Object) string {
	switch o := object.(type) {
	case billing.Checkout:
		return string(o.Status)
	case billing.Subscription:
		return string(o.Status)
	case billing.Order:
		return string(o.Status)
	case billing.Refund:
		return string(o.Status)
	case billing.Seat:
		return string(o.Status)
	case billing.Grant:
		if o.RevokedAt.IsZero() {
			return "granted"
		}
		return "revoked"
	}
	return ""
}
