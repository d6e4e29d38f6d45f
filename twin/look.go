package twin

// Organization returns the merchant.
func (v *View) Organization() Organization { return *v.organization.all()[0] }

// Organization returns the merchant.
func (e *Engine) Organization() Organization {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return *e.data.organization.all()[0]
}

// Product returns a product, or ErrNotFound.
func (e *Engine) Product(id string) (Product, error) {
	return read(e, func(v *View) (Product, error) { return value(v.products.get(id)) })
}

// Products returns all products, oldest first, archived ones included.
func (e *Engine) Products() []Product { return list(e, e.data.products) }

// Benefit returns a benefit, or ErrNotFound.
func (e *Engine) Benefit(id string) (Benefit, error) {
	return read(e, func(v *View) (Benefit, error) { return value(v.benefits.get(id)) })
}

// Discount returns a discount, or ErrNotFound.
func (e *Engine) Discount(id string) (Discount, error) {
	return read(e, func(v *View) (Discount, error) { return value(v.discounts.get(id)) })
}

// Meter returns a meter, or ErrNotFound.
func (e *Engine) Meter(id string) (Meter, error) {
	return read(e, func(v *View) (Meter, error) { return value(v.meters.get(id)) })
}

// Customer returns a customer by id, deleted ones included, or ErrNotFound.
func (e *Engine) Customer(id string) (Customer, error) {
	return read(e, func(v *View) (Customer, error) { return value(v.customers.get(id)) })
}

// Customers returns all customers, oldest first, deleted ones included.
func (e *Engine) Customers() []Customer { return list(e, e.data.customers) }

// Checkout returns a checkout by id, or ErrNotFound.
func (e *Engine) Checkout(id string) (Checkout, error) {
	return read(e, func(v *View) (Checkout, error) { return value(v.checkouts.get(id)) })
}

// CheckoutBySecret returns a checkout by its client secret, or ErrNotFound.
func (e *Engine) CheckoutBySecret(secret string) (Checkout, error) {
	return read(e, func(v *View) (Checkout, error) {
		rows := v.checkouts.by(0, secret)
		if len(rows) == 0 {
			return Checkout{}, ErrNotFound
		}
		return *rows[0], nil
	})
}

// Order returns an order, or ErrNotFound.
func (e *Engine) Order(id string) (Order, error) {
	return read(e, func(v *View) (Order, error) { return value(v.orders.get(id)) })
}

// Subscription returns a subscription, or ErrNotFound.
func (e *Engine) Subscription(id string) (Subscription, error) {
	return read(e, func(v *View) (Subscription, error) { return value(v.subscriptions.get(id)) })
}

// OrdersOf, SubscriptionsOf, GrantsOf and MetersOf return what a customer has, oldest first.
func (e *Engine) OrdersOf(customerID string) []Order {
	return listBy(e, e.data.orders, byOwner, customerID)
}

// SubscriptionsOf returns a customer's subscriptions, ended ones included.
func (e *Engine) SubscriptionsOf(customerID string) []Subscription {
	return listBy(e, e.data.subscriptions, byOwner, customerID)
}

// GrantsOf returns a customer's benefit grants, revoked ones included.
func (e *Engine) GrantsOf(customerID string) []Grant {
	return listBy(e, e.data.grants, byOwner, customerID)
}

// MetersOf returns a customer's standing on each meter.
func (e *Engine) MetersOf(customerID string) []CustomerMeter {
	return listBy(e, e.data.customerMeters, byOwner, customerID)
}

// list copies a table.
func list[T any](e *Engine, t *table[T]) []T {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return values(t.all())
}

// listBy copies the rows under an index key.
func listBy[T any](e *Engine, t *table[T], n int, key string) []T {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return values(t.by(n, key))
}

// values copies rows out of their table.
func values[T any](rows []*T) []T {
	out := make([]T, 0, len(rows))
	for _, row := range rows {
		out = append(out, *row)
	}
	return out
}

// SeatingOf returns the seats of a subscription. Errors: ErrNotFound.
func (e *Engine) SeatingOf(subscriptionID string) (Seating, error) {
	return read(e, func(v *View) (Seating, error) { return v.Seating(subscriptionID, "", "") })
}

// MembersOf returns the people of a customer.
func (e *Engine) MembersOf(customerID string) []*Member {
	members, _ := read(e, func(v *View) ([]*Member, error) { return v.Members(customerID), nil })
	return members
}
