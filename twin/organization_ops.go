package twin

import (
	"context"
	"slices"
)

// UpdateOrganization changes the merchant through change, which gets a copy. Errors: *Invalid.
func (e *Engine) UpdateOrganization(ctx context.Context, change func(*Organization)) (Organization, error) {
	var o Organization
	err := e.write(ctx, func(x *tx) error {
		o = x.Organization()
		id := o.ID
		change(&o)
		o.ID = id
		if err := checkOrganization(o); err != nil {
			return err
		}
		o.Stamp = x.touched(o.Stamp)
		put(x, x.organization, o)
		x.emit("organization.updated", o.ID)
		return nil
	})
	return o, err
}

// checkOrganization holds the rules on the merchant.
func checkOrganization(o Organization) error {
	switch {
	case len([]rune(o.Name)) < 3:
		return invalid("String should have at least 3 characters", "name")
	case o.Proration != Invoice && o.Proration != Prorate:
		return invalid("Input should be 'invoice' or 'prorate'", "subscription_settings", "proration_behavior")
	case !slices.Contains([]int{0, 2, 7, 14, 21}, o.GraceDays):
		return invalid("Input should be 0, 2, 7, 14 or 21", "subscription_settings", "benefit_revocation_grace_period")
	}
	return nil
}
