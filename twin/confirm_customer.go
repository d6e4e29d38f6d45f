package twin

import (
	"maps"
	"strings"
)

// attachCustomer finds or makes the customer of a checkout: by the merchant's id, by external id, by e-mail,
// in this order. known is true when only the e-mail led to an existing customer. It also refuses a second
// subscription where the organization does not allow one.
func (x *tx) attachCustomer(c *Checkout) (known bool, err error) {
	customer, known, err := x.buyer(c)
	if err != nil {
		return false, err
	}
	if err := x.mayBuy(*c, customer.ID); err != nil {
		return false, err
	}
	if customer.ID == "" {
		customer, err = x.createCustomer(CustomerInput{
			Email: &c.CustomerEmail, ExternalID: nonEmpty(c.ExternalCustomerID), Name: nonEmpty(c.CustomerName),
			BillingName: nonEmpty(c.BillingName), BillingAddress: c.BillingAddress, Metadata: c.CustomerMetadata,
		})
		if err != nil {
			return false, err
		}
	} else if err := x.refreshBuyer(*c, customer); err != nil {
		return false, err
	}
	c.CustomerID = customer.ID
	return known, nil
}

// buyer finds the customer of a checkout; the zero customer when there is none yet.
func (x *tx) buyer(c *Checkout) (Customer, bool, error) {
	if c.CustomerID != "" {
		customer, err := x.living(c.CustomerID)
		return customer, false, err
	}
	if customer, err := x.CustomerByExternal(c.ExternalCustomerID); err == nil {
		return customer, false, nil
	}
	rows := x.customers.by(customersByEmail, strings.ToLower(c.CustomerEmail))
	if len(rows) == 0 {
		return Customer{}, false, nil
	}
	customer := *rows[0]
	if c.ExternalCustomerID != "" && customer.ExternalID != "" {
		return customer, true, refused("CheckoutCustomerExternalIdMismatch",
			"A customer with this email address already exists with another external ID.")
	}
	return customer, true, nil
}

// refreshBuyer copies what the checkout learned to a customer who lacks it.
func (x *tx) refreshBuyer(c Checkout, customer Customer) error {
	in := CustomerInput{}
	changed := false
	if customer.ExternalID == "" && c.ExternalCustomerID != "" {
		in.ExternalID, changed = &c.ExternalCustomerID, true
	}
	if customer.Name == "" && c.CustomerName != "" {
		in.Name, changed = &c.CustomerName, true
	}
	if c.BillingName != "" && c.BillingName != customer.BillingName {
		in.BillingName, changed = &c.BillingName, true
	}
	if c.BillingAddress != nil && (customer.BillingAddress == nil || *c.BillingAddress != *customer.BillingAddress) {
		in.BillingAddress, changed = c.BillingAddress, true
	}
	if len(c.CustomerMetadata) > 0 {
		in.Metadata, changed = maps.Clone(customer.Metadata), true
		maps.Copy(in.Metadata, c.CustomerMetadata)
	}
	if !changed {
		return nil
	}
	_, err := x.updateCustomer(customer.ID, in)
	return err
}

// mayBuy refuses a second running subscription.
func (x *tx) mayBuy(c Checkout, customerID string) error {
	p, err := x.products.get(c.ProductID)
	if err != nil {
		return err
	}
	if customerID == "" || !p.Recurring() || x.Organization().AllowMultiple {
		return nil
	}
	for _, sub := range x.subscriptions.by(byOwner, customerID) {
		if !sub.Ended() && sub.ID != c.UpgradeID {
			return refused("AlreadyActiveSubscriptionError", "You already have an active subscription.")
		}
	}
	return nil
}

// nonEmpty is &s, or nil for the empty string.
func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
