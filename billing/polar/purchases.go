package polar

import (
	"fmt"

	"counterfoil/billing"
)

// statuses translates Polar's subscription status. A missing one is an error,
// not a guess: a wrong guess gives away paid access or takes it from a payer.
// "paused" is sent by the API of 2026-08 and unknown to polar-go.
var statuses = map[string]billing.Status{
	"incomplete": billing.Incomplete, "incomplete_expired": billing.Incomplete,
	"trialing": billing.Trialing, "active": billing.Active,
	"past_due": billing.PastDue, "unpaid": billing.PastDue,
	"paused": billing.Paused, "canceled": billing.Canceled,
}

// orderStatuses translates Polar's order status. A draft is not charged yet.
var orderStatuses = map[string]billing.OrderStatus{
	"draft": billing.OrderPending, "pending": billing.OrderPending, "paid": billing.OrderPaid,
	"refunded": billing.OrderRefunded, "partially_refunded": billing.OrderPartiallyRefunded, "void": billing.OrderVoid,
}

// checkoutStatuses translates Polar's checkout status.
var checkoutStatuses = map[string]billing.CheckoutStatus{
	"open": billing.CheckoutOpen, "confirmed": billing.CheckoutConfirmed, "succeeded": billing.CheckoutSucceeded,
	"failed": billing.CheckoutFailed, "expired": billing.CheckoutExpired,
}

// refundStatuses translates Polar's refund status.
var refundStatuses = map[string]billing.RefundStatus{
	"pending": billing.RefundPending, "succeeded": billing.RefundSucceeded,
	"failed": billing.RefundFailed, "canceled": billing.RefundCanceled,
}

func subscription(w wireSubscription) (billing.Subscription, error) {
	source, err := w.source()
	if err != nil {
		return billing.Subscription{}, err
	}
	status, known := statuses[w.Status]
	if !known {
		return billing.Subscription{}, fmt.Errorf("subscription %s: unknown status %q", w.ID, clip(w.Status))
	}
	reference, _ := w.Metadata.ReferenceID.(string)
	return billing.Subscription{
		Source:             source,
		ProviderCustomerID: w.CustomerID,
		ProviderProductID:  w.ProductID,
		ProviderCheckoutID: w.CheckoutID,
		Status:             status,
		Amount:             w.Amount,
		Currency:           lower(w.Currency),
		Interval:           billing.Interval(w.RecurringInterval),
		IntervalCount:      max(1, w.RecurringIntervalCount),
		PeriodStart:        utc(w.CurrentPeriodStart),
		PeriodEnd:          utc(w.CurrentPeriodEnd),
		TrialEnd:           utc(w.TrialEnd),
		CancelAtPeriodEnd:  w.CancelAtPeriodEnd,
		CanceledAt:         utc(w.CanceledAt),
		StartedAt:          utc(w.StartedAt),
		EndsAt:             utc(w.EndsAt),
		EndedAt:            utc(w.EndedAt),
		Seats:              w.Seats,
		CancelReason:       w.CancelReason,
		CancelComment:      w.CancelComment,
		ReferenceID:        reference,
	}, nil
}

func order(w wireOrder) (billing.Order, error) {
	source, err := w.source()
	if err != nil {
		return billing.Order{}, err
	}
	status, known := orderStatuses[w.Status]
	if !known {
		return billing.Order{}, fmt.Errorf("order %s: unknown status %q", w.ID, clip(w.Status))
	}
	o := billing.Order{
		Source:                 source,
		ProviderCustomerID:     w.CustomerID,
		ProviderProductID:      w.ProductID,
		ProviderSubscriptionID: w.SubscriptionID,
		ProviderCheckoutID:     w.CheckoutID,
		Status:                 status,
		Reason:                 w.BillingReason,
		Number:                 w.InvoiceNumber,
		Description:            w.Description,
		Subtotal:               w.SubtotalAmount,
		Discount:               w.DiscountAmount,
		Tax:                    w.TaxAmount,
		Total:                  w.TotalAmount,
		Refunded:               w.RefundedAmount + w.RefundedTaxAmount,
		Currency:               lower(w.Currency),
		NextAttemptAt:          utc(w.NextPaymentAttemptAt),
	}
	for _, item := range w.Items {
		o.Items = append(o.Items, billing.OrderItem{
			Label: item.Label, Amount: item.Amount, Tax: item.TaxAmount, Proration: item.Proration,
		})
	}
	return o, nil
}

func refund(w wireRefund) (billing.Refund, error) {
	source, err := w.source()
	if err != nil {
		return billing.Refund{}, err
	}
	status, known := refundStatuses[w.Status]
	if !known {
		return billing.Refund{}, fmt.Errorf("refund %s: unknown status %q", w.ID, clip(w.Status))
	}
	return billing.Refund{
		Source:                 source,
		ProviderOrderID:        w.OrderID,
		ProviderCustomerID:     w.CustomerID,
		ProviderSubscriptionID: w.SubscriptionID,
		Status:                 status,
		Reason:                 w.Reason,
		Amount:                 w.Amount,
		Tax:                    w.TaxAmount,
		Currency:               lower(w.Currency),
		Metadata:               texts(w.Metadata),
	}, nil
}

func checkout(w wireCheckout) (billing.Checkout, error) {
	source, err := w.source()
	if err != nil {
		return billing.Checkout{}, err
	}
	status, known := checkoutStatuses[w.Status]
	if !known {
		return billing.Checkout{}, fmt.Errorf("checkout %s: unknown status %q", w.ID, clip(w.Status))
	}
	return billing.Checkout{
		Source:             source,
		Status:             status,
		URL:                w.URL,
		ProviderProductID:  w.ProductID,
		ProviderCustomerID: w.CustomerID,
		ExternalCustomerID: w.ExternalCustomerID,
		Subtotal:           w.Amount,
		Discount:           w.DiscountAmount,
		Tax:                w.TaxAmount,
		Total:              w.TotalAmount,
		Currency:           lower(w.Currency),
		ExpiresAt:          utc(w.ExpiresAt),
	}, nil
}
