package polar

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"counterfoil/billing"
)

// envelope is what every webhook body is, with what can be told about its data without
// knowing the type.
type envelope struct {
	kind      string // such as order.paid
	timestamp []byte // when the event was raised, as JSON
	data      json.RawMessage
	// Fields of the data; empty when they are no text.
	id, customerID, orderID string
}

// readEnvelope reads a body in one pass. What it keeps of it is not copied.
func readEnvelope(body []byte) (envelope, error) {
	data := [...]field{{name: "id"}, {name: "customer_id"}, {name: "order_id"}}
	whole := [...]field{{name: "type"}, {name: "timestamp"}, {name: "data", inner: data[:]}}
	if !scanObject(body, whole[:]) {
		return envelope{}, errors.New("no JSON object")
	}
	e := envelope{timestamp: whole[1].value, data: whole[2].value}
	var named bool
	if e.kind, named = unquote(whole[0].value); !named || e.kind == "" {
		return envelope{}, errors.New("no type")
	}
	e.id, _ = unquote(data[0].value)
	e.customerID, _ = unquote(data[1].value)
	e.orderID, _ = unquote(data[2].value)
	return e, nil
}

// kinds says which object the types of an event family carry: the part of the type
// before its dot. customer.state_changed carries a customer with more around it.
var kinds = map[string]billing.Kind{
	"checkout": billing.KindCheckout, "customer": billing.KindCustomer, "order": billing.KindOrder,
	"subscription": billing.KindSubscription, "product": billing.KindProduct, "benefit_grant": billing.KindGrant,
	"refund": billing.KindRefund, "benefit": billing.KindBenefit, "organization": billing.KindOrganization,
	"customer_seat": billing.KindSeat,
}

// customerTypes are the types of the customer family whose data is a customer. Other
// families carry their object in every type; what a new one of this family would carry
// is not known.
var customerTypes = map[string]bool{
	"customer.created": true, "customer.updated": true, "customer.deleted": true, "customer.state_changed": true,
}

// creditTypes are the types after which credits may have moved: a purchase, the start,
// renewal or end of a subscription, and Polar's own word that something did. Grants
// are told by their benefit.
var creditTypes = map[string]bool{
	"customer.state_changed": true, "order.paid": true,
	"subscription.created": true, "subscription.active": true, "subscription.updated": true,
	"subscription.cycled": true, "subscription.resumed": true, "subscription.revoked": true,
}

func (e envelope) family() string {
	family, _, _ := strings.Cut(e.kind, ".")
	return family
}

// raisedAt is when the event was raised, zero if it does not say.
func (e envelope) raisedAt() time.Time {
	var at time.Time
	if json.Unmarshal(e.timestamp, &at) != nil {
		return time.Time{}
	}
	return utc(at)
}

// ref names what a delivery is handled together with, zero if the envelope does not
// tell: its object, but of a refund the order, which changes by it.
func (e envelope) ref() billing.Ref {
	ref := billing.Ref{Provider: Name, Kind: kinds[e.family()], ProviderID: e.id}
	if ref.Kind == billing.KindRefund {
		ref.Kind, ref.ProviderID = billing.KindOrder, e.orderID
	}
	if ref.Kind == "" || safeID(ref.ProviderID) != nil {
		return billing.Ref{}
	}
	return ref
}

// Decode implements billing.Provider. A value that cannot be taken without a guess,
// such as a new subscription status, is an error: the delivery is to be kept and shown.
func (p *Provider) Decode(d billing.Delivery) (billing.Change, error) {
	e, err := readEnvelope(d.Body)
	if err != nil {
		return billing.Change{}, fmt.Errorf("decode webhook %s: %w: %w", d.ID, billing.ErrInvalid, err)
	}
	change := billing.Change{
		Type: e.kind, Provider: Name, ProviderCustomerID: e.customerID, CreditsMoved: creditTypes[e.kind],
		ToldAt: e.raisedAt(), Raw: e.data, ToldID: e.id,
	}
	kind, known := kinds[e.family()]
	if !known || e.id == "" || kind == billing.KindCustomer && !customerTypes[e.kind] {
		return change, nil
	}
	object, err := p.object(kind, e.data)
	if err != nil {
		return billing.Change{}, fmt.Errorf("decode webhook %s of type %s: %w", d.ID, clip(e.kind), err)
	}
	switch o := object.(type) {
	case billing.Customer:
		o.Deleted = o.Deleted || e.kind == "customer.deleted"
		change.ProviderCustomerID, change.Deleted = o.ProviderID, o.Deleted
		object = o
	case billing.Grant:
		change.CreditsMoved = o.Kind == billing.BenefitCredits
	case billing.Refund:
		if safeID(o.ProviderOrderID) == nil {
			change.Also = []billing.Ref{{Provider: Name, Kind: billing.KindOrder, ProviderID: o.ProviderOrderID}}
		}
	}
	change.Object, change.Told = object, object
	return change, nil
}
