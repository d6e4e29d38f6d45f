package twin

// BilledMeter is what a metered price of a subscription would charge if the period ended now.
type BilledMeter struct {
	Price    Price
	Consumed Quantity
	Credited int64
	Amount   int64
}

// Billed returns the metered charges of a subscription so far.
func (v *View) Billed(sub *Subscription) []BilledMeter {
	var out []BilledMeter
	for _, p := range sub.Prices {
		if p.Kind != Metered {
			continue
		}
		m := v.customerMeter(sub.CustomerID, p.MeterID)
		out = append(out, BilledMeter{p, m.Consumed, m.Credited, meteredAmount(p, m.Consumed, m.Credited)})
	}
	return out
}

// Refundable is what can still be given back, without tax.
func (o Order) Refundable() int64 { return max(0, o.Net-o.AppliedBalance-o.Refunded) }
