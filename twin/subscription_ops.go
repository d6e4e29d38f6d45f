package twin

import (
	"context"
	"time"
)

// changeSubscription runs one change of a subscription that has not ended.
func (e *Engine) changeSubscription(ctx context.Context, id string, change func(*tx, *Subscription) error) (Subscription, error) {
	var sub Subscription
	err := e.write(ctx, func(x *tx) error {
		row, err := x.subscriptions.get(id)
		if err != nil {
			return err
		}
		sub = *row
		if err := change(x, &sub); err != nil {
			return err
		}
		sub = *x.subscriptions.rows[id]
		return nil
	})
	return sub, err
}

// CancelSubscription schedules the end at the period's end; the subscription stays active until then.
// Errors: ErrNotFound, *Refused.
func (e *Engine) CancelSubscription(ctx context.Context, id string, why Cancellation) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		if sub.Ended() || sub.CancelAtPeriodEnd {
			return refused("AlreadyCanceledSubscription", "This subscription is already canceled or will be at the end of the period.")
		}
		if sub.Status == Paused {
			return inactive(*sub)
		}
		sub.CancelAtPeriodEnd, sub.CanceledAt, sub.EndsAt = true, x.now, sub.PeriodEnd
		sub.CancelReason, sub.CancelComment, sub.Stamp = why.Reason, why.Comment, x.touched(sub.Stamp)
		put(x, x.subscriptions, *sub)
		x.recordCanceled(*sub)
		x.emit("subscription.updated", sub.ID)
		x.emit("subscription.canceled", sub.ID)
		x.stateOf(sub.CustomerID)
		return nil
	})
}

// UncancelSubscription takes a scheduled end back. Errors: ErrNotFound, *Refused.
func (e *Engine) UncancelSubscription(ctx context.Context, id string) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		if sub.Ended() {
			return refused("AlreadyCanceledSubscription", "This subscription is already canceled.")
		}
		if !sub.CancelAtPeriodEnd {
			return invalid("Subscription is not scheduled to be canceled.", "cancel_at_period_end")
		}
		sub.CancelAtPeriodEnd, sub.CanceledAt, sub.EndsAt = false, noTime, noTime
		sub.CancelReason, sub.CancelComment, sub.Stamp = "", "", x.touched(sub.Stamp)
		put(x, x.subscriptions, *sub)
		facts := subscriptionFacts(*sub)
		x.record("subscription.uncanceled", sub.CustomerID, facts)
		x.emit("subscription.updated", sub.ID)
		x.emit("subscription.uncanceled", sub.ID)
		x.stateOf(sub.CustomerID)
		return nil
	})
}

// RevokeSubscription ends a subscription now and takes its benefits back. Errors: ErrNotFound, *Refused.
func (e *Engine) RevokeSubscription(ctx context.Context, id string, why Cancellation) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		if sub.Ended() {
			return refused("AlreadyCanceledSubscription", "This subscription is already canceled.")
		}
		return x.endSubscription(*sub, why, true)
	})
}

// SetPeriodEnd moves the renewal. Errors: ErrNotFound, *Invalid, *Refused.
func (e *Engine) SetPeriodEnd(ctx context.Context, id string, end time.Time) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		if sub.Ended() {
			return refused("AlreadyCanceledSubscription", "This subscription is already canceled.")
		}
		if sub.Status == Paused {
			return inactive(*sub)
		}
		if !end.After(x.now) {
			return invalid("The new period end must be in the future.", "current_billing_period_end")
		}
		old := sub.PeriodEnd
		sub.PeriodEnd, sub.Anchor, sub.Stamp = end, end, x.touched(sub.Stamp)
		if sub.Status == Trialing {
			sub.TrialEnd = end
		}
		if sub.CancelAtPeriodEnd {
			sub.EndsAt = end
		}
		if sub.Update != nil {
			update := *sub.Update
			update.AppliesAt = end
			sub.Update = &update
		}
		put(x, x.subscriptions, *sub)
		x.record("subscription.billing_period_updated", sub.CustomerID, Metadata{
			"subscription_id": sub.ID, "old_period_end": wireTime(old), "new_period_end": wireTime(end),
		})
		x.emit("subscription.updated", sub.ID)
		x.stateOf(sub.CustomerID)
		return nil
	})
}

// SetDiscount sets ("" removes) the discount of the coming cycles. Errors: ErrNotFound, *Invalid.
func (e *Engine) SetDiscount(ctx context.Context, id, discountID string) (Subscription, error) {
	return e.changeSubscription(ctx, id, func(x *tx, sub *Subscription) error {
		if discountID != "" {
			d, err := x.discounts.get(discountID)
			if err != nil || !d.usable(x.now) || !d.fits(sub.ProductID) {
				return invalid("Discount does not exist.", "discount_id")
			}
			x.redeem(discountID)
		}
		sub.DiscountID, sub.DiscountSince, sub.Stamp = discountID, noTime, x.touched(sub.Stamp)
		put(x, x.subscriptions, *sub)
		x.emit("subscription.updated", sub.ID)
		x.stateOf(sub.CustomerID)
		return nil
	})
}

// endSubscription ends a subscription at x.now. now is true when somebody ended it before its time, which is
// also told as a cancellation.
func (x *tx) endSubscription(sub Subscription, why Cancellation, now bool) error {
	sub.Status, sub.EndedAt, sub.EndsAt, sub.Stamp = Canceled, x.now, x.now, x.touched(sub.Stamp)
	sub.CancelAtPeriodEnd = sub.CancelAtPeriodEnd && !now
	if sub.CanceledAt.IsZero() {
		sub.CanceledAt = x.now
	}
	if why.Reason != "" || why.Comment != "" {
		sub.CancelReason, sub.CancelComment = why.Reason, why.Comment
	}
	sub.GraceEnds, sub.PauseAtPeriodEnd, sub.ResumesAt, sub.Update = noTime, false, noTime, nil
	put(x, x.subscriptions, sub)
	x.emit("subscription.updated", sub.ID)
	if now {
		x.recordCanceled(sub)
		x.emit("subscription.canceled", sub.ID)
	}
	x.record("subscription.revoked", sub.CustomerID, subscriptionFacts(sub))
	x.emit("subscription.revoked", sub.ID)
	x.voidOrders(sub.ID)
	x.revokeScope(sub.ID, "")
	x.stateOf(sub.CustomerID)
	return nil
}

// recordCanceled stores the subscription.canceled system event.
func (x *tx) recordCanceled(sub Subscription) {
	facts := subscriptionFacts(sub)
	facts["canceled_at"], facts["ends_at"] = wireTime(sub.CanceledAt), wireTime(sub.EndsAt)
	facts["cancel_at_period_end"] = sub.CancelAtPeriodEnd
	if sub.CancelReason != "" {
		facts["customer_cancellation_reason"] = sub.CancelReason
	}
	if sub.CancelComment != "" {
		facts["customer_cancellation_comment"] = sub.CancelComment
	}
	x.record("subscription.canceled", sub.CustomerID, facts)
}

// subscriptionFacts is the common metadata of subscription.* system events.
func subscriptionFacts(sub Subscription) Metadata {
	return Metadata{
		"subscription_id": sub.ID, "product_id": sub.ProductID, "amount": num(sub.Amount), "currency": sub.Currency,
		"recurring_interval": string(sub.Interval), "recurring_interval_count": num(int64(sub.IntervalCount)),
	}
}
