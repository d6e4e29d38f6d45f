package billing

import (
	"strconv"
	"time"
)

// proof is a fact that an object's state proves, before it is told of whom.
type proof struct {
	factType, mark string
	at             time.Time
}

// LastCreditedAt is the property of a grant of credits that says when it last gave some
// (Polar reference 4.9).
const LastCreditedAt = "last_credited_at"

// proofs are the facts that the state of an object proves; see FactsOf for the table.
func proofs(object Object, deleted bool) []proof {
	switch o := object.(type) {
	case Product:
		return life("product", o.Source)
	case BenefitDefinition:
		return life("benefit", o.Source)
	case Organization:
		return life("organization", o.Source)[1:]
	case Customer:
		list := life("customer", o.Source)
		if deleted || o.Deleted {
			list = append(list, proof{"customer.deleted", "", versionTime(o.Version)})
		}
		return list
	case Checkout:
		list := life("checkout", o.Source)
		if o.Status == CheckoutExpired {
			list = append(list, proof{"checkout.expired", "", o.ExpiresAt})
		}
		return list
	case Order:
		return orderProofs(o)
	case Refund:
		return life("refund", o.Source)
	case Subscription:
		return subscriptionProofs(o)
	case Grant:
		return grantProofs(o)
	}
	return nil
}

// life is what every object proves: that it was made, and that it was changed since.
func life(family string, s Source) []proof {
	list := []proof{{family + ".created", "", s.CreatedAt}}
	if s.Version > s.CreatedAt.UnixMicro() {
		list = append(list, updated(family, s))
	}
	return list
}

func updated(family string, s Source) proof {
	return proof{family + ".updated", strconv.FormatInt(s.Version, 10), versionTime(s.Version)}
}

func orderProofs(o Order) []proof {
	list := life("order", o.Source)
	switch o.Status {
	case OrderPaid, OrderRefunded, OrderPartiallyRefunded:
		// Paid by its last change at the latest: an order made before the installation and
		// paid after it is news.
		list = append(list, proof{"order.paid", "", versionTime(o.Version)})
	}
	if o.Refunded > 0 {
		list = append(list, proof{"order.refunded", strconv.FormatInt(o.Refunded, 10), versionTime(o.Version)})
	}
	return list
}

func subscriptionProofs(s Subscription) []proof {
	list := life("subscription", s.Source)
	if !s.StartedAt.IsZero() {
		list = append(list, proof{"subscription.active", milli(s.StartedAt), s.StartedAt})
	}
	switch {
	case s.Status == PastDue:
		list = append(list, proof{"subscription.past_due", milli(s.PeriodStart), versionTime(s.Version)})
	case s.Status == Paused:
		list = append(list, proof{"subscription.paused", milli(s.PeriodStart), versionTime(s.Version)})
	}
	if !s.CanceledAt.IsZero() {
		list = append(list, proof{"subscription.canceled", milli(s.CanceledAt), s.CanceledAt})
	}
	if s.Status == Canceled && !s.EndedAt.IsZero() {
		list = append(list, proof{"subscription.revoked", milli(s.EndedAt), s.EndedAt})
	}
	return list
}

func grantProofs(g Grant) []proof {
	var list []proof
	if !g.GrantedAt.IsZero() {
		list = append(list, proof{"benefit_grant.created", milli(g.GrantedAt), g.GrantedAt})
	}
	if g.Version > g.CreatedAt.UnixMicro() {
		list = append(list, updated("benefit_grant", g.Source))
	}
	if !g.RevokedAt.IsZero() {
		list = append(list, proof{"benefit_grant.revoked", milli(g.RevokedAt), g.RevokedAt})
	}
	return list
}

// steps are the facts that follow from what was known before and what is now.
func steps(before Known, object Object) []proof {
	switch o := object.(type) {
	case Subscription:
		return subscriptionSteps(before, o)
	case Grant:
		if at := o.Properties[LastCreditedAt]; at != "" && before.CreditedAt != "" && at != before.CreditedAt {
			return []proof{{"benefit_grant.cycled", at, versionTime(o.Version)}}
		}
	}
	return nil
}

func subscriptionSteps(before Known, s Subscription) []proof {
	var list []proof
	at := versionTime(s.Version)
	running := s.Status == Active || s.Status == Trialing
	was := Status(before.Status)
	if running && (was == PastDue || was == Paused || was == Canceled) {
		list = append(list, proof{"subscription.active", recovery(s), at})
	}
	if running && was == Paused {
		list = append(list, proof{"subscription.resumed", strconv.FormatInt(s.Version, 10), at})
	}
	if !before.CanceledAt.IsZero() && s.CanceledAt.IsZero() && s.Live() {
		list = append(list, proof{"subscription.uncanceled", strconv.FormatInt(s.Version, 10), at})
	}
	if !before.PeriodStart.IsZero() && s.PeriodStart.After(before.PeriodStart) && s.Live() {
		list = append(list, proof{"subscription.cycled", milli(s.PeriodStart), s.PeriodStart})
	}
	return list
}

// recovery is the mark of becoming active in a period. The first time is marked by
// StartedAt, which the state goes on to prove; a provider sets the two within a moment.
func recovery(s Subscription) string {
	if gap := s.PeriodStart.Sub(s.StartedAt).Abs(); gap < time.Minute {
		return milli(s.StartedAt)
	}
	return milli(s.PeriodStart)
}

// toldMark is the mark that the rules give to a delivery of a type with this payload.
func toldMark(factType string, payload Object) (string, bool) {
	for _, p := range proofs(payload, factType == "customer.deleted") {
		if p.factType == factType && factType != "subscription.active" {
			return p.mark, true
		}
	}
	version := strconv.FormatInt(payload.ObjectVersion(), 10)
	switch o := payload.(type) {
	case Subscription:
		switch factType {
		case "subscription.active":
			return recovery(o), true
		case "subscription.cycled", "subscription.past_due", "subscription.paused":
			return milli(o.PeriodStart), true
		}
		return version, true
	case Grant:
		if at := o.Properties[LastCreditedAt]; factType == "benefit_grant.cycled" && at != "" {
			return at, true
		}
		return version, true
	case Seat:
		return "", false // claimed, revoked and given again: the event's time tells them apart
	case Customer:
		// A customer's changed state says nothing of when the customer was changed.
		return version, factType != "customer.state_changed"
	}
	return version, true
}

// milli is how a mark writes a time.
func milli(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// versionTime is when an object became what it is.
func versionTime(version int64) time.Time { return time.UnixMicro(version).UTC() }
