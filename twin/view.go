package twin

// The rows that a View hands out are shared: read them, never write to them.

// Product returns a product, or ErrNotFound.
func (v *View) Product(id string) (*Product, error) { return v.products.get(id) }

// Products returns all products, oldest first. So do the other lists below, each of its own kind.
func (v *View) Products() []*Product { return v.products.all() }

// Discount returns a discount that is not deleted, or ErrNotFound.
func (v *View) Discount(id string) (*Discount, error) {
	d, err := v.discounts.get(id)
	if err != nil || d.Deleted {
		return nil, ErrNotFound
	}
	return d, nil
}

// AnyDiscount returns a discount, deleted ones included: old orders still show it.
func (v *View) AnyDiscount(id string) (*Discount, bool) {
	d, ok := v.discounts.rows[id]
	return d, ok
}

// Discounts returns all discounts, deleted ones included.
func (v *View) Discounts() []*Discount { return v.discounts.all() }

// Customer returns a customer, deleted ones included, or ErrNotFound.
func (v *View) Customer(id string) (*Customer, error) { return v.customers.get(id) }

// LivingCustomer returns a customer that is not deleted, or ErrNotFound.
func (v *View) LivingCustomer(id string) (*Customer, error) {
	if _, err := v.living(id); err != nil {
		return nil, err
	}
	return v.customers.get(id)
}

// Customers returns all customers, deleted ones included.
func (v *View) Customers() []*Customer { return v.customers.all() }

// Checkout returns a checkout, or ErrNotFound.
func (v *View) Checkout(id string) (*Checkout, error) { return v.checkouts.get(id) }

// CheckoutBySecret returns a checkout by its client secret, or ErrNotFound.
func (v *View) CheckoutBySecret(secret string) (*Checkout, error) {
	rows := v.checkouts.by(0, secret)
	if secret == "" || len(rows) == 0 {
		return nil, ErrNotFound
	}
	return rows[0], nil
}

// Checkouts returns all checkouts.
func (v *View) Checkouts() []*Checkout { return v.checkouts.all() }

// Subscription returns a subscription, or ErrNotFound.
func (v *View) Subscription(id string) (*Subscription, error) { return v.subscriptions.get(id) }

// Subscriptions returns the subscriptions of a customer, or all for "".
func (v *View) Subscriptions(customerID string) []*Subscription {
	return owned(v.subscriptions, customerID)
}

// Order returns an order, or ErrNotFound.
func (v *View) Order(id string) (*Order, error) { return v.orders.get(id) }

// Orders returns the orders of a customer, or all for "".
func (v *View) Orders(customerID string) []*Order { return owned(v.orders, customerID) }

// Payment returns a payment, or ErrNotFound.
func (v *View) Payment(id string) (*Payment, error) { return v.payments.get(id) }

// Payments returns all payments.
func (v *View) Payments() []*Payment { return v.payments.all() }

// Refund returns a refund, or ErrNotFound.
func (v *View) Refund(id string) (*Refund, error) { return v.refunds.get(id) }

// Refunds returns all refunds.
func (v *View) Refunds() []*Refund { return v.refunds.all() }

// Benefit returns a benefit, deleted ones included, or ErrNotFound.
func (v *View) Benefit(id string) (*Benefit, error) { return v.benefits.get(id) }

// Benefits returns all benefits, deleted ones included.
func (v *View) Benefits() []*Benefit { return v.benefits.all() }

// Grant returns a grant, or ErrNotFound.
func (v *View) Grant(id string) (*Grant, error) { return v.grants.get(id) }

// Grants returns the grants of a customer, or all for "".
func (v *View) Grants(customerID string) []*Grant { return owned(v.grants, customerID) }

// LicenseKey returns a license key, or ErrNotFound.
func (v *View) LicenseKey(id string) (*LicenseKey, error) { return v.licenseKeys.get(id) }

// LicenseKeys returns all license keys.
func (v *View) LicenseKeys() []*LicenseKey { return v.licenseKeys.all() }

// Meter returns a meter, or ErrNotFound.
func (v *View) Meter(id string) (*Meter, error) { return v.meters.get(id) }

// Meters returns all meters.
func (v *View) Meters() []*Meter { return v.meters.all() }

// CustomerMeter returns a customer meter, or ErrNotFound.
func (v *View) CustomerMeter(id string) (*CustomerMeter, error) { return v.customerMeters.get(id) }

// CustomerMeters returns the meters of a customer, or all for "".
func (v *View) CustomerMeters(customerID string) []*CustomerMeter {
	return owned(v.customerMeters, customerID)
}

// Event returns an event, or ErrNotFound.
func (v *View) Event(id string) (*Event, error) { return v.events.get(id) }

// Events returns the events of a customer in order of ingestion, or all for "". ExternalOwner gives the key of
// customers who do not exist yet.
func (v *View) Events(owner string) []*Event { return owned(v.events, owner) }

// ExternalOwner is the owner of events that name an external id: the customer who has it, or a stand-in.
func (v *View) ExternalOwner(external string) string {
	if c, err := v.CustomerByExternal(external); err == nil {
		return c.ID
	}
	return "external:" + external
}

// Endpoint returns a webhook endpoint, or ErrNotFound.
func (v *View) Endpoint(id string) (*WebhookEndpoint, error) { return v.endpoints.get(id) }

// Endpoints returns all webhook endpoints.
func (v *View) Endpoints() []*WebhookEndpoint { return v.endpoints.all() }

// WebhookEvent returns a webhook event, or ErrNotFound.
func (v *View) WebhookEvent(id string) (*WebhookEvent, error) { return v.webhookEvents.get(id) }

// WebhookEvents returns all webhook events in order of creation.
func (v *View) WebhookEvents() []*WebhookEvent { return v.webhookEvents.all() }

// Deliveries returns all webhook attempts, oldest first.
func (v *View) Deliveries() []*WebhookDelivery { return v.deliveries.all() }

// CatalogueVersion changes whenever a product, benefit, meter, discount, form field or file does, or the
// organization: what stands inside the objects of many customers.
func (v *View) CatalogueVersion() uint64 {
	return v.organization.version + v.products.version + v.benefits.version + v.meters.version + v.discounts.version +
		v.fields.version + v.files.version
}

// owned returns the rows of an owner by the table's first index, or all rows for "".
func owned[T any](t *table[T], owner string) []*T {
	if owner == "" {
		return t.all()
	}
	return t.by(0, owner)
}

// Matches reports whether the filter passes the event.
func (f Filter) Matches(v *Event) bool { return f.matches(v) }
