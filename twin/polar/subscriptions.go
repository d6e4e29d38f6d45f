package polar

import (
	"context"
	"net/http"
	"time"

	"counterfoil/twin"
)

var subscriptionSorts = map[string]func(a, b *twin.Subscription) int{
	"started_at":         byTime(func(s *twin.Subscription) time.Time { return s.StartedAt }),
	"current_period_end": byTime(func(s *twin.Subscription) time.Time { return s.PeriodEnd }),
	"ends_at":            byTime(func(s *twin.Subscription) time.Time { return s.EndsAt }),
	"ended_at":           byTime(func(s *twin.Subscription) time.Time { return s.EndedAt }),
	"amount":             byNumber(func(s *twin.Subscription) int64 { return s.Amount }),
	"status":             byText(func(s *twin.Subscription) string { return s.Status }),
}

// listSubscriptions: GET /v1/subscriptions/
func (s *Server) listSubscriptions(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.Subscription]{
		rows: v.Subscriptions(q.owner(v)), sorts: subscriptionSorts, usual: "-started_at",
		keep: func(sub *twin.Subscription) bool {
			return q.allowsCustomer(v, sub.CustomerID) && q.allows("product_id", sub.ProductID) &&
				q.allows("discount_id", sub.DiscountID) && q.allows("status", sub.Status) && q.allowsFlag("active", sub.Live()) &&
				q.allowsFlag("cancel_at_period_end", sub.CancelAtPeriodEnd) && q.allowsMetadata(sub.Metadata)
		},
		shape: func(sub *twin.Subscription) any { return s.showSubscription(v, sub) },
	}.answer(q)
}

// getSubscription: GET /v1/subscriptions/{id}
func (s *Server) getSubscription(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, s.showSubscription)(v.Subscription(r.PathValue("id")))
}

// createSubscription: POST /v1/subscriptions/, for free products only
func (s *Server) createSubscription(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("product_id")
	product, id, external := b.text("product_id"), b.text("customer_id"), b.text("external_customer_id")
	if id == "" && external == "" {
		b.need("customer_id")
	}
	metadata := b.metadata("metadata")
	if err := b.err(); err != nil {
		return nil, err
	}
	sub, err := s.engine.CreateSubscription(ctx, product, id, external, metadata)
	return shapeOf(sub, shapeSubscription), err
}

// revokeSubscription: DELETE /v1/subscriptions/{id}
func (s *Server) revokeSubscription(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	sub, err := s.engine.RevokeSubscription(ctx, r.PathValue("id"), twin.Cancellation{})
	return shapeOf(sub, shapeSubscription), err
}

// updateSubscription: PATCH /v1/subscriptions/{id}. The body is a strict union: its first known key says
// which change is meant, and other keys are refused.
func (s *Server) updateSubscription(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	change, err := s.subscriptionChange(r.PathValue("id"), b)
	if err != nil {
		return nil, err
	}
	sub, err := change(ctx)
	return shapeOf(sub, shapeSubscription), err
}

// subscriptionChange reads the union.
func (s *Server) subscriptionChange(id string, b body) (func(context.Context) (twin.Subscription, error), error) {
	_, discount := b.fields["discount_id"]
	_, pending := b.fields["pending_update"]
	var change func(context.Context) (twin.Subscription, error)
	switch {
	case b.has("product_id"):
		b.only("product_id", "proration_behavior")
		product, proration := b.text("product_id"), proration(b)
		change = func(ctx context.Context) (twin.Subscription, error) {
			return s.engine.ChangeProduct(ctx, id, product, proration)
		}
	case b.has("revoke"):
		b.only("revoke", "customer_cancellation_reason", "customer_cancellation_comment")
		why := cancellation(b)
		change = func(ctx context.Context) (twin.Subscription, error) { return s.engine.RevokeSubscription(ctx, id, why) }
	case b.has("cancel_at_period_end"):
		b.only("cancel_at_period_end", "customer_cancellation_reason", "customer_cancellation_comment")
		why, cancel := cancellation(b), orTrue(b.flag("cancel_at_period_end"))
		change = func(ctx context.Context) (twin.Subscription, error) {
			if cancel {
				return s.engine.CancelSubscription(ctx, id, why)
			}
			return s.engine.UncancelSubscription(ctx, id)
		}
	case discount:
		b.only("discount_id")
		discountID := b.text("discount_id")
		change = func(ctx context.Context) (twin.Subscription, error) { return s.engine.SetDiscount(ctx, id, discountID) }
	case b.has("current_billing_period_end"):
		b.only("current_billing_period_end")
		end := b.moment("current_billing_period_end")
		change = func(ctx context.Context) (twin.Subscription, error) { return s.engine.SetPeriodEnd(ctx, id, end) }
	case b.has("trial_end"):
		b.only("trial_end")
		change = s.trialChange(id, b)
	case b.has("seats"):
		b.only("seats", "proration_behavior")
		seats, proration := orZero(b.whole("seats")), proration(b)
		change = func(ctx context.Context) (twin.Subscription, error) {
			return s.engine.ChangeSeats(ctx, id, seats, proration)
		}
	case b.has("pause_at_period_end"), b.has("resume"), pending:
		change = s.pauseChange(id, b)
	default:
		b.only()
		if b.err() == nil {
			b.need("product_id")
		}
	}
	return change, b.err()
}

// pauseChange reads the changes that early clients do not know: a pause, its end, and giving up a change that
// waits for the end of the period.
func (s *Server) pauseChange(id string, b body) func(context.Context) (twin.Subscription, error) {
	switch {
	case b.has("resume"):
		b.only("resume")
		if !orTrue(b.flag("resume")) {
			b.say("resume", "literal_error", "Input should be True")
		}
		return func(ctx context.Context) (twin.Subscription, error) { return s.engine.ResumeSubscription(ctx, id) }
	case b.has("pause_at_period_end"):
		b.only("pause_at_period_end", "resumes_at")
		pause, resumes := orTrue(b.flag("pause_at_period_end")), b.moment("resumes_at")
		return func(ctx context.Context) (twin.Subscription, error) {
			if pause {
				return s.engine.PauseSubscription(ctx, id, resumes)
			}
			return s.engine.KeepSubscription(ctx, id)
		}
	default:
		b.only("pending_update")
		if !b.null("pending_update") {
			b.say("pending_update", "none_required", "Input should be None")
		}
		return func(ctx context.Context) (twin.Subscription, error) { return s.engine.ClearPendingUpdate(ctx, id) }
	}
}

// proration reads how a change is to be settled.
func proration(b body) string {
	return b.choice("proration_behavior", twin.Invoice, twin.Prorate, twin.NextPeriod, twin.Reset)
}

// trialChange reads trial_end: a date, or "now".
func (s *Server) trialChange(id string, b body) func(context.Context) (twin.Subscription, error) {
	if b.text("trial_end") == "now" {
		return func(ctx context.Context) (twin.Subscription, error) { return s.engine.EndTrial(ctx, id) }
	}
	end := b.moment("trial_end")
	return func(ctx context.Context) (twin.Subscription, error) { return s.engine.SetTrialEnd(ctx, id, end) }
}

// cancellation reads why a subscription is ended.
func cancellation(b body) twin.Cancellation {
	return twin.Cancellation{
		Reason: b.choice("customer_cancellation_reason", "customer_service", "low_quality", "missing_features",
			"switched_service", "too_complex", "too_expensive", "unused", "other"),
		Comment: b.text("customer_cancellation_comment"),
	}
}
