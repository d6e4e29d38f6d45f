package twin

import "math/big"

// Tally adds up the events of one window so that an ingested event costs the same however many came before.
type Tally struct {
	Count         int64
	Sum, Min, Max Quantity
}

// add counts one event with the value of the meter's property.
func (t *Tally) add(v Quantity) {
	if t.Count == 0 {
		t.Min, t.Max = v, v
	}
	t.Count++
	t.Sum += v
	t.Min, t.Max = min(t.Min, v), max(t.Max, v)
}

// result is what the meter says about the tally; unique meters are counted elsewhere.
func (t Tally) result(function string) Quantity {
	switch function {
	case "sum":
		return t.Sum
	case "min":
		return t.Min
	case "max":
		return t.Max
	case "avg":
		if t.Count == 0 {
			return 0
		}
		mean, _ := ratQuantity(big.NewRat(int64(t.Sum), t.Count*quantityScale)) // a mean fits where its parts fit
		return mean
	default:
		return Units(t.Count)
	}
}

// customerMeter returns the customer's standing on the meter; a new one when there is none yet.
func (v *View) customerMeter(customerID, meterID string) CustomerMeter {
	for _, m := range v.customerMeters.by(byOwner, customerID) {
		if m.MeterID == meterID {
			return *m
		}
	}
	return CustomerMeter{CustomerID: customerID, MeterID: meterID}
}

// saveMeter stores a changed or new customer meter.
func (x *tx) saveMeter(m CustomerMeter) {
	if m.ID == "" {
		m.ID, m.Stamp = newID(), x.made()
	} else {
		m.Stamp = x.touched(m.Stamp)
	}
	put(x, x.customerMeters, m)
}

// measure counts a customer's window on a meter from its events: for unique meters, and when events are
// adopted or a meter is new. Nothing is stored for a customer without matching events and without credits.
func (x *tx) measure(customerID string, meter Meter) {
	m := x.customerMeter(customerID, meter.ID)
	m.Tally = Tally{}
	var matching []*Event
	for _, v := range x.events.by(eventsByOwner, customerID) {
		if v.Source == "user" && v.Seq > m.ResetSeq && meter.Filter.matches(v) {
			matching = append(matching, v)
		}
	}
	for _, v := range matching {
		if value, ok := meter.value(v); ok {
			m.Tally.add(value)
		}
	}
	if m.ID == "" && len(matching) == 0 {
		return
	}
	m.Consumed = m.Tally.result(meter.Func)
	if meter.Func == "unique" {
		m.Consumed = Units(distinct(matching, meter.Property))
	}
	x.saveMeter(m)
}
