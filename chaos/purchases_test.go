//go:build linux

package chaos

import "time"

const month = 30 * 24 * time.Hour

// checkout is a hosted payment from opening to success.
func (h *history) checkout(customer string, at time.Time) {
	s := state{kind: "checkout", customer: customer, product: h.someProduct(), status: "open", amount: 900, created: at, at: at}
	i := h.add(s, "checkout.created")
	for _, s.status = range []string{"confirmed", "succeeded"} {
		s.at = h.soon(s.at)
		h.change(i, s, "checkout.updated")
	}
}

// subscribe is a subscription with its benefit, its renewals and its troubles.
func (h *history) subscribe(customer string, at time.Time) {
	h.checkout(customer, at)
	s := state{kind: "subscription", customer: customer, product: h.someProduct(), status: "incomplete", amount: 900, created: at, at: at,
		periodStart: at.Truncate(time.Second), periodEnd: at.Truncate(time.Second).Add(month)}
	i := h.add(s, "subscription.created")
	id := h.objects[i].id
	s.at, s.status, s.started = h.soon(s.at), "active", s.periodStart
	h.change(i, s, "subscription.active", "subscription.updated")
	h.charge(customer, id, "subscription_create", s.at)
	g := state{kind: "benefit_grant", customer: customer, subscription: id, benefit: h.someProduct(), created: s.at, at: s.at, granted: s.at.Truncate(time.Second)}
	grant := h.add(g, "benefit_grant.created")
	for h.chance(40) {
		s.at, s.periodStart, s.periodEnd = h.later(s.at), s.periodEnd, s.periodEnd.Add(month)
		h.change(i, s, "subscription.cycled", "subscription.updated")
		h.charge(customer, id, "subscription_cycle", s.at)
	}
	if h.chance(20) {
		s.at, s.status = h.later(s.at), "past_due"
		h.change(i, s, "subscription.past_due", "subscription.updated")
		s.at, s.status = h.later(s.at), "active"
		h.change(i, s, "subscription.active", "subscription.updated")
	}
	if !h.chance(40) {
		return
	}
	s.at, s.cancelAtEnd = h.later(s.at), true
	s.canceled = s.at.Truncate(time.Second)
	h.change(i, s, "subscription.canceled", "subscription.updated")
	if h.chance(30) {
		s.at, s.cancelAtEnd, s.canceled = h.later(s.at), false, time.Time{}
		h.change(i, s, "subscription.uncanceled", "subscription.updated")
		return
	}
	s.at, s.status = h.later(s.at), "canceled"
	s.ended = s.at.Truncate(time.Second)
	h.change(i, s, "subscription.revoked", "subscription.updated")
	g.at, g.revoked = s.at.Add(time.Millisecond), s.ended
	h.change(grant, g, "benefit_grant.revoked")
}

// charge is an order: made, paid, and now and then given back in part or whole.
func (h *history) charge(customer, subscription, reason string, at time.Time) {
	s := state{kind: "order", customer: customer, subscription: subscription, product: h.someProduct(), name: reason, status: "pending",
		amount: int64(100 + h.rng.IntN(9900)), created: at, at: at}
	i := h.add(s, "order.created")
	s.at, s.status = h.soon(s.at), "paid"
	h.change(i, s, "order.paid", "order.updated")
	for h.chance(15) && s.refunded < s.amount {
		s.at, s.refunded, s.status = h.soon(s.at), s.refunded+1+h.rng.Int64N(s.amount-s.refunded), "partially_refunded"
		if s.refunded == s.amount {
			s.status = "refunded"
		}
		h.change(i, s, "order.refunded", "order.updated")
	}
}
