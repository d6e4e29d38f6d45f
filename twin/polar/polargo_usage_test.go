package polar_test

import (
	"errors"
	"testing"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/apierrors"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/twin/server"
)

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
	owner, now := operations.CreateMetersQuantitiesQueryParamCustomerIDFilterStr(sam.ID), w.Engine.Now() // one of them, should midnight pass
	quantities := ok(w.api.Meters.Quantities(ctx, operations.MetersQuantitiesRequest{
		ID: after[0].MeterID, StartTimestamp: now.AddDate(0, 0, -29), EndTimestamp: now, Interval: components.TimeIntervalDay, CustomerID: &owner,
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

// TestCostIsGivenBackAsText: it may come as a number or as a string, and must leave as a string.
func TestCostIsGivenBackAsText(t *testing.T) {
	w := newWorld(t, "")
	for _, amount := range []string{`0.5`, `"0.5"`} {
		status, _, body := w.call("POST", "/v1/events/ingest", server.OrganizationToken,
			`{"events":[{"name":"llm","external_customer_id":"u","metadata":{"_cost":{"amount":`+amount+`,"currency":"usd"}}}]}`)
		if status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		event := dig(t, w.get("/v1/events/?name=llm&limit=1"), "items", "metadata", "_cost")
		if event["amount"] != "0.5" {
			t.Errorf("amount %s came back as %v", amount, event["amount"])
		}
	}
}
