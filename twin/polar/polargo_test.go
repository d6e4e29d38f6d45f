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

// The tests here call every operation that the twin serves through Polar's own Go client.

func TestCatalogByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	meter := ok(w.api.Meters.Create(ctx, components.MeterCreate{
		Name: "Tokens", Aggregation: components.CreateMeterCreateAggregationSum(components.PropertyAggregation{Func: components.FuncSum, Property: "tokens"}),
		Filter: components.Filter{Conjunction: components.FilterConjunctionAnd, Clauses: []components.Clauses{
			components.CreateClausesFilterClause(components.FilterClause{Property: "name", Operator: components.FilterOperatorEq, Value: components.CreateValueStr("chat")}),
		}},
	}))(t).Meter
	credit := ok(w.api.Benefits.Create(ctx, components.CreateBenefitCreateMeterCredit(components.BenefitMeterCreditCreate{
		Description: "500 tokens", Properties: components.BenefitMeterCreditCreateProperties{Units: 500, Rollover: true, MeterID: meter.ID},
	})))(t).Benefit.BenefitMeterCredit
	custom := ok(w.api.Benefits.Create(ctx, components.CreateBenefitCreateCustom(components.BenefitCustomCreate{
		Description: "Thanks", Properties: components.BenefitCustomCreateProperties{Note: polargo.String("Thank you")},
	})))(t).Benefit.BenefitCustom
	key := ok(w.api.Benefits.Create(ctx, components.CreateBenefitCreateLicenseKeys(components.BenefitLicenseKeysCreate{
		Description: "Desktop key", Properties: components.BenefitLicenseKeysCreateProperties{Prefix: polargo.String("LMN")},
	})))(t).Benefit.BenefitLicenseKeys
	product := ok(w.api.Products.Create(ctx, components.CreateProductCreateProductCreateRecurring(components.ProductCreateRecurring{
		Name: "Team", RecurringInterval: components.SubscriptionRecurringIntervalMonth,
		Metadata: map[string]components.ProductCreateRecurringMetadata{"slug": components.CreateProductCreateRecurringMetadataStr("team")},
		Prices: []components.ProductCreateRecurringPrices{
			components.CreateProductCreateRecurringPricesSeatBased(components.ProductPriceSeatBasedCreate{
				SeatTiers: components.ProductPriceSeatTiersInput{Tiers: []components.ProductPriceSeatTier{{MinSeats: 1, PricePerSeat: 900}}},
			}),
			components.CreateProductCreateRecurringPricesMeteredUnit(components.ProductPriceMeteredUnitCreate{
				MeterID: meter.ID, UnitAmount: components.CreateUnitAmountStr("0.35"),
			}),
		},
	})))(t).Product
	if len(product.Prices) != 2 || !product.IsRecurring || product.Metadata["slug"].Str == nil {
		t.Errorf("created product %+v", product)
	}
	withBenefits := ok(w.api.Products.UpdateBenefits(ctx, product.ID, components.ProductBenefitsUpdate{Benefits: []string{custom.ID, credit.ID, key.ID}}))(t)
	if len(withBenefits.Product.Benefits) != 3 {
		t.Errorf("benefits %+v", withBenefits.Product.Benefits)
	}
	ok(w.api.Products.Update(ctx, product.ID, components.ProductUpdate{Name: polargo.String("Teams"), IsArchived: polargo.Bool(true)}))(t)
	if got := ok(w.api.Products.Get(ctx, product.ID))(t).Product; got.Name != "Teams" || !got.IsArchived || len(got.Prices) != 2 {
		t.Errorf("updated product %+v", got)
	}
	all := ok(w.api.Products.List(ctx, operations.ProductsListRequest{IsArchived: polargo.Bool(false)}))(t).ListResourceProduct
	if all.Pagination.TotalCount != 4 || all.Pagination.MaxPage != 1 {
		t.Errorf("products not archived: %+v", all.Pagination)
	}
	ok(w.api.Meters.Get(ctx, meter.ID))(t)
	ok(w.api.Meters.List(ctx, operations.MetersListRequest{}))(t)
	ok(w.api.Meters.Update(ctx, meter.ID, components.MeterUpdate{Name: polargo.String("All tokens")}))(t)
	ok(w.api.Benefits.Get(ctx, credit.ID))(t)
	ok(w.api.Benefits.List(ctx, operations.BenefitsListRequest{}))(t)
	ok(w.api.Benefits.Update(ctx, custom.ID, operations.CreateBenefitsUpdateBenefitUpdateBenefitCustomUpdate(components.BenefitCustomUpdate{Description: polargo.String("Many thanks")})))(t)
	ok(w.api.Benefits.Delete(ctx, custom.ID))(t)
	var missing *apierrors.ResourceNotFound
	if _, err := w.api.Benefits.Get(ctx, custom.ID); !errors.As(err, &missing) {
		t.Errorf("a deleted benefit: %v", err)
	}
}

func TestDiscountsAndOrganizationByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	made := ok(w.api.Discounts.Create(ctx, components.CreateDiscountCreateDiscountPercentageOnceForeverDurationCreate(components.DiscountPercentageOnceForeverDurationCreate{
		Duration: components.DiscountDurationForever, Type: components.DiscountTypePercentage, BasisPoints: 1000, Name: "Friends", Code: polargo.String("FRIENDS"),
		Products: []string{w.product("pro").ID},
	})))(t).Discount.DiscountPercentageOnceForeverDuration
	ok(w.api.Discounts.Create(ctx, components.CreateDiscountCreateDiscountFixedRepeatDurationCreate(components.DiscountFixedRepeatDurationCreate{
		Duration: components.DiscountDurationRepeating, DurationInMonths: 3, Type: components.DiscountTypeFixed, Amount: polargo.Int64(500), Name: "Three months",
	})))(t)
	ok(w.api.Discounts.Update(ctx, made.ID, components.DiscountUpdate{Name: polargo.String("Good friends")}))(t)
	ok(w.api.Discounts.Get(ctx, made.ID))(t)
	if got := ok(w.api.Discounts.List(ctx, operations.DiscountsListRequest{}))(t).ListResourceDiscount; got.Pagination.TotalCount != 3 {
		t.Errorf("discounts %+v", got.Pagination)
	}
	ok(w.api.Discounts.Delete(ctx, made.ID))(t)
	organizations := ok(w.api.Organizations.List(ctx, nil, nil, nil, nil))(t).ListResourceOrganization.Items
	if got := ok(w.api.Organizations.Get(ctx, organizations[0].ID))(t).Organization; got.Slug != "lumen" {
		t.Errorf("organization %+v", got)
	}
}

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

func TestCustomersByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	made := ok(w.api.Customers.Create(ctx, components.CustomerCreate{
		Email: "Kim@example.com", Name: polargo.String("Kim"), ExternalID: polargo.String("user-9"), TaxID: polargo.String("DE123456789"),
		BillingAddress: &components.AddressInput{Country: components.CountryAlpha2InputDe, City: polargo.String("Bonn")},
	}))(t).Customer
	var invalid *apierrors.HTTPValidationError
	for _, again := range []components.CustomerCreate{{Email: "kim@EXAMPLE.com"}, {Email: "kim2@example.com", ExternalID: polargo.String("user-9")}, {Email: "nonsense"}} {
		if _, err := w.api.Customers.Create(ctx, again); !errors.As(err, &invalid) {
			t.Errorf("%+v: %v", again, err)
		}
	}
	ok(w.api.Customers.Get(ctx, made.ID))(t)
	ok(w.api.Customers.GetExternal(ctx, "user-9"))(t)
	ok(w.api.Customers.GetState(ctx, made.ID))(t)
	ok(w.api.Customers.Update(ctx, made.ID, components.CustomerUpdate{Name: polargo.String("Kim Lee")}))(t)
	if _, err := w.api.Customers.Update(ctx, made.ID, components.CustomerUpdate{ExternalID: polargo.String("user-10")}); !errors.As(err, &invalid) {
		t.Errorf("a changed external id: %v", err)
	}
	ok(w.api.Customers.UpdateExternal(ctx, "user-9", components.CustomerUpdateExternalID{Locale: polargo.String("de")}))(t)
	for _, email := range []string{"KIM@example.com", "kim@example.com"} {
		if got := ok(w.api.Customers.List(ctx, operations.CustomersListRequest{Email: &email}))(t).ListResourceCustomer; got.Pagination.TotalCount != 1 {
			t.Errorf("list by e-mail %s: %+v", email, got.Pagination)
		}
	}
	session := ok(w.api.CustomerSessions.Create(ctx, operations.CreateCustomerSessionsCreateCustomerSessionCreateCustomerSessionCustomerExternalIDCreate(
		components.CustomerSessionCustomerExternalIDCreate{ExternalCustomerID: "user-9"})))(t).CustomerSession
	if session.ExpiresAt.Sub(session.CreatedAt).Round(time.Second) != time.Hour {
		t.Errorf("session lives %v", session.ExpiresAt.Sub(session.CreatedAt))
	}
	_, err := w.api.CustomerSessions.Create(ctx, operations.CreateCustomerSessionsCreateCustomerSessionCreateCustomerSessionCustomerExternalIDCreate(
		components.CustomerSessionCustomerExternalIDCreate{ExternalCustomerID: "nobody"}))
	if !errors.As(err, &invalid) {
		t.Errorf("a session for nobody: %v", err)
	}
	ok(w.api.Customers.DeleteExternal(ctx, "user-9", nil))(t)
	other := ok(w.api.Customers.Create(ctx, components.CustomerCreate{Email: "kim@example.com", ExternalID: polargo.String("user-9")}))(t).Customer
	ok(w.api.Customers.Delete(ctx, other.ID, polargo.Bool(true)))(t)
	var missing *apierrors.ResourceNotFound
	if _, err := w.api.Customers.Get(ctx, other.ID); !errors.As(err, &missing) {
		t.Errorf("a deleted customer: %v", err)
	}
}

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

func TestOrdersByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	sam := w.customer("sam@example.com")
	customer := operations.CreateOrdersListQueryParamCustomerIDFilterStr(sam.ID)
	first := ok(w.api.Orders.List(ctx, operations.OrdersListRequest{CustomerID: &customer}))(t)
	second := ok(first.Next())(t)
	if len(first.ListResourceOrder.Items) != 10 || len(second.ListResourceOrder.Items) != 5 || first.ListResourceOrder.Pagination.MaxPage != 2 {
		t.Errorf("pages of %d and %d, %+v", len(first.ListResourceOrder.Items), len(second.ListResourceOrder.Items), first.ListResourceOrder.Pagination)
	}
	if end, err := second.Next(); end != nil || err != nil {
		t.Errorf("after the last page: %v %v", end, err)
	}
	order := first.ListResourceOrder.Items[0]
	if order.SubtotalAmount-order.DiscountAmount != order.NetAmount || order.NetAmount+order.TaxAmount != order.TotalAmount || order.TotalAmount-order.AppliedBalanceAmount != order.DueAmount {
		t.Errorf("amounts do not add up: %+v", order)
	}
	var missing *apierrors.ResourceNotFound
	if _, err := w.api.Orders.Invoice(ctx, order.ID); err == nil {
		t.Error("an invoice nobody asked for")
	}
	ok(w.api.Orders.Update(ctx, order.ID, components.OrderUpdate{BillingName: polargo.String("Okafor Writing")}))(t)
	ok(w.api.Orders.GenerateInvoice(ctx, order.ID))(t)
	must(t, w.Engine.Advance(ctx, 5*time.Second))
	invoice := ok(w.api.Orders.Invoice(ctx, order.ID))(t).OrderInvoice
	if status, header, body := w.call("GET", invoice.URL[len(w.BaseURL):], "", ""); status != 200 || header.Get("Content-Type") != "application/pdf" || body[:5] != "%PDF-" {
		t.Errorf("invoice file: %d %v", status, header)
	}
	if got := ok(w.api.Orders.Get(ctx, order.ID))(t).Order; !got.IsInvoiceGenerated || *got.BillingName != "Okafor Writing" {
		t.Errorf("order after its invoice: %+v", got)
	}
	refund := ok(w.api.Refunds.Create(ctx, components.RefundCreate{OrderID: order.ID, Reason: components.RefundReasonOther, Amount: order.NetAmount}))(t).Refund
	if refund.Status != components.RefundStatusSucceeded {
		t.Errorf("refund %+v", refund)
	}
	var refunded *apierrors.RefundedAlready
	if _, err := w.api.Refunds.Create(ctx, components.RefundCreate{OrderID: order.ID, Reason: components.RefundReasonOther, Amount: 1}); !errors.As(err, &refunded) {
		t.Errorf("refunded twice: %v", err)
	}
	if got := ok(w.api.Refunds.List(ctx, operations.RefundsListRequest{}))(t).ListResourceRefund; got.Pagination.TotalCount != 2 {
		t.Errorf("refunds %+v", got.Pagination)
	}
	payments := ok(w.api.Payments.List(ctx, operations.PaymentsListRequest{}))(t).ListResource
	ok(w.api.Payments.Get(ctx, payments.Items[0].CardPayment.ID))(t)
	if _, err := w.api.Orders.Get(ctx, sam.ID); !errors.As(err, &missing) {
		t.Errorf("an unknown order: %v", err)
	}
}

func TestUsageByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	sam := w.customer("sam@example.com")
	event := components.EventCreateCustomer{
		Name: "ai_usage", CustomerID: sam.ID, ExternalID: polargo.String("ours-1"),
		Metadata: map[string]components.EventMetadataInput{"credits": components.CreateEventMetadataInputInteger(7), "ok": components.CreateEventMetadataInputBoolean(true)},
	}
	before := w.Engine.MetersOf(sam.ID)
	result := ok(w.api.Events.Ingest(ctx, components.EventsIngest{Events: []components.Events{
		components.CreateEventsEventCreateCustomer(event), components.CreateEventsEventCreateCustomer(event),
	}}))(t).EventsIngestResponse
	if result.Inserted != 1 || *result.Duplicates != 1 {
		t.Errorf("ingested %+v", result)
	}
	after := w.Engine.MetersOf(sam.ID)
	if got := after[0].Consumed - before[0].Consumed; got.String() != "7" {
		t.Errorf("consumed %s more, want 7", got)
	}
	future := w.Engine.Now().Add(time.Hour)
	event.Timestamp, event.ExternalID = &future, nil
	var invalid *apierrors.HTTPValidationError
	if _, err := w.api.Events.Ingest(ctx, components.EventsIngest{Events: []components.Events{components.CreateEventsEventCreateCustomer(event)}}); !errors.As(err, &invalid) {
		t.Errorf("an event of the future: %v", err)
	}
	ok(w.api.Events.Ingest(ctx, components.EventsIngest{Events: []components.Events{
		components.CreateEventsEventCreateExternalCustomer(components.EventCreateExternalCustomer{Name: "ai_usage", ExternalCustomerID: "not-yet"}),
	}}))(t)

	customer := operations.CreateEventsListQueryParamCustomerIDFilterStr(sam.ID)
	source := operations.CreateSourceFilterEventSource(components.EventSourceSystem)
	var names []string
	for number := range 2 { // there are more than a hundred
		list := ok(w.api.Events.List(ctx, operations.EventsListRequest{
			CustomerID: &customer, Source: &source, Limit: polargo.Int64(100), Page: polargo.Int64(int64(number + 1)),
		}))(t).ResponseEventsList.ListResourceEvent
		for _, item := range list.Items {
			if item.SystemEvent == nil {
				t.Fatalf("not a system event: %+v", item)
			}
			names = append(names, string(item.SystemEvent.Type))
		}
	}
	if len(names) < 100 {
		t.Errorf("only %d system events of fourteen months", len(names))
	}
	list := ok(w.api.Events.List(ctx, operations.EventsListRequest{MeterID: &after[0].MeterID, CustomerID: &customer}))(t).ResponseEventsList.ListResourceEvent
	if list.Items[0].UserEvent == nil || list.Items[0].UserEvent.Name != "ai_usage" {
		t.Errorf("events of a meter: %+v", list.Items[0])
	}
	ok(w.api.Events.Get(ctx, list.Items[0].UserEvent.ID))(t)
	ok(w.api.Events.ListNames(ctx, operations.EventsListNamesRequest{}))(t)

	meterOwner := operations.CreateCustomerMetersListQueryParamCustomerIDFilterStr(sam.ID)
	meters := ok(w.api.CustomerMeters.List(ctx, operations.CustomerMetersListRequest{CustomerID: &meterOwner}))(t).ListResourceCustomerMeter
	if len(meters.Items) != 2 || meters.Items[0].Meter.Name != "AI credits" {
		t.Errorf("customer meters %+v", meters)
	}
	ok(w.api.CustomerMeters.Get(ctx, meters.Items[0].ID))(t)
	owner := operations.CreateMetersQuantitiesQueryParamCustomerIDFilterStr(sam.ID)
	quantities := ok(w.api.Meters.Quantities(ctx, operations.MetersQuantitiesRequest{
		ID: after[0].MeterID, StartTimestamp: w.Engine.Now().AddDate(0, 0, -29), EndTimestamp: w.Engine.Now(), Interval: components.TimeIntervalDay, CustomerID: &owner,
	}))(t).MeterQuantities
	var sum float64
	for _, q := range quantities.Quantities {
		sum += q.Quantity
	}
	if len(quantities.Quantities) != 30 || sum != quantities.Total || sum == 0 {
		t.Errorf("%d days, sum %v, total %v", len(quantities.Quantities), sum, quantities.Total)
	}
	ok(w.api.BenefitGrants.List(ctx, operations.BenefitGrantsListRequest{IsGranted: polargo.Bool(true)}))(t)
	benefits := ok(w.api.Benefits.List(ctx, operations.BenefitsListRequest{}))(t).ListResourceBenefit
	ok(w.api.Benefits.Grants(ctx, operations.BenefitsGrantsRequest{ID: benefits.Items[0].BenefitMeterCredit.ID}))(t)
	ok(w.api.LicenseKeys.List(ctx, nil, nil, nil, nil))(t)
}
