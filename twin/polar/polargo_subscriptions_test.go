package polar_test

import (
	"errors"
	"testing"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/apierrors"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"
)

func TestSubscriptionsByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	sam := w.customer("sam@example.com")
	id := w.Engine.SubscriptionsOf(sam.ID)[0].ID
	update := func(u components.SubscriptionUpdate) (*components.Subscription, error) {
		res, err := w.api.Subscriptions.Update(ctx, id, u)
		if err != nil {
			return nil, err
		}
		return res.Subscription, nil
	}
	canceled := ok(update(components.CreateSubscriptionUpdateSubscriptionCancel(components.SubscriptionCancel{
		CancelAtPeriodEnd: true, CustomerCancellationReason: components.CustomerCancellationReasonTooExpensive.ToPointer(),
	})))(t)
	if canceled.Status != components.SubscriptionStatusActive || !canceled.CancelAtPeriodEnd || canceled.EndsAt == nil {
		t.Errorf("canceled %+v", canceled)
	}
	change := components.CreateSubscriptionUpdateSubscriptionUpdateProduct(components.SubscriptionUpdateProduct{ProductID: w.product("pro-yearly").ID})
	var already *apierrors.AlreadyCanceledSubscription
	if _, err := update(change); !errors.As(err, &already) {
		t.Errorf("a change while canceled: %v", err)
	}
	ok(update(components.CreateSubscriptionUpdateSubscriptionCancel(components.SubscriptionCancel{CancelAtPeriodEnd: false})))(t)
	if got := ok(update(change))(t); got.ProductID != w.product("pro-yearly").ID || got.Amount != 24000 {
		t.Errorf("changed %+v", got)
	}
	discount := ok(w.api.Discounts.List(ctx, operations.DiscountsListRequest{}))(t).ListResourceDiscount.Items[0].DiscountPercentageOnceForeverDuration
	ok(update(components.CreateSubscriptionUpdateSubscriptionUpdateDiscount(components.SubscriptionUpdateDiscount{DiscountID: &discount.ID})))(t)
	ok(update(components.CreateSubscriptionUpdateSubscriptionUpdateDiscount(components.SubscriptionUpdateDiscount{})))(t)
	ok(update(components.CreateSubscriptionUpdateSubscriptionUpdateBillingPeriod(components.SubscriptionUpdateBillingPeriod{CurrentBillingPeriodEnd: w.Engine.Now().Add(48 * time.Hour)})))(t)
	ok(update(components.CreateSubscriptionUpdateSubscriptionUpdateTrial(components.SubscriptionUpdateTrial{TrialEnd: w.Engine.Now().Add(72 * time.Hour)})))(t)
	if _, err := update(components.CreateSubscriptionUpdateSubscriptionUpdateSeats(components.SubscriptionUpdateSeats{Seats: 3})); err == nil {
		t.Error("seats on a subscription without")
	}
	ok(w.api.Subscriptions.Get(ctx, id))(t)
	customer := operations.CreateCustomerIDFilterStr(sam.ID)
	if got := ok(w.api.Subscriptions.List(ctx, operations.SubscriptionsListRequest{CustomerID: &customer, Active: polargo.Bool(true)}))(t).ListResourceSubscription; len(got.Items) != 1 {
		t.Errorf("active subscriptions: %d", len(got.Items))
	}
	revoked := ok(w.api.Subscriptions.Revoke(ctx, id))(t).Subscription
	if revoked.Status != components.SubscriptionStatusCanceled || revoked.EndedAt == nil {
		t.Errorf("revoked %+v", revoked)
	}
	if _, err := w.api.Subscriptions.Revoke(ctx, id); !errors.As(err, &already) {
		t.Errorf("revoked twice: %v", err)
	}
	free := ok(w.api.Subscriptions.Create(ctx, operations.CreateSubscriptionsCreateSubscriptionCreateSubscriptionCreateCustomer(
		components.SubscriptionCreateCustomer{ProductID: w.product("free").ID, CustomerID: sam.ID})))(t).Subscription
	if free.Amount != 0 || free.Status != components.SubscriptionStatusActive {
		t.Errorf("free subscription %+v", free)
	}
}
