package polar

import (
	"context"
	"net/http"

	"counterfoil/twin"
)

// updateOrganization: PATCH /v1/organizations/{id}
func (s *Server) updateOrganization(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	if r.PathValue("id") != s.engine.Organization().ID {
		return nil, twin.ErrNotFound
	}
	name, email, website := b.str("name"), b.str("email"), b.str("website")
	subscribing, portal := b.nested("subscription_settings"), b.nested("customer_portal_settings")
	proration := subscribing.choice("proration_behavior", twin.Invoice, twin.Prorate)
	grace := subscribing.whole("benefit_revocation_grace_period")
	usage, seats := portal.nested("usage").flag("show"), portal.nested("subscription").flag("update_seats")
	address := portal.nested("customer").flag("allow_email_change")
	flags := func(o *twin.Organization) map[*bool]*bool {
		return map[*bool]*bool{
			&o.AllowMultiple:        subscribing.flag("allow_multiple_subscriptions"),
			&o.AllowCustomerUpdates: subscribing.flag("allow_customer_updates"),
			&o.PreventTrialAbuse:    subscribing.flag("prevent_trial_abuse"),
			&o.HideUsage:            not(usage), &o.LockSeats: not(seats), &o.LockEmail: not(address),
		}
	}
	flags(&twin.Organization{}) // collects mistakes
	if err := b.err(); err != nil {
		return nil, err
	}
	o, err := s.engine.UpdateOrganization(ctx, func(o *twin.Organization) {
		for to, from := range map[*string]*string{&o.Name: name, &o.Email: email, &o.Website: website, &o.Proration: given(proration)} {
			if from != nil {
				*to = *from
			}
		}
		for to, from := range flags(o) {
			if from != nil {
				*to = *from
			}
		}
		if grace != nil {
			o.GraceDays = int(*grace)
		}
	})
	return func(*twin.View) any { return shapeOrganization(o) }, err
}

// not is the opposite of a flag; nil stays nil.
func not(p *bool) *bool {
	if p == nil {
		return nil
	}
	v := !*p
	return &v
}
