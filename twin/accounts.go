package twin

import (
	"context"
	"maps"
)

// Some benefits let a customer into an outside service: a Discord server, a GitHub repository. The twin has no
// such service; it keeps who was let in under which account.

// Platform is the outside service of a benefit type, or "".
func Platform(benefitType string) string {
	switch benefitType {
	case BenefitDiscord:
		return "discord"
	case BenefitGitHub:
		return "github"
	}
	return ""
}

// letIn grants access under the customer's connected account; without one the grant waits for it.
func (x *tx) letIn(g *Grant, b Benefit) {
	account, ok := x.customers.rows[g.CustomerID].Accounts[Platform(b.Type)]
	g.Properties.AccountID, g.Waits = account.ID, !ok
	if g.Waits {
		g.GrantedAt = noTime
	}
}

// ConnectAccount names the account under which the holder of a Discord or GitHub grant is let in, and grants
// what waited for it. Errors: ErrNotFound, *Invalid, *Refused.
func (e *Engine) ConnectAccount(ctx context.Context, grantID, benefitType, account string) (Grant, error) {
	var g Grant
	err := e.write(ctx, func(x *tx) error {
		row, err := x.grants.get(grantID)
		if err != nil {
			return err
		}
		b, err := x.benefits.get(row.BenefitID)
		if err != nil {
			return err
		}
		switch {
		case b.Type != benefitType:
			return invalid("The benefit is of another type.", "benefit_type")
		case !row.Held():
			return refused("NotPermitted", "This benefit grant is revoked.")
		case Platform(b.Type) == "":
			g = *row
			return nil // there is nothing to choose
		case account == "":
			return invalid("Field required", "properties", "account_id")
		}
		g = x.connect(*row, *b, account)
		return nil
	})
	return g, err
}

// connect notes the account on the customer and the grant.
func (x *tx) connect(g Grant, b Benefit, account string) Grant {
	c := *x.customers.rows[g.CustomerID]
	c.Accounts = maps.Clone(c.Accounts)
	if c.Accounts == nil {
		c.Accounts = map[string]Account{}
	}
	c.Accounts[Platform(b.Type)] = Account{ID: account}
	put(x, x.customers, c)
	previous, waited := g.Properties, g.Waits
	g.Properties.AccountID, g.Waits, g.Stamp = account, false, x.touched(g.Stamp)
	if waited {
		g.GrantedAt = x.now
	}
	put(x, x.grants, g)
	if waited {
		x.record("benefit.granted", g.CustomerID, grantFacts(g, b))
	}
	x.emitGrant("benefit_grant.updated", g.ID, &previous)
	x.stateOf(g.CustomerID)
	return g
}
