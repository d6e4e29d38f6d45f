package twin

import (
	"context"
	"net/mail"
	"strings"
)

// CustomerInput makes or changes a customer; nil leaves a field alone (or empty, when creating). Metadata is
// replaced as a whole.
type CustomerInput struct {
	Email          *string
	ExternalID     *string
	Name           *string
	BillingName    *string
	BillingAddress *Address
	ClearAddress   bool // the address was given as null
	TaxID          []string
	Locale         *string
	Metadata       Metadata
	Team           bool         // make a team, or turn an individual into one
	Owner          *MemberInput // of a new team; nil: the address of the customer itself
}

// CreateCustomer makes a customer. Errors: *Invalid.
func (e *Engine) CreateCustomer(ctx context.Context, in CustomerInput) (Customer, error) {
	var made Customer
	err := e.write(ctx, func(x *tx) (err error) {
		made, err = x.createCustomer(in)
		return err
	})
	return made, err
}

// UpdateCustomer changes a customer. Errors: ErrNotFound, *Invalid.
func (e *Engine) UpdateCustomer(ctx context.Context, id string, in CustomerInput) (Customer, error) {
	var made Customer
	err := e.write(ctx, func(x *tx) (err error) {
		made, err = x.updateCustomer(id, in)
		return err
	})
	return made, err
}

// SetCard replaces the customer's stored test card; later renewals are charged to it.
func (e *Engine) SetCard(ctx context.Context, id, card string) error {
	return e.write(ctx, func(x *tx) error {
		c, err := x.living(id)
		if err != nil {
			return err
		}
		x.storeCard(&c, card)
		return nil
	})
}

// DeclineNextCharge makes the customer's next charge fail, whatever the card; the one after is judged by the
// card again. Errors: ErrNotFound.
func (e *Engine) DeclineNextCharge(ctx context.Context, id string) error {
	return e.write(ctx, func(x *tx) error {
		c, err := x.living(id)
		if err != nil {
			return err
		}
		c.DeclineNext = true
		put(x, x.customers, c)
		return nil
	})
}

// living returns a customer that is not deleted.
func (v *View) living(id string) (Customer, error) {
	c, err := v.customers.get(id)
	if err != nil {
		return Customer{}, err
	}
	if !c.DeletedAt.IsZero() {
		return Customer{}, ErrNotFound
	}
	return *c, nil
}

// createCustomer checks, stores and tells.
func (x *tx) createCustomer(in CustomerInput) (Customer, error) {
	c := Customer{ID: newID(), MemberID: newID(), Stamp: x.made(), Metadata: Metadata{}}
	if in.Email == nil && !in.Team {
		return c, &Invalid{Fields: []FieldError{{Loc: []any{"body", "email"}, Msg: "Field required", Type: "missing"}}}
	}
	if err := x.fillCustomer(&c, in); err != nil {
		return c, err
	}
	put(x, x.customers, c)
	x.record("customer.created", c.ID, customerFacts(c))
	x.emit("customer.created", c.ID)
	x.emit("customer.state_changed", c.ID)
	if err := x.addOwner(c, in.Owner); err != nil {
		return c, err
	}
	return c, x.adoptEvents(c)
}

// updateCustomer checks, stores and tells.
func (x *tx) updateCustomer(id string, in CustomerInput) (Customer, error) {
	before, err := x.living(id)
	if err != nil {
		return before, err
	}
	c := before
	if in.ClearAddress && c.BillingAddress != nil {
		return c, invalid("Customer billing address cannot be reset to null once set.", "billing_address")
	}
	if err := x.fillCustomer(&c, in); err != nil {
		return c, err
	}
	c.Stamp = x.touched(c.Stamp)
	put(x, x.customers, c)
	x.followCustomer(c)
	facts := customerFacts(c)
	facts["updated_fields"] = changedFields(before, c)
	x.record("customer.updated", c.ID, facts)
	x.emit("customer.updated", c.ID)
	x.stateOf(c.ID)
	if before.ExternalID == "" && c.ExternalID != "" {
		return c, x.adoptEvents(c)
	}
	return c, nil
}

// fillCustomer applies in to c, or says why not.
func (x *tx) fillCustomer(c *Customer, in CustomerInput) error {
	if in.Email != nil {
		if err := x.claimEmail(c, *in.Email); err != nil {
			return err
		}
	}
	if in.ExternalID != nil && *in.ExternalID != c.ExternalID {
		if err := x.claimExternal(c, *in.ExternalID); err != nil {
			return err
		}
	}
	c.Name, c.BillingName, c.Locale = pick(in.Name, c.Name), pick(in.BillingName, c.BillingName), pick(in.Locale, c.Locale)
	c.Team = c.Team || in.Team
	if in.BillingAddress != nil {
		c.BillingAddress = in.BillingAddress
	}
	if in.TaxID != nil {
		c.TaxID = in.TaxID
	}
	if in.Metadata != nil {
		c.Metadata = in.Metadata
	}
	return nil
}

// claimEmail gives c the address when it is one and free.
func (x *tx) claimEmail(c *Customer, email string) error {
	if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email {
		return invalid("value is not a valid email address: An email address must have an @-sign.", "email")
	}
	for _, other := range x.customers.by(customersByEmail, strings.ToLower(email)) {
		if other.ID != c.ID {
			return invalid("A customer with this email address already exists.", "email")
		}
	}
	c.Email = email
	return nil
}

// claimExternal gives c the external id when it has none yet and the id is free.
func (x *tx) claimExternal(c *Customer, id string) error {
	if c.ExternalID != "" {
		return invalid("Customer external ID cannot be updated.", "external_id")
	}
	if len(x.customers.by(customersByExternal, id)) > 0 {
		return invalid("A customer with this external ID already exists.", "external_id")
	}
	c.ExternalID = id
	return nil
}

// customerFacts is the metadata of customer.* system events.
func customerFacts(c Customer) Metadata {
	return Metadata{
		"customer_id": c.ID, "customer_email": c.Email,
		"customer_name": orNil(c.Name), "customer_external_id": orNil(c.ExternalID),
	}
}

// changedFields lists what differs, as the customer.updated event tells it.
func changedFields(a, b Customer) map[string]any {
	changed := map[string]any{}
	for name, pair := range map[string][2]string{
		"name": {a.Name, b.Name}, "email": {a.Email, b.Email}, "external_id": {a.ExternalID, b.ExternalID},
	} {
		if pair[0] != pair[1] {
			changed[name] = pair[1]
		}
	}
	return changed
}

// orNil is s, or nil for the empty string.
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
