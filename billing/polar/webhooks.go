package polar

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"counterfoil/billing"
)

// envelope is what every webhook body is.
type envelope struct {
	Type      string          `json:"type"`
	Timestamp json.RawMessage `json:"timestamp"` // when the event was raised
	Data      json.RawMessage `json:"data"`
}

// subject is what can be told about any data without knowing its type.
type subject struct {
	ID         string `json:"id"`
	CustomerID string `json:"customer_id"`
	OrderID    string `json:"order_id"`
}

// kinds says which object the types of an event family carry: the part of the type
// before its dot. customer.state_changed carries a customer with more around it.
var kinds = map[string]billing.Kind{
	"checkout": billing.KindCheckout, "customer": billing.KindCustomer, "order": billing.KindOrder,
	"subscription": billing.KindSubscription, "product": billing.KindProduct, "benefit_grant": billing.KindGrant,
	"refund": billing.KindRefund, "benefit": billing.KindBenefit, "organization": billing.KindOrganization,
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
	family, _, _ := strings.Cut(e.Type, ".")
	return family
}

// subject reads what there is; data of another shape has none.
func (e envelope) subject() subject {
	var s subject
	if json.Unmarshal(e.Data, &s) != nil {
		return subject{}
	}
	return s
}

// raisedAt is when the event was raised, zero if it does not say.
func (e envelope) raisedAt() time.Time {
	var at time.Time
	if json.Unmarshal(e.Timestamp, &at) != nil {
		return time.Time{}
	}
	return utc(at)
}

// refOf names what a delivery is handled together with, zero if that cannot be told:
// its object, but of a refund the order, which changes by it.
func refOf(eventType string, about subject) billing.Ref {
	family := envelope{Type: eventType}.family()
	ref := billing.Ref{Provider: Name, Kind: kinds[family], ProviderID: about.ID}
	if family == "refund" {
		ref.Kind, ref.ProviderID = billing.KindOrder, about.OrderID
	}
	if ref.Kind == "" || safeID(ref.ProviderID) != nil {
		return billing.Ref{}
	}
	return ref
}

// Decode implements billing.Provider. A value that cannot be taken without a guess,
// such as a new subscription status, is an error: the delivery is to be kept and shown.
func (p *Provider) Decode(d billing.Delivery) (billing.Change, error) {
	var e envelope
	if err := decode(d.Body, &e); err != nil {
		return billing.Change{}, fmt.Errorf("decode webhook %s: %w: %w", d.ID, billing.ErrInvalid, err)
	}
	about := e.subject()
	change := billing.Change{
		Type: e.Type, Provider: Name, ProviderCustomerID: about.CustomerID, CreditsMoved: creditTypes[e.Type],
		ToldAt: e.raisedAt(), Raw: e.Data, ToldID: about.ID,
	}
	kind, known := kinds[e.family()]
	if !known || about.ID == "" || kind == billing.KindCustomer && !customerTypes[e.Type] {
		return change, nil
	}
	object, err := p.object(kind, e.Data)
	if err != nil {
		return billing.Change{}, fmt.Errorf("decode webhook %s of type %s: %w", d.ID, clip(e.Type), err)
	}
	switch o := object.(type) {
	case billing.Customer:
		o.Deleted = o.Deleted || e.Type == "customer.deleted"
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
