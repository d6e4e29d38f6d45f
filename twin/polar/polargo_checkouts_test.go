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

func TestPurchaseByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	made := ok(w.api.Checkouts.Create(ctx, components.CheckoutCreate{
		Products: []string{w.product("pro").ID, w.product("pro-yearly").ID}, ExternalCustomerID: polargo.String("user-7"),
		CustomerEmail: polargo.String("noor@example.com"), SuccessURL: polargo.String("http://localhost/done?checkout_id={CHECKOUT_ID}"),
		Metadata: map[string]components.CheckoutCreateMetadata{"from": components.CreateCheckoutCreateMetadataStr("pricing page")},
	}))(t).Checkout
	if made.SuccessURL != "http://localhost/done?checkout_id="+made.ID || made.URL != w.BaseURL+"/checkout/"+made.ClientSecret {
		t.Errorf("checkout %+v", made)
	}
	ok(w.api.Checkouts.Update(ctx, made.ID, components.CheckoutUpdate{CustomerName: polargo.String("Noor Haddad")}))(t)
	ok(w.api.Checkouts.ClientGet(ctx, made.ClientSecret))(t)
	priced := ok(w.api.Checkouts.ClientUpdate(ctx, made.ClientSecret, components.CheckoutUpdatePublic{DiscountCode: polargo.String("launch20")}))(t).CheckoutPublic
	if priced.TotalAmount != 1920 || priced.DiscountAmount != 480 {
		t.Errorf("priced %d - %d", priced.TotalAmount, priced.DiscountAmount)
	}
	_, err := w.api.Checkouts.ClientConfirm(ctx, made.ClientSecret, components.CheckoutConfirmStripe{ConfirmationTokenID: polargo.String("4000000000000002")})
	var declined *apierrors.PaymentError
	if !errors.As(err, &declined) {
		t.Errorf("a declined card: %v", err)
	}
	confirmed := ok(w.api.Checkouts.ClientConfirm(ctx, made.ClientSecret, components.CheckoutConfirmStripe{ConfirmationTokenID: polargo.String("4242424242424242")}))(t).CheckoutPublicConfirmed
	if confirmed.CustomerSessionToken == nil {
		t.Error("no session token for a customer that the merchant named")
	}
	done := ok(w.api.Checkouts.Get(ctx, made.ID))(t).Checkout
	if done.Status != components.CheckoutStatusSucceeded || done.CustomerID == nil || done.SubscriptionID == nil {
		t.Errorf("after payment %+v", done)
	}
	status := operations.CreateQueryParamStatusFilterCheckoutStatus(components.CheckoutStatusSucceeded)
	if got := ok(w.api.Checkouts.List(ctx, operations.CheckoutsListRequest{Status: &status}))(t).ListResourceCheckout; got.Pagination.TotalCount != 5 {
		t.Errorf("succeeded checkouts: %+v", got.Pagination)
	}
	state := ok(w.api.Customers.GetStateExternal(ctx, "user-7"))(t).CustomerState
	if len(state.ActiveSubscriptions) != 1 || len(state.GrantedBenefits) != 4 || len(state.ActiveMeters) != 2 {
		t.Errorf("state: %d subscriptions, %d benefits, %d meters", len(state.ActiveSubscriptions), len(state.GrantedBenefits), len(state.ActiveMeters))
	}
	if state.ActiveSubscriptions[0].Metadata["from"].Str == nil {
		t.Error("the checkout's metadata is not on the subscription")
	}
	_, err = w.api.Checkouts.ClientConfirm(ctx, made.ClientSecret, components.CheckoutConfirmStripe{})
	var forbidden *apierrors.CheckoutForbiddenError
	if !errors.As(err, &forbidden) {
		t.Errorf("confirmed twice: %v", err)
	}
	second := ok(w.api.Checkouts.Create(ctx, components.CheckoutCreate{Products: []string{w.product("pro").ID}, ExternalCustomerID: polargo.String("user-7")}))(t).Checkout
	_, err = w.api.Checkouts.ClientConfirm(ctx, second.ClientSecret, components.CheckoutConfirmStripe{ConfirmationTokenID: polargo.String("4242424242424242")})
	if !errors.As(err, &forbidden) {
		t.Errorf("a second subscription: %v", err)
	}
	must(t, w.Engine.Advance(ctx, 25*time.Hour))
	_, err = w.api.Checkouts.ClientGet(ctx, second.ClientSecret)
	var gone *apierrors.ExpiredCheckoutError
	if !errors.As(err, &gone) {
		t.Errorf("an expired checkout: %v", err)
	}
}
