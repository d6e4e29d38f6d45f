package twin

import "context"

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
	Fields                        []AttachedField // nil leaves them alone
	MediaIDs                      []string        // nil leaves them alone
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
	if err := x.attach(p, in); err != nil {
		return err
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

// attach puts questions and pictures on a product.
func (x *tx) attach(p *Product, in ProductInput) error {
	for i, a := range in.Fields {
		if x.fields.rows[a.FieldID] == nil {
			return invalid("Custom field does not exist.", "attached_custom_fields", i, "custom_field_id")
		}
	}
	for i, id := range in.MediaIDs {
		if f, err := x.File(id); err != nil || f.Service != FileMedia || !f.Uploaded {
			return invalid("Media does not exist or is not uploaded yet.", "medias", i)
		}
	}
	if in.Fields != nil {
		p.Fields = in.Fields
	}
	if in.MediaIDs != nil {
		p.MediaIDs = in.MediaIDs
	}
	return nil
}
