package twin

import "context"

// CreateBenefit makes a benefit. Errors: *Invalid.
func (e *Engine) CreateBenefit(ctx context.Context, b Benefit) (Benefit, error) {
	err := e.write(ctx, func(x *tx) error {
		b.ID, b.Stamp, b.Deleted = newID(), x.made(), false
		if err := x.checkBenefit(b); err != nil {
			return err
		}
		if b.Metadata == nil {
			b.Metadata = Metadata{}
		}
		put(x, x.benefits, b)
		x.emit("benefit.created", b.ID)
		return nil
	})
	return b, err
}

// UpdateBenefit changes a benefit through change, which gets a copy; a deleted benefit's grants are revoked.
// Errors: ErrNotFound, *Invalid.
func (e *Engine) UpdateBenefit(ctx context.Context, id string, change func(*Benefit)) (Benefit, error) {
	var b Benefit
	err := e.write(ctx, func(x *tx) error {
		row, err := x.benefits.get(id)
		if err != nil || row.Deleted {
			return ErrNotFound
		}
		b = *row
		change(&b)
		if err := x.checkBenefit(b); err != nil {
			return err
		}
		b.Stamp = x.touched(b.Stamp)
		put(x, x.benefits, b)
		x.emit("benefit.updated", b.ID)
		if !b.Deleted {
			x.refreshGrants(b)
			return nil
		}
		x.dropBenefit(b.ID)
		return nil
	})
	return b, err
}

// dropBenefit takes a deleted benefit from all products and customers.
func (x *tx) dropBenefit(id string) {
	for _, row := range x.products.all() {
		var kept []string
		for _, other := range row.BenefitIDs {
			if other != id {
				kept = append(kept, other)
			}
		}
		if len(kept) != len(row.BenefitIDs) {
			p := *row
			p.BenefitIDs, p.Stamp = kept, x.touched(p.Stamp)
			put(x, x.products, p)
			x.emit("product.updated", p.ID)
		}
	}
	for _, g := range x.grants.by(grantsByBen, id) {
		if g.Held() {
			x.revokeGrant(*g)
		}
	}
}

// checkBenefit holds the rules on benefits.
func (x *tx) checkBenefit(b Benefit) error {
	if n := len([]rune(b.Description)); n < 3 || n > 42 {
		return invalid("String should have 3 to 42 characters", "description")
	}
	if b.Type == BenefitMeterCredit {
		if x.meters.rows[b.MeterID] == nil {
			return invalid("Meter does not exist.", "properties", "meter_id")
		}
		if b.Units < 1 {
			return invalid("Input should be greater than 0", "properties", "units")
		}
	}
	return nil
}
