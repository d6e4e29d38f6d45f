package twin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
)

// DeleteCustomer removes a customer softly: subscriptions end now, grants are revoked, the external id moves
// to metadata key __external_id, and e-mail and external id can be used again. anonymize also replaces the
// e-mail and names by hashes and drops the address.
func (e *Engine) DeleteCustomer(ctx context.Context, id string, anonymize bool) error {
	return e.write(ctx, func(x *tx) error {
		c, err := x.living(id)
		if err != nil {
			return err
		}
		for _, sub := range x.subscriptions.by(byOwner, id) {
			if !sub.Ended() {
				if err := x.endSubscription(*sub, Cancellation{}, true); err != nil {
					return err
				}
			}
		}
		for _, g := range x.grants.by(byOwner, id) {
			if g.Held() {
				x.revokeGrant(*g)
			}
		}
		x.record("customer.deleted", c.ID, customerFacts(c))
		put(x, x.customers, x.forget(c, anonymize))
		x.emit("customer.deleted", c.ID)
		for _, m := range x.members.by(byOwner, id) {
			remove(x, x.members, m.ID)
		}
		for _, m := range x.methods.by(byOwner, id) {
			remove(x, x.methods, m.ID)
		}
		x.stateOf(c.ID)
		return nil
	})
}

// forget marks the customer as deleted and clears what deletion clears.
func (x *tx) forget(c Customer, anonymize bool) Customer {
	c.Stamp, c.DeletedAt, c.Card, c.MethodID = x.touched(c.Stamp), x.now, "", ""
	if c.ExternalID != "" {
		c.Metadata = maps.Clone(c.Metadata)
		c.Metadata["__external_id"] = c.ExternalID
		c.ExternalID = ""
	}
	if anonymize {
		c.Email = hashed(c.Email) + "@anonymized.invalid"
		if c.BillingName != "" {
			c.BillingName = hashed(c.BillingName)
		}
		if len(c.TaxID) == 0 && c.Name != "" {
			c.Name = hashed(c.Name)
		}
		c.BillingAddress = nil
	}
	return c
}

// hashed stands for a text without telling it.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}
