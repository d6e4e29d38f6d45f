package polar

import (
	"encoding/json"

	"counterfoil/billing"
)

// maxRaw bounds what is kept of one object in Polar's own words, in bytes. A product
// with a hundred prices is a quarter of it.
const maxRaw = 256 << 10

// apart are the fields, by kind, that are objects with a copy of their own, or that are
// no part of the object (what customer.state_changed adds to a customer, and webhooks to
// a grant). A kind that is missing here is not kept in Polar's own words.
var apart = map[billing.Kind][]string{
	billing.KindProduct:      {},
	billing.KindMeter:        {},
	billing.KindBenefit:      {},
	billing.KindOrganization: {},
	billing.KindCustomer:     {"active_subscriptions", "granted_benefits", "active_meters"},
	billing.KindSubscription: {"customer", "user", "product", "price"},
	billing.KindOrder:        {"customer", "user", "product", "subscription"},
	billing.KindGrant:        {"customer", "member", "benefit", "previous_properties"},
	billing.KindBalance:      {"customer", "meter"},
}

// inOwnWords is what is kept of an object's JSON: the same for the same object, whoever
// told it and in whatever order. Empty if nothing is.
func inOwnWords(kind billing.Kind, raw []byte) string {
	drop, kept := apart[kind]
	if !kept {
		return ""
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return ""
	}
	for _, name := range drop {
		delete(fields, name)
	}
	body, err := json.Marshal(fields)
	if err != nil || len(body) > maxRaw {
		return ""
	}
	return string(body)
}
