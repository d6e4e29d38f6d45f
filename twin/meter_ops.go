package twin

import (
	"context"
	"reflect"
	"time"
)

// CreateMeter makes a meter and counts what already happened. Errors: *Invalid.
func (e *Engine) CreateMeter(ctx context.Context, m Meter) (Meter, error) {
	err := e.write(ctx, func(x *tx) error {
		m.ID, m.Stamp, m.ArchivedAt = newID(), x.made(), time.Time{}
		if len([]rune(m.Name)) < 3 {
			return invalid("String should have at least 3 characters", "name")
		}
		if m.Metadata == nil {
			m.Metadata = Metadata{}
		}
		put(x, x.meters, m)
		for _, c := range x.customers.all() {
			x.measure(c.ID, m)
		}
		return nil
	})
	return m, err
}

// UpdateMeter changes a meter through change, which gets a copy. Filter and aggregation can't change once
// events were counted; a meter in use can't be archived. Errors: ErrNotFound, *Invalid.
func (e *Engine) UpdateMeter(ctx context.Context, id string, change func(m *Meter, now time.Time)) (Meter, error) {
	var m Meter
	err := e.write(ctx, func(x *tx) error {
		row, err := x.meters.get(id)
		if err != nil {
			return err
		}
		m = *row
		change(&m, x.now)
		if !m.ArchivedAt.IsZero() && row.ArchivedAt.IsZero() && x.meterInUse(id) {
			return invalid("Meter is used by a product or a benefit and cannot be archived.", "is_archived")
		}
		if m.countsOther(*row) && len(x.customerMeters.by(metersByMeter, id)) > 0 {
			return invalid("Filter and aggregation cannot be changed once events were counted.", "filter")
		}
		m.Stamp = x.touched(m.Stamp)
		put(x, x.meters, m)
		return nil
	})
	return m, err
}

// countsOther reports whether the meter counts otherwise than the old one.
func (m Meter) countsOther(old Meter) bool {
	return m.Func != old.Func || m.Property != old.Property || !reflect.DeepEqual(m.Filter, old.Filter)
}

// meterInUse reports whether a current price or a benefit names the meter.
func (v *View) meterInUse(id string) bool {
	for _, p := range v.products.rows {
		for _, price := range p.Prices {
			if !price.Archived && price.MeterID == id && !p.Archived {
				return true
			}
		}
	}
	for _, b := range v.benefits.rows {
		if !b.Deleted && b.MeterID == id {
			return true
		}
	}
	return false
}
