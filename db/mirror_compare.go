package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// copied is the mirror's copy of one object.
type copied struct {
	object  billing.Object // nil: the mirror does not have it
	deleted bool
	linked  bool // of a customer of the provider: he is one of ours
}

// mirrored reads the mirror's copy of an object, on the readers' pool.
func (s *Store) mirrored(ctx context.Context, ref billing.Ref) (copied, error) {
	c, err := s.copyOf(ctx, ref)
	if err != nil {
		return copied{}, fmt.Errorf("copy of %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	return c, nil
}

func (s *Store) copyOf(ctx context.Context, ref billing.Ref) (copied, error) {
	p := gen.MirroredProductParams{Provider: ref.Provider, ProviderID: ref.ProviderID}
	switch ref.Kind {
	case billing.KindProduct:
		row, err := s.r.MirroredProduct(ctx, p)
		return copyOf(err, row.DeletedAt, func() (billing.Object, error) { return productOf(row) })
	case billing.KindMeter:
		row, err := s.r.MirroredMeter(ctx, gen.MirroredMeterParams(p))
		return copyOf(err, row.DeletedAt, func() (billing.Object, error) { return meterOf(row) })
	case billing.KindCheckout:
		row, err := s.r.MirroredCheckout(ctx, gen.MirroredCheckoutParams(p))
		return copyOf(err, row.DeletedAt, func() (billing.Object, error) { return checkoutOf(row), nil })
	case billing.KindSubscription:
		row, err := s.r.MirroredSubscription(ctx, gen.MirroredSubscriptionParams(p))
		return copyOf(err, row.DeletedAt, func() (billing.Object, error) { return subscriptionOf(row), nil })
	case billing.KindOrder:
		row, err := s.r.MirroredOrder(ctx, gen.MirroredOrderParams(p))
		return copyOf(err, row.DeletedAt, func() (billing.Object, error) { return orderOf(row) })
	case billing.KindGrant:
		row, err := s.r.MirroredGrant(ctx, gen.MirroredGrantParams(p))
		return copyOf(err, row.DeletedAt, func() (billing.Object, error) { return grantOf(row) })
	case billing.KindBalance:
		row, err := s.r.MirroredBalance(ctx, gen.MirroredBalanceParams(p))
		return copyOf(err, row.DeletedAt, func() (billing.Object, error) { return balanceOf(row), nil })
	case billing.KindRefund:
		row, err := s.r.MirroredRefund(ctx, gen.MirroredRefundParams(p))
		return copyOf(err, row.DeletedAt, func() (billing.Object, error) { return refundOf(row) })
	case billing.KindSeat:
		row, err := s.r.MirroredSeat(ctx, gen.MirroredSeatParams(p))
		return copyOf(err, row.DeletedAt, func() (billing.Object, error) { return seatOf(row), nil })
	case billing.KindBenefit:
		row, err := s.r.MirroredBenefit(ctx, gen.MirroredBenefitParams(p))
		return copyOf(err, row.DeletedAt, func() (billing.Object, error) { return benefitOf(row) })
	case billing.KindOrganization:
		row, err := s.r.MirroredOrganization(ctx, gen.MirroredOrganizationParams(p))
		return copyOf(err, row.DeletedAt, func() (billing.Object, error) { return organizationOf(row), nil })
	case billing.KindCustomer:
		row, err := s.r.ProviderCustomerByID(ctx, gen.ProviderCustomerByIDParams(p))
		c, err := copyOf(err, row.DeletedAt, func() (billing.Object, error) { return customerOf(row), nil })
		c.linked = row.CustomerID != nil
		return c, err
	}
	return copied{}, fmt.Errorf("no kind of the mirror: %w", billing.ErrInvalid)
}

// copyOf reads a row that was asked for; none is no error.
func copyOf(err error, deletedAt *int64, object func() (billing.Object, error)) (copied, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return copied{}, nil
	}
	if err != nil {
		return copied{}, err
	}
	c := copied{deleted: deletedAt != nil}
	c.object, err = object()
	return c, err
}

func refundOf(row gen.Refund) (billing.Refund, error) {
	r := billing.Refund{
		Source:          source(row.Provider, row.ProviderID, row.Version, row.CreatedAt),
		ProviderOrderID: row.ProviderOrderID, ProviderCustomerID: row.ProviderCustomerID,
		ProviderSubscriptionID: row.ProviderSubscriptionID, Status: billing.RefundStatus(row.Status),
		Reason: row.Reason, Amount: row.Amount, Tax: row.Tax, Currency: row.Currency,
	}
	err := unpack("refund "+row.ProviderID, packed{row.Metadata, &r.Metadata})
	return r, err
}

func benefitOf(row gen.Benefit) (billing.BenefitDefinition, error) {
	b := billing.BenefitDefinition{Source: source(row.Provider, row.ProviderID, row.Version, row.CreatedAt)}
	err := unpack("benefit "+row.ProviderID, packed{row.Benefit, &b.Benefit})
	return b, err
}

func organizationOf(row gen.Organization) billing.Organization {
	return billing.Organization{
		Source: source(row.Provider, row.ProviderID, row.Version, row.CreatedAt), Slug: row.Slug, Name: row.Name,
	}
}

// Living returns up to most ids of a kind that the mirror has copied before a moment, and
// that were not deleted, after an id and in the order of ids.
func (s *Store) Living(ctx context.Context, provider string, kind billing.Kind, after string, before time.Time, most int) ([]string, error) {
	ids, err := s.living(ctx, kind, gen.LivingProductsParams{
		Provider: provider, After: after, Before: millis(before), Most: int64(most),
	})
	if err != nil {
		return nil, fmt.Errorf("copies of kind %s: %w", kind, err)
	}
	return ids, nil
}

func (s *Store) living(ctx context.Context, kind billing.Kind, p gen.LivingProductsParams) ([]string, error) {
	switch kind {
	case billing.KindProduct:
		return s.r.LivingProducts(ctx, p)
	case billing.KindMeter:
		return s.r.LivingMeters(ctx, gen.LivingMetersParams(p))
	case billing.KindCustomer:
		return s.r.LivingCustomers(ctx, gen.LivingCustomersParams(p))
	case billing.KindCheckout:
		return s.r.LivingCheckouts(ctx, gen.LivingCheckoutsParams(p))
	case billing.KindSubscription:
		return s.r.LivingSubscriptions(ctx, gen.LivingSubscriptionsParams(p))
	case billing.KindOrder:
		return s.r.LivingOrders(ctx, gen.LivingOrdersParams(p))
	case billing.KindGrant:
		return s.r.LivingGrants(ctx, gen.LivingGrantsParams(p))
	case billing.KindBalance:
		return s.r.LivingBalances(ctx, gen.LivingBalancesParams(p))
	case billing.KindRefund:
		return s.r.LivingRefunds(ctx, gen.LivingRefundsParams(p))
	case billing.KindBenefit:
		return s.r.LivingBenefits(ctx, gen.LivingBenefitsParams(p))
	case billing.KindOrganization:
		return s.r.LivingOrganizations(ctx, gen.LivingOrganizationsParams(p))
	}
	return nil, fmt.Errorf("no kind of the mirror: %w", billing.ErrInvalid)
}
