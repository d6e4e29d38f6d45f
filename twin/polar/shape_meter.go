package polar

import "counterfoil/twin"

// meter says how events add up.
type meter struct {
	Metadata twin.Metadata `json:"metadata"`
	stamp
	ID               string      `json:"id"`
	Name             string      `json:"name"`
	Unit             string      `json:"unit"`
	CustomLabel      text        `json:"custom_label"`
	CustomMultiplier count       `json:"custom_multiplier"`
	Filter           twin.Filter `json:"filter"`
	Aggregation      aggregation `json:"aggregation"`
	OrganizationID   string      `json:"organization_id"`
	ArchivedAt       instant     `json:"archived_at"`
}

type aggregation struct {
	Func     string `json:"func"`
	Property string `json:"property,omitempty"`
}

func shapeMeter(v *twin.View, m *twin.Meter) meter {
	filter := m.Filter
	filter.Clauses = list(filter.Clauses)
	return meter{
		Metadata: m.Metadata, stamp: stamped(m.Stamp), ID: m.ID, Name: m.Name, Unit: "scalar", Filter: filter,
		Aggregation: aggregation{m.Func, m.Property}, OrganizationID: v.Organization().ID, ArchivedAt: instant(m.ArchivedAt),
	}
}

// customerMeter is a customer's standing on a meter.
type customerMeter struct {
	ID string `json:"id"`
	stamp
	CustomerID    string        `json:"customer_id"`
	MeterID       string        `json:"meter_id"`
	ConsumedUnits twin.Quantity `json:"consumed_units"`
	CreditedUnits int64         `json:"credited_units"`
	Balance       twin.Quantity `json:"balance"`
	Customer      customer      `json:"customer"`
	Meter         meter         `json:"meter"`
}

func shapeCustomerMeter(v *twin.View, m *twin.CustomerMeter) customerMeter {
	out := customerMeter{
		ID: m.ID, stamp: stamped(m.Stamp), CustomerID: m.CustomerID, MeterID: m.MeterID, ConsumedUnits: m.Consumed,
		CreditedUnits: m.Credited, Balance: m.Balance(), Customer: customerOf(v, m.CustomerID),
	}
	if row, err := v.Meter(m.MeterID); err == nil {
		out.Meter = shapeMeter(v, row)
	}
	return out
}

// event is one thing that happened.
type event struct {
	ID                 string        `json:"id"`
	Timestamp          instant       `json:"timestamp"`
	OrganizationID     string        `json:"organization_id"`
	CustomerID         text          `json:"customer_id"`
	Customer           *customer     `json:"customer"`
	ExternalCustomerID text          `json:"external_customer_id"`
	MemberID           text          `json:"member_id"`
	ExternalMemberID   text          `json:"external_member_id"`
	ChildCount         int           `json:"child_count"`
	ParentID           text          `json:"parent_id"`
	Label              string        `json:"label"`
	Name               string        `json:"name"`
	Source             string        `json:"source"`
	Metadata           twin.Metadata `json:"metadata"`
}

func shapeEvent(v *twin.View, e *twin.Event) event {
	out := event{
		ID: e.ID, Timestamp: instant(e.Timestamp), OrganizationID: v.Organization().ID, CustomerID: text(e.CustomerID),
		ExternalCustomerID: text(e.ExternalCustomer), MemberID: text(e.MemberID), ExternalMemberID: text(e.ExternalMember),
		ParentID: text(e.ParentID), Label: eventLabel(v, e), Name: e.Name, Source: e.Source, Metadata: e.Metadata,
	}
	if c, err := v.Customer(e.CustomerID); err == nil {
		shape := shapeCustomer(v, c)
		out.Customer = &shape
	}
	return out
}

// eventLabels are the words for system events.
var eventLabels = map[string]string{
	"meter.credited": "Meter Credited", "meter.reset": "Meter Reset", "benefit.granted": "Benefit Granted",
	"benefit.cycled": "Benefit Cycled", "benefit.updated": "Benefit Updated", "benefit.revoked": "Benefit Revoked",
	"subscription.created": "Subscription Created", "subscription.cycled": "Subscription Cycled",
	"subscription.canceled": "Subscription Canceled", "subscription.revoked": "Subscription Revoked",
	"subscription.uncanceled": "Subscription Uncanceled", "order.paid": "Order Paid", "order.refunded": "Order Refunded",
	"checkout.created": "Checkout Created", "customer.created": "Customer Created",
	"customer.updated": "Customer Updated", "customer.deleted": "Customer Deleted",
}

func eventLabel(v *twin.View, e *twin.Event) string {
	if label := v.EventLabel(e); label != "" {
		return label
	}
	if label, ok := eventLabels[e.Name]; ok && e.Source == "system" {
		return label
	}
	return e.Name
}
