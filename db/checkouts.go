package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// payableFor is how much life a checkout must have left to send somebody back to it.
const payableFor = 10 * time.Minute

// OpenCheckout returns the latest checkout that a customer opened here for a product
// and that can still be paid, so that pressing twice does not open two.
func (s *Store) OpenCheckout(ctx context.Context, customerID, providerProductID string, now time.Time) (billing.Checkout, error) {
	row, err := s.r.OpenCheckout(ctx, gen.OpenCheckoutParams{
		CustomerID: customerID, ProviderProductID: providerProductID, Now: millis(now.Add(payableFor)),
	})
	if err != nil {
		return billing.Checkout{}, fmt.Errorf("open checkout of customer %s: %w", customerID, found(err))
	}
	return checkoutOf(row), nil
}

// settlesFor is how long after its expiry a checkout may still come to another end:
// its payment may have been under way, and the provider expires checkouts in batches.
const settlesFor = 24 * time.Hour

// paidLateFor is how long after its expiry a checkout that is open here may turn out to have
// been paid: our copy may be old, while webhooks are lost or the provider cannot be asked.
const paidLateFor = time.Hour

// UnsettledCheckouts lists at most size checkouts opened here that may still change
// at the provider and were last copied before a time. They come in the order of their
// ids after one, so that those whom the provider does not answer for hold up nobody.
func (s *Store) UnsettledCheckouts(ctx context.Context, copiedBefore time.Time, afterID string, size int, now time.Time) ([]billing.Ref, error) {
	rows, err := s.r.UnsettledCheckouts(ctx, gen.UnsettledCheckoutsParams{
		CopiedBefore: millis(copiedBefore), ExpiredAfter: millis(now.Add(-settlesFor)), AfterID: afterID, PageSize: int64(size),
	})
	if err != nil {
		return nil, fmt.Errorf("unsettled checkouts: %w", err)
	}
	return mapEach(rows, func(r gen.UnsettledCheckoutsRow) billing.Ref {
		return billing.Ref{Provider: r.Provider, Kind: billing.KindCheckout, ProviderID: r.ProviderID}
	}), nil
}
