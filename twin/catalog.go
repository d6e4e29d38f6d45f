package twin

import (
	"context"
	"fmt"
	"time"
)

// ProductInput makes or changes a product; nil leaves a field alone. In an update, a price with an ID keeps
// that price, one without is new, and current prices that are not named are archived.
type ProductInput struct {
	Name, Description, Visibility *string
	Interval                      Interval // create only
	IntervalCount                 int      // create only
	TrialInterval                 *Interval
	TrialCount                    *int
	Archived                      *bool
	Metadata                      Metadata
	Prices                        []Price
}

// CreateProduct makes a product. Errors: *Invalid.
func (e *Engine) CreateProduct(ctx context.Context, in ProductInput) (Product, error) {
	var made Product
	err := e.write(ctx, func(x *tx) error {
		made = Product{
			ID: newID(), Stamp: x.made(), Visibility: "public", Interval: in.Interval, Metadata: Metadata{},
		}
		if in.Interval != "" {
			made.IntervalCount = max(in.IntervalCount, 1)
		}
		if err := x.fillProduct(&made, in); err != nil {
			return err
		}
		put(x, x.products, made)
		x.emit("product.created", made.ID)
		return nil
	})
	return made, err
}

// UpdateProduct changes a product; existing subscriptions keep their prices. Errors: ErrNotFound, *Invalid.
func (e *Engine) UpdateProduct(ctx context.Context, id string, in ProductInput) (Product, error) {
	return e.changeProductRow(ctx, id, func(x *tx, p *Product) error { return x.fillProduct(p, in) })
}

// SetBenefits replaces the ordered benefits of a product and aligns its subscribers' grants; meters are not
// reset. Errors: ErrNotFound, *Invalid.
func (e *Engine) SetBenefits(ctx context.Context, id string, benefitIDs []string) (Product, error) {
	return e.changeProductRow(ctx, id, func(x *tx, p *Product) error {
		for i, benefitID := range benefitIDs {
			if b, err := x.benefits.get(benefitID); err != nil || b.Deleted {
				return invalid("Benefit does not exist.", "benefits", i)
			}
		}
		p.BenefitIDs = benefitIDs
		put(x, x.products, *p)
		for _, sub := range x.subscriptions.all() {
			if sub.ProductID == id && sub.Live() {
				if err := x.alignGrants(*sub); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// changeProductRow runs one change of a product, stores it and tells.
func (e *Engine) changeProductRow(ctx context.Context, id string, change func(*tx, *Product) error) (Product, error) {
	var p Product
	err := e.write(ctx, func(x *tx) error {
		row, err := x.products.get(id)
		if err != nil {
			return err
		}
		p = *row
		if err := change(x, &p); err != nil {
			return err
		}
		p.Stamp = x.touched(p.Stamp)
		put(x, x.products, p)
		x.emit("product.updated", p.ID)
		return nil
	})
	return p, err
}

// fillProduct applies in to p, or says why not.
func (x *tx) fillProduct(p *Product, in ProductInput) error {
	p.Name, p.Description = pick(in.Name, p.Name), pick(in.Description, p.Description)
	p.Visibility, p.Archived = pick(in.Visibility, p.Visibility), pick(in.Archived, p.Archived)
	p.TrialInterval, p.TrialCount = pick(in.TrialInterval, p.TrialInterval), pick(in.TrialCount, p.TrialCount)
	if in.Metadata != nil {
		p.Metadata = in.Metadata
	}
	if len([]rune(p.Name)) < 3 {
		return invalid("String should have at least 3 characters", "name")
	}
	if !p.Recurring() && p.TrialInterval != "" {
		return invalid("Trials are only supported on recurring products.", "trial_interval")
	}
	if in.Prices == nil {
		return nil
	}
	prices, err := x.newPrices(*p, in.Prices)
	if err != nil {
		return err
	}
	p.Prices = prices
	return nil
}

// newPrices is the product's list of prices after a change: kept, new and archived ones.
func (x *tx) newPrices(p Product, wanted []Price) ([]Price, error) {
	keep := map[string]bool{}
	for _, price := range wanted {
		keep[price.ID] = true
	}
	var prices []Price
	for _, old := range p.Prices {
		if !keep[old.ID] && !old.Archived {
			old.Archived, old.Stamp = true, x.touched(old.Stamp)
		}
		prices = append(prices, old)
	}
	for i, price := range wanted {
		if price.ID != "" {
			continue
		}
		price.ID, price.Stamp, price.ProductID = newID(), x.made(), p.ID
		if price.Currency == "" {
			price.Currency = x.Organization().Currency
		}
		if price.Kind == Metered && x.meters.rows[price.MeterID] == nil {
			return nil, invalid("Meter does not exist.", "prices", i, "meter_id")
		}
		prices = append(prices, price)
	}
	return prices, checkPrices(p, prices, x.Organization().Currency)
}

// checkPrices holds the rules on the current prices of a product.
func checkPrices(p Product, prices []Price, currency string) error {
	seen, current, inDefault := map[string]bool{}, 0, false
	for _, price := range prices {
		if price.Archived {
			continue
		}
		current++
		inDefault = inDefault || price.Currency == currency
		key := fmt.Sprint(price.Currency, price.Kind, price.MeterID)
		if seen[key] {
			return invalid("Only one price of this type is allowed per currency.", "prices")
		}
		seen[key] = true
		if price.Kind == Metered && !p.Recurring() {
			return invalid("Metered pricing is not supported on one-time products.", "prices")
		}
		if price.Kind == Custom && (seen[fmt.Sprint(price.Currency, Fixed, "")] || seen[fmt.Sprint(price.Currency, Seats, "")]) {
			return invalid("A custom price stands alone.", "prices")
		}
	}
	if current == 0 {
		return invalid("At least one price is required.", "prices")
	}
	if !inDefault {
		return invalid("A price in the organization's default currency is required.", "prices")
	}
	return nil
}

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
		if g.Granted() {
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
		m.Stamp = x.touched(m.Stamp)
		put(x, x.meters, m)
		return nil
	})
	return m, err
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
