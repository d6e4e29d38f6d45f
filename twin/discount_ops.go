package twin

import "context"

// DiscountInput makes or changes a discount; in an update only Name, Code, dates, MaxRedemptions and metadata
// count.
type DiscountInput struct {
	Discount
}

// CreateDiscount makes a discount. Errors: *Invalid.
func (e *Engine) CreateDiscount(ctx context.Context, in DiscountInput) (Discount, error) {
	d := in.Discount
	err := e.write(ctx, func(x *tx) error {
		d.ID, d.Stamp, d.Redemptions = newID(), x.made(), 0
		if err := x.checkDiscount(d); err != nil {
			return err
		}
		if d.Metadata == nil {
			d.Metadata = Metadata{}
		}
		put(x, x.discounts, d)
		x.emit("discount.created", d.ID)
		return nil
	})
	return d, err
}

// UpdateDiscount changes a discount through change, which gets a copy. Errors: ErrNotFound, *Invalid.
func (e *Engine) UpdateDiscount(ctx context.Context, id string, change func(*Discount)) (Discount, error) {
	var d Discount
	err := e.write(ctx, func(x *tx) error {
		row, err := x.discounts.get(id)
		if err != nil || row.Deleted {
			return ErrNotFound
		}
		d = *row
		change(&d)
		if err := x.checkDiscount(d); err != nil {
			return err
		}
		d.Stamp = x.touched(d.Stamp)
		put(x, x.discounts, d)
		if d.Deleted {
			x.emit("discount.deleted", d.ID)
		} else {
			x.emit("discount.updated", d.ID)
		}
		return nil
	})
	return d, err
}

// checkDiscount holds the rules on discounts.
func (x *tx) checkDiscount(d Discount) error {
	if d.Name == "" {
		return invalid("String should have at least 1 character", "name")
	}
	if d.Kind == "percentage" && (d.BasisPoints < 1 || d.BasisPoints > 10_000) {
		return invalid("Input should be between 1 and 10000", "basis_points")
	}
	if d.Code != "" && (len(d.Code) < 3 || len(d.Code) > 256) {
		return invalid("String should have 3 to 256 characters", "code")
	}
	if other, ok := x.discountByCode(d.Code); ok && other.ID != d.ID {
		return invalid("Discount with this code already exists.", "code")
	}
	for i, id := range d.ProductIDs {
		if x.products.rows[id] == nil {
			return invalid("Product does not exist.", "products", i)
		}
	}
	return nil
}
