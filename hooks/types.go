package hooks

import (
	"maps"
	"reflect"
	"slices"

	"counterfoil/billing"
)

// Types are all types of facts that have a function here, in order of the alphabet.
func Types() []string {
	var all Hooks
	nothing := func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.Zero(reflect.TypeFor[error]())} }
	for i, v := 0, reflect.ValueOf(&all).Elem(); i < v.NumField(); i++ {
		v.Field(i).Set(reflect.MakeFunc(v.Field(i).Type(), nothing))
	}
	return slices.Sorted(maps.Keys(all.typed()))
}

// typed is the table of types that have a function here.
func (h Hooks) typed() map[string]caller {
	t := map[string]caller{}
	add(t, "checkout.created", h.OnCheckoutCreated)
	add(t, "checkout.updated", h.OnCheckoutUpdated)
	add(t, "checkout.expired", h.OnCheckoutExpired)
	add(t, "order.created", h.OnOrderCreated)
	add(t, "order.paid", h.OnOrderPaid)
	add(t, "order.refunded", h.OnOrderRefunded)
	add(t, "order.updated", h.OnOrderUpdated)
	add(t, "refund.created", h.OnRefundCreated)
	add(t, "refund.updated", h.OnRefundUpdated)
	add(t, "subscription.created", h.OnSubscriptionCreated)
	add(t, "subscription.updated", h.OnSubscriptionUpdated)
	add(t, "subscription.active", h.OnSubscriptionActive)
	add(t, "subscription.canceled", h.OnSubscriptionCanceled)
	add(t, "subscription.uncanceled", h.OnSubscriptionUncanceled)
	add(t, "subscription.revoked", h.OnSubscriptionRevoked)
	add(t, "subscription.past_due", h.OnSubscriptionPastDue)
	add(t, "subscription.cycled", h.OnSubscriptionCycled)
	add(t, "subscription.paused", h.OnSubscriptionPaused)
	add(t, "subscription.resumed", h.OnSubscriptionResumed)
	add(t, "product.created", h.OnProductCreated)
	add(t, "product.updated", h.OnProductUpdated)
	add(t, "organization.updated", h.OnOrganizationUpdated)
	add(t, "benefit.created", h.OnBenefitCreated)
	add(t, "benefit.updated", h.OnBenefitUpdated)
	add(t, "benefit_grant.created", h.OnBenefitGrantCreated)
	add(t, "benefit_grant.updated", h.OnBenefitGrantUpdated)
	add(t, "benefit_grant.revoked", h.OnBenefitGrantRevoked)
	add(t, "benefit_grant.cycled", h.OnBenefitGrantCycled)
	add(t, "customer.created", h.OnCustomerCreated)
	add(t, "customer.updated", h.OnCustomerUpdated)
	add(t, "customer.deleted", h.OnCustomerDeleted)
	add(t, billing.FactCustomerLinked, h.OnCustomerLinked)
	add(t, billing.FactCustomerState, h.OnCustomerStateChanged)
	add(t, billing.FactCreditsLow, h.OnCreditsLow)
	return t
}
