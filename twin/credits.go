package twin

// Credit arithmetic, after Polar's rules for meters: per customer and meter, credits and consumption count
// from the latest meter.reset on; credited units are a running sum that never goes below zero.

// creditGrant gives the units of a meter_credit benefit and notes them on the grant.
func (x *tx) creditGrant(g *Grant, b Benefit) {
	event := x.credit(g.CustomerID, b.MeterID, b.Units, b.Rollover)
	g.Properties.CreditedMeterID, g.Properties.CreditedUnits, g.Properties.CreditedAt = b.MeterID, b.Units, event.Timestamp
}

// credit records meter.credited and moves the customer meter; units are negative when a grant is revoked.
func (x *tx) credit(customerID, meterID string, units int64, rollover bool) Event {
	m := x.customerMeter(customerID, meterID)
	m.Activated = true
	m.Credited = max(0, m.Credited+units)
	if rollover {
		m.Rollover = max(0, m.Rollover+units)
	}
	x.saveMeter(m)
	return x.record("meter.credited", customerID, Metadata{"meter_id": meterID, "units": num(units), "rollover": rollover})
}

// resetMeter records meter.reset and starts a new window. Units that were flagged to roll over and are left,
// max(0, min(whole balance, credits with the flag)), are credited again at once.
func (x *tx) resetMeter(customerID, meterID string) {
	m := x.customerMeter(customerID, meterID)
	left := max(0, min(m.Balance().Trunc(), m.Rollover))
	event := x.record("meter.reset", customerID, Metadata{"meter_id": meterID})
	m.Credited, m.Rollover, m.Tally, m.Consumed, m.ResetSeq = 0, 0, Tally{}, 0, event.Seq
	x.saveMeter(m)
	if left > 0 {
		x.credit(customerID, meterID, left, true)
	}
}

// cycleGrants renews a subscription's grants: each meter is reset once, what may roll over is credited first,
// then the new units. Meters that the subscription is billed by were reset by the billing of this cycle.
func (x *tx) cycleGrants(sub Subscription) {
	reset := map[string]bool{}
	for _, p := range sub.Prices {
		reset[p.MeterID] = p.Kind == Metered
	}
	for _, g := range x.grantsOf(sub.ID, "") {
		b, ok := x.benefits.rows[g.BenefitID]
		if !ok || b.Type != BenefitMeterCredit {
			continue
		}
		previous := g.Properties
		if !reset[b.MeterID] {
			x.resetMeter(g.CustomerID, b.MeterID)
			reset[b.MeterID] = true // a second benefit on this meter adds to it
		}
		x.creditGrant(&g, *b)
		g.Stamp = x.touched(g.Stamp)
		put(x, x.grants, g)
		x.record("benefit.cycled", g.CustomerID, grantFacts(g, *b))
		x.emitGrant("benefit_grant.cycled", g.ID, &previous)
		x.stateOf(g.CustomerID)
	}
}

// resetBilledMeters resets the meters that the subscription charges for, when it starts and when it renews.
func (x *tx) resetBilledMeters(sub Subscription) {
	for _, p := range sub.Prices {
		if p.Kind == Metered {
			x.resetMeter(sub.CustomerID, p.MeterID)
		}
	}
}
