package polar

import (
	"context"
	"net/http"

	"counterfoil/twin"
)

// portalSubscriptions: GET /v1/customer-portal/subscriptions/
func (s *Server) portalSubscriptions(v *twin.View, me twin.Actor, _ *http.Request, q query) (any, error) {
	return listing[twin.Subscription]{
		rows: v.Subscriptions(me.Customer.ID), sorts: subscriptionSorts, usual: "-started_at",
		keep: func(sub *twin.Subscription) bool {
			return q.allows("product_id", sub.ProductID) && q.allowsFlag("active", sub.Live()) &&
				q.within(productName(v, sub.ProductID), v.Organization().Name)
		},
		shape: func(sub *twin.Subscription) any { return shapePortalSubscription(v, sub) },
	}.answer(q)
}

// productName is the name of a product, "" when there is none.
func productName(v *twin.View, id string) string {
	p, err := v.Product(id)
	if err != nil {
		return ""
	}
	return p.Name
}

// portalSubscription: GET /v1/customer-portal/subscriptions/{id}
func (s *Server) portalSubscription(v *twin.View, me twin.Actor, r *http.Request, _ query) (any, error) {
	return shaped(v, shapePortalSubscription)(ownSubscription(v, me, r))
}

// portalUpdateSubscription: PATCH /v1/customer-portal/subscriptions/{id}. The strict union of the merchant's
// route, with other names for the reason and fewer rights.
func (s *Server) portalUpdateSubscription(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
	change, err := s.portalChange(r.PathValue("id"), b)
	if err != nil {
		return nil, err
	}
	if _, err := checkOwn(s, me, r, ownSubscription); err != nil {
		return nil, err
	}
	sub, err := change(ctx)
	return shapeOf(sub, shapePortalSubscription), err
}

// portalChange reads the union.
func (s *Server) portalChange(id string, b body) (change func(context.Context) (twin.Subscription, error), err error) {
	o := s.engine.Organization()
	switch {
	case b.has("product_id"):
		b.only("product_id")
		product := b.text("product_id")
		if !o.AllowCustomerUpdates {
			return nil, &twin.Refused{Class: "UpdateSubscriptionPlanNotAllowed", Detail: "Changing the plan is not allowed."}
		}
		change = func(ctx context.Context) (twin.Subscription, error) {
			return s.engine.ChangeProduct(ctx, id, product, "")
		}
	case b.has("seats"):
		b.only("seats", "proration_behavior")
		seats, proration := orZero(b.whole("seats")), b.choice("proration_behavior", twin.Invoice, twin.Prorate, twin.NextPeriod)
		if o.LockSeats {
			return nil, &twin.Refused{Class: "UpdateSubscriptionSeatsNotAllowed", Detail: "Changing the number of seats is not allowed."}
		}
		change = func(ctx context.Context) (twin.Subscription, error) {
			return s.engine.ChangeSeats(ctx, id, seats, proration)
		}
	case b.has("cancel_at_period_end"):
		b.only("cancel_at_period_end", "cancellation_reason", "cancellation_comment")
		why, cancel := portalReason(b), orTrue(b.flag("cancel_at_period_end"))
		change = func(ctx context.Context) (twin.Subscription, error) {
			if cancel {
				return s.engine.CancelSubscription(ctx, id, why)
			}
			return s.engine.UncancelSubscription(ctx, id)
		}
	case b.null("pending_update"):
		b.only("pending_update")
		change = func(ctx context.Context) (twin.Subscription, error) { return s.engine.ClearPendingUpdate(ctx, id) }
	default:
		b.only()
		if b.err() == nil {
			b.need("product_id")
		}
	}
	return change, b.err()
}

// portalReason reads why a customer ends a subscription.
func portalReason(b body) twin.Cancellation {
	return twin.Cancellation{
		Reason: b.choice("cancellation_reason", "customer_service", "low_quality", "missing_features",
			"switched_service", "too_complex", "too_expensive", "unused", "other"),
		Comment: b.text("cancellation_comment"),
	}
}

// portalCancelSubscription: DELETE /v1/customer-portal/subscriptions/{id}, at the period's end
func (s *Server) portalCancelSubscription(ctx context.Context, me twin.Actor, r *http.Request, _ body) (func(*twin.View) any, error) {
	if _, err := checkOwn(s, me, r, ownSubscription); err != nil {
		return nil, err
	}
	sub, err := s.engine.CancelSubscription(ctx, r.PathValue("id"), twin.Cancellation{})
	return shapeOf(sub, shapePortalSubscription), err
}

// portalRevokeSubscription: POST /v1/customer-portal/subscriptions/{id}/revoke, at once
func (s *Server) portalRevokeSubscription(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
	why := portalReason(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	if _, err := checkOwn(s, me, r, ownSubscription); err != nil {
		return nil, err
	}
	sub, err := s.engine.RevokeSubscription(ctx, r.PathValue("id"), why)
	return shapeOf(sub, shapePortalSubscription), err
}

// chargePreview is what a charge would come to.
type chargePreview struct {
	BaseAmount     int64 `json:"base_amount"`
	MeteredAmount  int64 `json:"metered_amount"`
	SubtotalAmount int64 `json:"subtotal_amount"`
	DiscountAmount int64 `json:"discount_amount"`
	TaxAmount      int64 `json:"tax_amount"`
	TotalAmount    int64 `json:"total_amount"`
}

func shapeCharge(c twin.Charge) chargePreview {
	return chargePreview{c.Base, c.Metered, c.Base + c.Metered, c.Discount, 0, c.Base + c.Metered - c.Discount}
}

// portalChargePreview: GET /v1/customer-portal/subscriptions/{id}/charge-preview
func (s *Server) portalChargePreview(v *twin.View, me twin.Actor, r *http.Request, _ query) (any, error) {
	sub, err := ownSubscription(v, me, r)
	if err != nil || !sub.Live() {
		return nil, twin.ErrNotFound
	}
	return shapeCharge(v.NextCharge(*sub)), nil
}

// portalCancelPreview: GET /v1/customer-portal/subscriptions/{id}/cancel-preview: what would still be charged
func (s *Server) portalCancelPreview(v *twin.View, me twin.Actor, r *http.Request, _ query) (any, error) {
	sub, err := ownSubscription(v, me, r)
	if err != nil {
		return nil, err
	}
	canceled := *sub
	canceled.CancelAtPeriodEnd = true
	return shapeCharge(v.NextCharge(canceled)), nil
}

// portalChangePreview: POST /v1/customer-portal/subscriptions/{id}/change-preview: what a change would cost now
func (s *Server) portalChangePreview(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
	product, seats := b.text("product_id"), orZero(b.whole("seats"))
	if product == "" && seats == 0 {
		b.need("product_id")
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	if _, err := checkOwn(s, me, r, ownSubscription); err != nil {
		return nil, err
	}
	charge, err := s.engine.PreviewChange(ctx, r.PathValue("id"), product, seats)
	return func(*twin.View) any { return shapeCharge(charge) }, err
}
