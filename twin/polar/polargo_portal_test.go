package polar_test

import (
	"errors"
	"testing"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/apierrors"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/twin"
)

// session is a portal token of the customer.
func (w *world) session(email string) *string {
	w.t.Helper()
	return polargo.String(ok(w.Engine.CreateSession(w.t.Context(), w.customer(email).ID, "", ""))(w.t).Token)
}

func TestPortalCustomerByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx, token := t.Context(), w.session("sam@example.com")
	me := w.api.CustomerPortal.Customers
	got := ok(me.Get(ctx, operations.CustomerPortalCustomersGetSecurity{CustomerSession: token}))(t).CustomerPortalCustomer
	if got.Email != "sam@example.com" || got.DefaultPaymentMethodID == nil {
		t.Errorf("customer %+v", got)
	}
	changed := ok(me.Update(ctx, components.CustomerPortalCustomerUpdate{
		BillingName: polargo.String("Okafor Ltd"), TaxID: polargo.String("DE123456789"),
		BillingAddress: &components.AddressInput{Country: components.CountryAlpha2InputDe, City: polargo.String("Bonn")},
	}, operations.CustomerPortalCustomersUpdateSecurity{CustomerSession: token}))(t).CustomerPortalCustomer
	if *changed.BillingName != "Okafor Ltd" || *changed.BillingAddress.City != "Bonn" || len(changed.TaxID) != 2 {
		t.Errorf("changed %+v", changed)
	}
	session := ok(w.api.CustomerPortal.CustomerSession.Introspect(ctx, operations.CustomerPortalCustomerSessionIntrospectSecurity{CustomerSession: token}))(t).CustomerCustomerSession
	if left := session.ExpiresAt.Sub(w.Engine.Now()); left <= 59*time.Minute || left > time.Hour {
		t.Errorf("session good for %v", left)
	}
	user := ok(w.api.CustomerPortal.CustomerSession.GetAuthenticatedUser(ctx, operations.CustomerPortalCustomerSessionGetAuthenticatedUserSecurity{CustomerSession: token}))(t).PortalAuthenticatedUser
	if user.Type != "customer" || user.Email != "sam@example.com" || user.Role != nil {
		t.Errorf("user %+v", user)
	}
	shop := ok(w.api.CustomerPortal.Organizations.Get(ctx, "lumen"))(t).CustomerOrganizationData
	if len(shop.Products) != 4 || shop.Organization.Slug != "lumen" || !shop.Organization.CustomerPortalSettings.Usage.Show {
		t.Errorf("organization %+v", shop)
	}
	var missing *apierrors.ResourceNotFound
	if _, err := w.api.CustomerPortal.Organizations.Get(ctx, "nobody"); !errors.As(err, &missing) {
		t.Errorf("an unknown organization: %v", err)
	}
}

func TestPortalPaymentMethodsByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx, token := t.Context(), w.session("sam@example.com")
	me := w.api.CustomerPortal.Customers
	list := func() []components.CustomerPaymentMethod {
		t.Helper()
		return ok(me.ListPaymentMethods(ctx, operations.CustomerPortalCustomersListPaymentMethodsSecurity{CustomerSession: token}, nil, nil))(t).ListResourceCustomerPaymentMethod.Items
	}
	drop := func(id string) error {
		_, err := me.DeletePaymentMethod(ctx, operations.CustomerPortalCustomersDeletePaymentMethodSecurity{CustomerSession: token}, id)
		return err
	}
	add := func(card string) (*operations.CustomerPortalCustomersAddPaymentMethodResponse, error) {
		return me.AddPaymentMethod(ctx, components.CustomerPaymentMethodCreate{ConfirmationTokenID: card, SetDefault: true, ReturnURL: "https://shop.example/"},
			operations.CustomerPortalCustomersAddPaymentMethodSecurity{CustomerSession: token})
	}
	first := list()[0].PaymentMethodCard
	if first.MethodMetadata.Last4 != "4242" || first.MethodMetadata.ExpMonth != 12 {
		t.Errorf("stored card %+v", first)
	}
	var inUse *apierrors.PaymentMethodInUseByActiveSubscription
	if err := drop(first.ID); !errors.As(err, &inUse) {
		t.Errorf("the only card of a running subscription: %v", err)
	}
	if _, err := add(twin.CardDeclined); err == nil {
		t.Error("a declined card was stored")
	}
	second := ok(add(twin.CardFailsLate))(t).CustomerPaymentMethodCreateResponse.CustomerPaymentMethodCreateSucceededResponse.PaymentMethod.PaymentMethodCard
	asks := ok(add(twin.CardChallenge))(t).CustomerPaymentMethodCreateResponse.CustomerPaymentMethodCreateRequiresActionResponse
	if asks == nil || len(list()) != 2 {
		t.Fatalf("a card whose bank asks: %+v, %d stored", asks, len(list()))
	}
	confirm := func(setup string) error {
		_, err := me.ConfirmPaymentMethod(ctx, components.CustomerPaymentMethodConfirm{SetupIntentID: setup},
			operations.CustomerPortalCustomersConfirmPaymentMethodSecurity{CustomerSession: token})
		return err
	}
	must(t, confirm(asks.ClientSecret))
	var invalid *apierrors.HTTPValidationError
	if err := confirm("seti_nothing"); !errors.As(err, &invalid) {
		t.Errorf("an unknown setup: %v", err)
	}
	if got := w.customer("sam@example.com"); len(list()) != 3 || got.MethodID != second.ID {
		t.Errorf("%d cards, default %s", len(list()), got.MethodID)
	}
	must(t, drop(second.ID))
	if got := w.customer("sam@example.com"); got.MethodID != first.ID || got.Card != twin.CardSucceeds {
		t.Errorf("after the default was removed: %s", got.Card)
	}
	other := w.session("pat@example.com")
	var missing *apierrors.ResourceNotFound
	_, err := me.DeletePaymentMethod(ctx, operations.CustomerPortalCustomersDeletePaymentMethodSecurity{CustomerSession: other}, first.ID)
	if !errors.As(err, &missing) {
		t.Errorf("another customer's card: %v", err)
	}
}

func TestPortalOrdersByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx, token := t.Context(), w.session("sam@example.com")
	orders := w.api.CustomerPortal.Orders
	list := ok(orders.List(ctx, operations.CustomerPortalOrdersListRequest{}, operations.CustomerPortalOrdersListSecurity{CustomerSession: token}))(t).ListResourceCustomerOrder
	order := list.Items[0]
	if list.Pagination.TotalCount != 15 || order.Product == nil || order.Product.Organization.Slug != "lumen" || len(order.Items) == 0 {
		t.Errorf("orders %+v, first %+v", list.Pagination, order)
	}
	get := func(token *string) error {
		_, err := orders.Get(ctx, operations.CustomerPortalOrdersGetSecurity{CustomerSession: token}, order.ID)
		return err
	}
	var missing *apierrors.ResourceNotFound
	if err := get(w.session("pat@example.com")); get(token) != nil || !errors.As(err, &missing) {
		t.Errorf("own %v, another's %v", get(token), err)
	}
	invoice := func() (*operations.CustomerPortalOrdersInvoiceResponse, error) {
		return orders.Invoice(ctx, operations.CustomerPortalOrdersInvoiceSecurity{CustomerSession: token}, order.ID)
	}
	if _, err := invoice(); err == nil {
		t.Error("an invoice nobody asked for")
	}
	changed := ok(orders.Update(ctx, operations.CustomerPortalOrdersUpdateSecurity{CustomerSession: token}, order.ID, components.CustomerOrderUpdate{BillingName: polargo.String("Okafor Ltd")}))(t)
	if *changed.CustomerOrder.BillingName != "Okafor Ltd" {
		t.Errorf("order %+v", changed.CustomerOrder)
	}
	ok(orders.GenerateInvoice(ctx, operations.CustomerPortalOrdersGenerateInvoiceSecurity{CustomerSession: token}, order.ID))(t)
	must(t, w.Engine.Advance(ctx, 5*time.Second))
	if got := ok(invoice())(t).CustomerOrderInvoice.URL; got == "" {
		t.Error("no address of the invoice")
	}
	status := ok(orders.GetPaymentStatus(ctx, operations.CustomerPortalOrdersGetPaymentStatusSecurity{CustomerSession: token}, order.ID))(t).CustomerOrderPaymentStatus
	if status.Status != "succeeded" {
		t.Errorf("payment %+v", status)
	}
	pay := operations.CustomerPortalOrdersConfirmRetryPaymentSecurity{CustomerSession: token}
	var refused *apierrors.OrderNotEligibleForRetry
	if _, err := orders.ConfirmRetryPayment(ctx, pay, order.ID, components.CustomerOrderConfirmPayment{ConfirmationTokenID: polargo.String(twin.CardSucceeds)}); !errors.As(err, &refused) {
		t.Errorf("a paid order was paid again: %v", err)
	}
}

func TestPortalRetryByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx, token := t.Context(), w.session("pat@example.com")
	orders := w.api.CustomerPortal.Orders
	pending := ok(orders.List(ctx, operations.CustomerPortalOrdersListRequest{}, operations.CustomerPortalOrdersListSecurity{CustomerSession: token}))(t).ListResourceCustomerOrder.Items[0]
	if pending.Status != components.OrderStatusPending || pending.NextPaymentAttemptAt == nil {
		t.Fatalf("order %+v", pending)
	}
	status := func() string {
		return ok(orders.GetPaymentStatus(ctx, operations.CustomerPortalOrdersGetPaymentStatusSecurity{CustomerSession: token}, pending.ID))(t).CustomerOrderPaymentStatus.Status
	}
	pay := func(card string) string {
		return ok(orders.ConfirmRetryPayment(ctx, operations.CustomerPortalOrdersConfirmRetryPaymentSecurity{CustomerSession: token}, pending.ID,
			components.CustomerOrderConfirmPayment{ConfirmationTokenID: &card}))(t).CustomerOrderPaymentConfirmation.Status
	}
	if status() != "failed" || pay(twin.CardDeclined) != "failed" || pay(twin.CardSucceeds) != "succeeded" || status() != "succeeded" {
		t.Error("declined, then paid")
	}
	if got := w.Engine.SubscriptionsOf(w.customer("pat@example.com").ID)[0]; got.Status != twin.Active {
		t.Errorf("subscription is %s", got.Status)
	}
}

func TestPortalSubscriptionsByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx, token := t.Context(), w.session("sam@example.com")
	subs := w.api.CustomerPortal.Subscriptions
	list := ok(subs.List(ctx, operations.CustomerPortalSubscriptionsListRequest{Active: polargo.Bool(true)}, operations.CustomerPortalSubscriptionsListSecurity{CustomerSession: token}))(t).ListResourceCustomerSubscription
	id := list.Items[0].ID
	update := func(token *string, body components.CustomerSubscriptionUpdate) (*components.CustomerSubscription, error) {
		res, err := subs.Update(ctx, operations.CustomerPortalSubscriptionsUpdateSecurity{CustomerSession: token}, id, body)
		if err != nil {
			return nil, err
		}
		return res.CustomerSubscription, nil
	}
	cancel := func(yes bool) components.CustomerSubscriptionUpdate {
		reason := components.CustomerCancellationReasonTooExpensive
		return components.CreateCustomerSubscriptionUpdateCustomerSubscriptionCancel(components.CustomerSubscriptionCancel{CancelAtPeriodEnd: &yes, CancellationReason: &reason})
	}
	if got := ok(update(token, cancel(true)))(t); !got.CancelAtPeriodEnd || *got.CustomerCancellationReason != components.CustomerCancellationReasonTooExpensive {
		t.Errorf("canceled %+v", got)
	}
	if got := ok(update(token, cancel(false)))(t); got.CancelAtPeriodEnd {
		t.Errorf("uncanceled %+v", got)
	}
	yearly := components.CreateCustomerSubscriptionUpdateCustomerSubscriptionUpdateProduct(components.CustomerSubscriptionUpdateProduct{ProductID: w.product("pro-yearly").ID})
	if got := ok(update(token, yearly))(t); got.ProductID != w.product("pro-yearly").ID || got.RecurringInterval != components.SubscriptionRecurringIntervalYear {
		t.Errorf("changed %+v", got)
	}
	var missing *apierrors.ResourceNotFound
	if _, err := update(w.session("pat@example.com"), cancel(true)); !errors.As(err, &missing) {
		t.Errorf("another's subscription: %v", err)
	}
	stop := func() error {
		_, err := subs.Cancel(ctx, operations.CustomerPortalSubscriptionsCancelSecurity{CustomerSession: token}, id)
		return err
	}
	must(t, stop())
	var canceled *apierrors.AlreadyCanceledSubscription
	if err := stop(); !errors.As(err, &canceled) {
		t.Errorf("canceled twice: %v", err)
	}
	got := ok(subs.Get(ctx, operations.CustomerPortalSubscriptionsGetSecurity{CustomerSession: token}, id))(t).CustomerSubscription
	if got.Status != components.SubscriptionStatusActive || !got.CancelAtPeriodEnd || got.Product.Name == "" {
		t.Errorf("subscription %+v", got)
	}
}

func TestPortalGrantsMetersWalletsByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx, sam := t.Context(), w.customer("sam@example.com")
	token, other := w.session("sam@example.com"), w.session("pat@example.com")
	portal := w.api.CustomerPortal
	grants := ok(portal.BenefitGrants.List(ctx, operations.CustomerPortalBenefitGrantsListRequest{}, operations.CustomerPortalBenefitGrantsListSecurity{CustomerSession: token}))(t).ListResourceCustomerBenefitGrant.Items
	var credits *components.CustomerBenefitGrantMeterCredit
	for _, g := range grants {
		if g.CustomerBenefitGrantMeterCredit != nil {
			credits = g.CustomerBenefitGrantMeterCredit
		}
	}
	if credits == nil || credits.Customer.Email != sam.Email || credits.Benefit.Organization.Slug != "lumen" || *credits.Properties.LastCreditedUnits == 0 {
		t.Fatalf("grants %+v", credits)
	}
	var missing *apierrors.ResourceNotFound
	for who, want := range map[*string]bool{token: true, other: false} {
		_, err := portal.BenefitGrants.Get(ctx, operations.CustomerPortalBenefitGrantsGetSecurity{CustomerSession: who}, credits.ID)
		if (err == nil) != want || !want && !errors.As(err, &missing) {
			t.Errorf("grant: %v", err)
		}
	}
	ok(portal.BenefitGrants.Update(ctx, operations.CustomerPortalBenefitGrantsUpdateSecurity{CustomerSession: token}, credits.ID,
		components.CreateCustomerBenefitGrantUpdateMeterCredit(components.CustomerBenefitGrantMeterCreditUpdate{})))(t)

	meters := ok(portal.CustomerMeters.List(ctx, operations.CustomerPortalCustomerMetersListRequest{Query: polargo.String("credits")}, operations.CustomerPortalCustomerMetersListSecurity{CustomerSession: token}))(t).ListResourceCustomerCustomerMeter
	if meters.Pagination.TotalCount != 1 || meters.Items[0].Meter.Name != "AI credits" {
		t.Fatalf("meters %+v", meters)
	}
	ok(portal.CustomerMeters.Get(ctx, operations.CustomerPortalCustomerMetersGetSecurity{CustomerSession: token}, meters.Items[0].ID))(t)
	if _, err := portal.CustomerMeters.Get(ctx, operations.CustomerPortalCustomerMetersGetSecurity{CustomerSession: other}, meters.Items[0].ID); !errors.As(err, &missing) {
		t.Errorf("another's meter: %v", err)
	}

	if status, _, body := w.call("POST", "/_twin/wallets", "", `{"customer_id":"`+sam.ID+`","currency":"usd","amount":500}`); status != 200 {
		t.Fatalf("top up: %d %s", status, body)
	}
	wallets := ok(portal.Wallets.List(ctx, operations.CustomerPortalWalletsListSecurity{CustomerSession: token}, nil, nil, nil))(t).ListResourceCustomerWallet
	if len(wallets.Items) != 1 || wallets.Items[0].Balance != 500 {
		t.Fatalf("wallets %+v", wallets)
	}
	ok(portal.Wallets.Get(ctx, operations.CustomerPortalWalletsGetSecurity{CustomerSession: token}, wallets.Items[0].ID))(t)
	if _, err := portal.Wallets.Get(ctx, operations.CustomerPortalWalletsGetSecurity{CustomerSession: other}, wallets.Items[0].ID); !errors.As(err, &missing) {
		t.Errorf("another's wallet: %v", err)
	}
}
