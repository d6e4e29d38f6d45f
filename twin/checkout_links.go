package twin

import (
	"context"
	"slices"
)

// CheckoutLink is a lasting address: whoever opens it gets a checkout of their own.
type CheckoutLink struct {
	ID string
	Stamp
	ClientSecret          string
	Label                 string
	ProductIDs            []string
	SuccessURL, ReturnURL string
	DiscountID            string
	AllowDiscountCodes    bool
	RequireBillingAddress bool
	TrialInterval         Interval
	TrialCount            int
	Metadata              Metadata
}

// CheckoutLink returns a link, or ErrNotFound.
func (v *View) CheckoutLink(id string) (*CheckoutLink, error) { return v.links.get(id) }

// CheckoutLinks returns all links.
func (v *View) CheckoutLinks() []*CheckoutLink { return v.links.all() }

// CreateCheckoutLink makes a link. Errors: *Invalid.
func (e *Engine) CreateCheckoutLink(ctx context.Context, l CheckoutLink) (CheckoutLink, error) {
	err := e.write(ctx, func(x *tx) error {
		l.ID, l.Stamp, l.ClientSecret = newID(), x.made(), newToken("polar_cl_")
		if l.Metadata == nil {
			l.Metadata = Metadata{}
		}
		if err := x.checkLink(l); err != nil {
			return err
		}
		put(x, x.links, l)
		return nil
	})
	return l, err
}

// UpdateCheckoutLink changes a link through change, which gets a copy. Errors: ErrNotFound, *Invalid.
func (e *Engine) UpdateCheckoutLink(ctx context.Context, id string, change func(*CheckoutLink)) (CheckoutLink, error) {
	var l CheckoutLink
	err := e.write(ctx, func(x *tx) error {
		row, err := x.links.get(id)
		if err != nil {
			return err
		}
		l = *row
		change(&l)
		if err := x.checkLink(l); err != nil {
			return err
		}
		l.Stamp = x.touched(l.Stamp)
		put(x, x.links, l)
		return nil
	})
	return l, err
}

// DeleteCheckoutLink removes a link; checkouts it made stay. Errors: ErrNotFound.
func (e *Engine) DeleteCheckoutLink(ctx context.Context, id string) error {
	return e.write(ctx, func(x *tx) error {
		if _, err := x.links.get(id); err != nil {
			return err
		}
		remove(x, x.links, id)
		return nil
	})
}

// OpenCheckoutLink makes a checkout for somebody who opened the link. Errors: ErrNotFound, *Invalid.
func (e *Engine) OpenCheckoutLink(ctx context.Context, secret string) (Checkout, error) {
	var c Checkout
	err := e.write(ctx, func(x *tx) error {
		rows := x.links.by(0, secret)
		if secret == "" || len(rows) == 0 {
			return ErrNotFound
		}
		l := rows[0]
		in := CheckoutInput{
			ProductIDs: l.ProductIDs, SuccessURL: l.SuccessURL, ReturnURL: l.ReturnURL, AllowDiscountCodes: l.AllowDiscountCodes,
			RequireBillingAddress: l.RequireBillingAddress, AllowTrial: true, TrialInterval: l.TrialInterval, TrialCount: l.TrialCount,
			Edit: CheckoutEdit{DiscountID: nonEmpty(l.DiscountID), Metadata: l.Metadata},
		}
		var err error
		c, err = x.createCheckout(in)
		return err
	})
	return c, err
}

// checkLink holds the rules on links.
func (v *View) checkLink(l CheckoutLink) error {
	if err := v.sellable(l.ProductIDs); err != nil {
		return err
	}
	d, ok := v.discounts.rows[l.DiscountID]
	if l.DiscountID != "" && (!ok || d.Deleted) {
		return invalid("Discount does not exist.", "discount_id")
	}
	if ok && !slices.ContainsFunc(l.ProductIDs, d.fits) {
		return invalid("Discounts are not applicable to this product.", "discount_id")
	}
	return nil
}
