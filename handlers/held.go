package handlers

import (
	"context"

	"counterfoil/auth"
	"counterfoil/billing"
)

// held is what a customer's subscriptions are for, those that run and those that are
// paused and come back: product id -> subscription.
type held map[string]heldPlan

// heldPlan is such a subscription. It costs if its product does: by the period, by the seat
// or by use. A discount that makes a period free makes no free plan of it.
type heldPlan struct {
	billing.Subscription
	costs bool
}

func (s *Server) held(ctx context.Context, who auth.Visitor) (held, error) {
	if !who.SignedIn() || !who.Bills() {
		return nil, nil
	}
	list, err := s.Store.Subscriptions(ctx, who.CustomerID)
	if err != nil {
		return nil, err
	}
	sh, err := s.shelf(ctx)
	if err != nil {
		return nil, err
	}
	h := held{}
	for _, sub := range list {
		if sub.Live() || sub.Status == billing.Paused {
			h[sub.ProviderProductID] = heldPlan{sub, sub.Amount > 0 || sh.products[sub.ProviderProductID].Costs()}
		}
	}
	return h, nil
}

// paid is a subscription that costs money: a second plan beside it would be paid twice,
// so it is changed and not bought anew.
func (h held) paid() (billing.Subscription, bool) {
	for _, plan := range h {
		if plan.costs {
			return plan.Subscription, true
		}
	}
	return billing.Subscription{}, false
}

// free is a live subscription that costs nothing: a checkout can upgrade it.
func (h held) free() (billing.Subscription, bool) {
	for _, plan := range h {
		if !plan.costs && plan.Live() {
			return plan.Subscription, true
		}
	}
	return billing.Subscription{}, false
}
