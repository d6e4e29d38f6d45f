package twin

import (
	"slices"
	"time"
)

// alignGrants makes a subscription's grants those of its product: what it no longer has is revoked first,
// then what is new is granted, so that credits are never counted twice at the same time.
func (x *tx) alignGrants(sub Subscription) error {
	if err := x.dropGrants(sub); err != nil {
		return err
	}
	for _, member := range x.holders(sub) {
		for _, id := range x.products.rows[sub.ProductID].BenefitIDs {
			if err := x.grantTo(member, sub.CustomerID, id, sub.ID, ""); err != nil {
				return err
			}
		}
	}
	x.stateOf(sub.CustomerID)
	return nil
}

// dropGrants revokes what a subscription's product does not have.
func (x *tx) dropGrants(sub Subscription) error {
	p, err := x.products.get(sub.ProductID)
	if err != nil {
		return err
	}
	holders := x.holders(sub)
	for _, g := range x.grantsOf(sub.ID, "") {
		if !slices.Contains(p.BenefitIDs, g.BenefitID) || !slices.Contains(holders, g.MemberID) {
			x.revokeGrant(g)
		}
	}
	return nil
}

// refreshGrants tells the holders of a benefit that it changed. Credits follow at the next cycle.
func (x *tx) refreshGrants(b Benefit) {
	for _, row := range x.grants.by(grantsByBen, b.ID) {
		if !row.Granted() {
			continue
		}
		g := *row
		if b.Type == BenefitDownloadables {
			g.Properties.Files = b.Files
		}
		g.Stamp = x.touched(g.Stamp)
		put(x, x.grants, g)
		x.record("benefit.updated", g.CustomerID, grantFacts(g, b))
		x.emitGrant("benefit_grant.updated", g.ID, &row.Properties)
		x.stateOf(g.CustomerID)
	}
}

// grantsOf returns the held grants of a subscription or of an order.
func (v *View) grantsOf(subscriptionID, orderID string) []Grant {
	customerID := ""
	if sub, ok := v.subscriptions.rows[subscriptionID]; ok {
		customerID = sub.CustomerID
	} else if o, ok := v.orders.rows[orderID]; ok {
		customerID = o.CustomerID
	}
	var held []Grant
	for _, g := range v.grants.by(byOwner, customerID) {
		if g.Held() && g.SubscriptionID == subscriptionID && g.OrderID == orderID {
			held = append(held, *g)
		}
	}
	return held
}

// grantBenefit gives a benefit to a customer in the scope of a subscription or an order.
func (x *tx) grantBenefit(customerID, benefitID, subscriptionID, orderID string) error {
	return x.grantTo("", customerID, benefitID, subscriptionID, orderID)
}

// grantTo gives a benefit to a member ("": the customer itself). A held grant is left alone; a revoked one of
// the same scope comes back.
func (x *tx) grantTo(memberID, customerID, benefitID, subscriptionID, orderID string) error {
	b, err := x.benefits.get(benefitID)
	if err != nil {
		return err
	}
	g := Grant{
		ID: newID(), Stamp: x.made(), CustomerID: customerID, BenefitID: benefitID,
		SubscriptionID: subscriptionID, OrderID: orderID, MemberID: memberID,
	}
	for _, old := range x.grants.by(byOwner, customerID) {
		if old.BenefitID == benefitID && old.SubscriptionID == subscriptionID && old.OrderID == orderID && old.MemberID == memberID {
			if old.Held() {
				return nil
			}
			g = *old
			g.Stamp = x.touched(g.Stamp)
		}
	}
	g.GrantedAt, g.RevokedAt = x.now, time.Time{}
	switch b.Type {
	case BenefitMeterCredit:
		x.creditGrant(&g, *b)
	case BenefitLicenseKeys:
		x.giveKey(&g, *b)
	case BenefitDownloadables:
		g.Properties.Files = b.Files
	case BenefitDiscord, BenefitGitHub:
		x.letIn(&g, *b)
	}
	put(x, x.grants, g)
	if !g.Waits {
		x.record("benefit.granted", customerID, grantFacts(g, *b))
	}
	x.emit("benefit_grant.created", g.ID)
	x.stateOf(customerID)
	return nil
}

// revokeGrant takes a benefit back.
func (x *tx) revokeGrant(g Grant) {
	b, ok := x.benefits.rows[g.BenefitID]
	if !ok {
		return
	}
	previous := g.Properties
	if g.Properties.CreditedUnits > 0 {
		x.credit(g.CustomerID, g.Properties.CreditedMeterID, -g.Properties.CreditedUnits, b.Rollover)
		g.Properties = GrantProperties{CreditedMeterID: g.Properties.CreditedMeterID}
	}
	if key, ok := x.licenseKeys.rows[g.Properties.LicenseKeyID]; ok {
		revoked := *key
		revoked.Status, revoked.Stamp = KeyRevoked, x.touched(key.Stamp)
		put(x, x.licenseKeys, revoked)
	}
	g.RevokedAt, g.Waits, g.Stamp = x.now, false, x.touched(g.Stamp)
	put(x, x.grants, g)
	x.record("benefit.revoked", g.CustomerID, grantFacts(g, *b))
	x.emitGrant("benefit_grant.revoked", g.ID, &previous)
	x.stateOf(g.CustomerID)
}

// revokeScope takes back everything that an order or a subscription gave.
func (x *tx) revokeScope(subscriptionID, orderID string) {
	for _, g := range x.grantsOf(subscriptionID, orderID) {
		x.revokeGrant(g)
	}
}

// grantFacts is the metadata of benefit.* system events.
func grantFacts(g Grant, b Benefit) Metadata {
	return Metadata{"benefit_id": b.ID, "benefit_grant_id": g.ID, "benefit_type": b.Type}
}
