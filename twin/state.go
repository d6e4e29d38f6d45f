package twin

// State is what a customer has now: the one answer that suffices for access control.
type State struct {
	Customer      Customer
	Subscriptions []Subscription // active and trialing
	Grants        []Grant        // held
	Meters        []CustomerMeter
}

// State returns the state of a living customer, or ErrNotFound.
func (v *View) State(customerID string) (State, error) {
	c, err := v.customers.get(customerID)
	if err != nil {
		return State{}, err
	}
	s := State{Customer: *c}
	for _, sub := range v.subscriptions.by(byOwner, customerID) {
		if sub.Live() {
			s.Subscriptions = append(s.Subscriptions, *sub)
		}
	}
	for _, g := range v.grants.by(byOwner, customerID) {
		if g.Granted() {
			s.Grants = append(s.Grants, *g)
		}
	}
	for _, m := range v.customerMeters.by(byOwner, customerID) {
		if meter := v.meters.rows[m.MeterID]; m.Activated && meter.ArchivedAt.IsZero() {
			s.Meters = append(s.Meters, *m)
		}
	}
	return s, nil
}
