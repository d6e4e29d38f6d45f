package polar

import (
	"counterfoil/twin"
)

// subscriptionFlat is the subscription inside orders.
type subscriptionFlat struct {
	stamp
	ID                          string        `json:"id"`
	Amount                      int64         `json:"amount"`
	Currency                    string        `json:"currency"`
	RecurringInterval           string        `json:"recurring_interval"`
	RecurringIntervalCount      int           `json:"recurring_interval_count"`
	Status                      string        `json:"status"`
	CurrentPeriodStart          instant       `json:"current_period_start"`
	CurrentPeriodEnd            instant       `json:"current_period_end"`
	CurrentMeterPeriodStart     instant       `json:"current_meter_period_start"`
	CurrentMeterPeriodEnd       instant       `json:"current_meter_period_end"`
	TrialStart                  instant       `json:"trial_start"`
	TrialEnd                    instant       `json:"trial_end"`
	CancelAtPeriodEnd           bool          `json:"cancel_at_period_end"`
	CanceledAt                  instant       `json:"canceled_at"`
	StartedAt                   instant       `json:"started_at"`
	EndsAt                      instant       `json:"ends_at"`
	EndedAt                     instant       `json:"ended_at"`
	PastDueAt                   instant       `json:"past_due_at"`
	PauseAtPeriodEnd            bool          `json:"pause_at_period_end"`
	PausedAt                    instant       `json:"paused_at"`
	ResumesAt                   instant       `json:"resumes_at"`
	CustomerID                  string        `json:"customer_id"`
	ProductID                   string        `json:"product_id"`
	DiscountID                  text          `json:"discount_id"`
	CheckoutID                  text          `json:"checkout_id"`
	Seats                       count         `json:"seats"`
	Units                       count         `json:"units"`
	CustomerCancellationReason  text          `json:"customer_cancellation_reason"`
	CustomerCancellationComment text          `json:"customer_cancellation_comment"`
	Metadata                    twin.Metadata `json:"metadata"`
}

// subscription is the merchant's form.
type subscription struct {
	subscriptionFlat
	CustomFieldData twin.Metadata       `json:"custom_field_data"`
	Customer        customer            `json:"customer"`
	Product         product             `json:"product"`
	Discount        any                 `json:"discount"`
	Prices          []any               `json:"prices"`
	Meters          []subscriptionMeter `json:"meters"`
	PendingUpdate   *pendingUpdate      `json:"pending_update"`
}

// pendingUpdate is a change that waits for the end of the period.
type pendingUpdate struct {
	stamp
	ID        string  `json:"id"`
	AppliesAt instant `json:"applies_at"`
	ProductID text    `json:"product_id"`
	Seats     count   `json:"seats"`
}

// shapePendingUpdate converts a change that waits; nil stays null.
func shapePendingUpdate(u *twin.PendingUpdate) *pendingUpdate {
	if u == nil {
		return nil
	}
	return &pendingUpdate{stamped(u.Stamp), u.ID, instant(u.AppliesAt), text(u.ProductID), count(u.SeatCount)}
}

// subscriptionMeter is the usage that the subscription will bill.
type subscriptionMeter struct {
	stamp
	ID            string        `json:"id"`
	ConsumedUnits twin.Quantity `json:"consumed_units"`
	CreditedUnits int64         `json:"credited_units"`
	Amount        int64         `json:"amount"`
	MeterID       string        `json:"meter_id"`
	Meter         *meter        `json:"meter,omitempty"`
}

func shapeSubscriptionFlat(s *twin.Subscription) subscriptionFlat {
	return subscriptionFlat{
		stamp: stamped(s.Stamp), ID: s.ID, Amount: s.Amount, Currency: s.Currency, RecurringInterval: string(s.Interval),
		RecurringIntervalCount: s.IntervalCount, Status: s.Status, CurrentPeriodStart: instant(s.PeriodStart),
		CurrentPeriodEnd: instant(s.PeriodEnd), TrialStart: instant(s.TrialStart), TrialEnd: instant(s.TrialEnd),
		CancelAtPeriodEnd: s.CancelAtPeriodEnd, CanceledAt: instant(s.CanceledAt), StartedAt: instant(s.StartedAt),
		EndsAt: instant(s.EndsAt), EndedAt: instant(s.EndedAt), PastDueAt: instant(s.PastDueAt), CustomerID: s.CustomerID,
		PauseAtPeriodEnd: s.PauseAtPeriodEnd, PausedAt: instant(s.PausedAt), ResumesAt: instant(s.ResumesAt),
		ProductID: s.ProductID, DiscountID: text(s.DiscountID), CheckoutID: text(s.CheckoutID), Seats: count(s.SeatCount),
		CustomerCancellationReason: text(s.CancelReason), CustomerCancellationComment: text(s.CancelComment), Metadata: s.Metadata,
	}
}

func shapeSubscription(v *twin.View, s *twin.Subscription) subscription {
	out := subscription{
		subscriptionFlat: shapeSubscriptionFlat(s), CustomFieldData: s.CustomFieldData, Customer: customerOf(v, s.CustomerID),
		Discount: discountOf(v, s.DiscountID), Prices: shapePrices(v, s.Prices, false), Meters: subscriptionMeters(v, s, true),
		PendingUpdate: shapePendingUpdate(s.Update),
	}
	if p, err := v.Product(s.ProductID); err == nil {
		out.Product = shapeProduct(v, p)
	}
	return out
}

// subscriptionMeters shows the billed meters; whole adds the meter itself.
func subscriptionMeters(v *twin.View, s *twin.Subscription, whole bool) []subscriptionMeter {
	out := []subscriptionMeter{}
	for _, due := range v.Billed(s) {
		m := subscriptionMeter{
			stamp: stamped(due.Price.Stamp), ID: due.Price.ID, ConsumedUnits: due.Consumed, CreditedUnits: due.Credited,
			Amount: due.Amount, MeterID: due.Price.MeterID,
		}
		if row, err := v.Meter(due.Price.MeterID); err == nil && whole {
			shape := shapeMeter(v, row)
			m.Meter = &shape
		}
		out = append(out, m)
	}
	return out
}
