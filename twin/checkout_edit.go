package twin

import (
	"context"
	"net/mail"
	"net/url"
	"slices"
	"strings"
)

// UpdateCheckout edits an open checkout and prices it anew. Errors: ErrNotFound, *Invalid, *Refused.
func (e *Engine) UpdateCheckout(ctx context.Context, id string, edit CheckoutEdit) (Checkout, error) {
	var c Checkout
	err := e.write(ctx, func(x *tx) (err error) {
		if c, err = x.openCheckout(id); err != nil {
			return err
		}
		if err = x.editCheckout(&c, edit); err != nil {
			return err
		}
		x.saveCheckout(&c)
		return nil
	})
	return c, err
}

// openCheckout returns a checkout that may still be changed.
func (v *View) openCheckout(id string) (Checkout, error) {
	c, err := v.checkouts.get(id)
	switch {
	case err != nil:
		return Checkout{}, err
	case c.Status == CheckoutExpired:
		return *c, refused("ExpiredCheckoutError", "This checkout session has expired.")
	case c.Status != CheckoutOpen:
		return *c, refused("NotOpenCheckout", "Checkout is not open: it is "+string(c.Status)+".")
	}
	return *c, nil
}

// saveCheckout stores a changed checkout and tells.
func (x *tx) saveCheckout(c *Checkout) {
	c.Stamp = x.touched(c.Stamp)
	put(x, x.checkouts, *c)
	x.emit("checkout.updated", c.ID)
}

// editCheckout applies edit to c and prices it.
func (x *tx) editCheckout(c *Checkout, edit CheckoutEdit) error {
	if edit.ProductID != nil && *edit.ProductID != c.ProductID {
		if !slices.Contains(c.ProductIDs, *edit.ProductID) {
			return invalid("Product is not available in this checkout.", "product_id")
		}
		c.ProductID, c.CustomSum, c.SeatCount = *edit.ProductID, nil, 0
	}
	if err := editBuyer(c, edit); err != nil {
		return err
	}
	if err := x.editDiscount(c, edit); err != nil {
		return err
	}
	if edit.CustomSum != nil {
		c.CustomSum = edit.CustomSum
	}
	c.SeatCount = pick(edit.SeatCount, c.SeatCount)
	c.AllowTrial = c.AllowTrial && !edit.RefuseTrial
	if edit.CustomFieldData != nil {
		c.CustomFieldData = edit.CustomFieldData
	}
	if edit.Metadata != nil {
		c.Metadata = edit.Metadata
	}
	c.AllowDiscountCodes = pick(edit.AllowDiscountCodes, c.AllowDiscountCodes)
	c.RequireBillingAddress = pick(edit.RequireBillingAddress, c.RequireBillingAddress)
	c.SuccessURL, c.ReturnURL = pick(edit.SuccessURL, c.SuccessURL), pick(edit.ReturnURL, c.ReturnURL)
	return x.priceCheckout(c)
}

// editBuyer applies what the buyer said about themselves. A known customer's e-mail is locked.
func editBuyer(c *Checkout, edit CheckoutEdit) error {
	if edit.CustomerEmail != nil && !strings.EqualFold(*edit.CustomerEmail, c.CustomerEmail) {
		if c.CustomerID != "" {
			return invalid("Customer email cannot be updated.", "customer_email")
		}
		if parsed, err := mail.ParseAddress(*edit.CustomerEmail); err != nil || parsed.Address != *edit.CustomerEmail {
			return invalid("value is not a valid email address: An email address must have an @-sign.", "customer_email")
		}
		c.CustomerEmail = *edit.CustomerEmail
	}
	c.CustomerName = pick(edit.CustomerName, c.CustomerName)
	c.BillingName = pick(edit.BillingName, c.BillingName)
	c.TaxID, c.Business = pick(edit.TaxID, c.TaxID), pick(edit.Business, c.Business)
	c.Locale = pick(edit.Locale, c.Locale)
	if edit.BillingAddress != nil {
		c.BillingAddress = edit.BillingAddress
	}
	return nil
}

// editDiscount sets or removes the discount, by code (buyer) or id (merchant).
func (x *tx) editDiscount(c *Checkout, edit CheckoutEdit) error {
	if edit.DiscountCode != nil {
		if *edit.DiscountCode == "" {
			c.DiscountID = ""
			return nil
		}
		if !c.AllowDiscountCodes {
			return invalid("Discount codes are not allowed.", "discount_code")
		}
		d, ok := x.discountByCode(*edit.DiscountCode)
		if !ok || !d.usable(x.now) || !d.fits(c.ProductID) {
			return invalid("Discount does not exist.", "discount_code")
		}
		c.DiscountID = d.ID
	}
	if edit.DiscountID != nil {
		if *edit.DiscountID == "" {
			c.DiscountID = ""
			return nil
		}
		d, err := x.discounts.get(*edit.DiscountID)
		if err != nil || !d.usable(x.now) {
			return invalid("Discount does not exist.", "discount_id")
		}
		if !d.fits(c.ProductID) {
			return invalid("Discounts are not applicable to this product.", "discount_id")
		}
		c.DiscountID = d.ID
	}
	return nil
}

// priceCheckout computes the amounts of today's charge.
func (x *tx) priceCheckout(c *Checkout) error {
	p, err := x.products.get(c.ProductID)
	if err != nil {
		return err
	}
	if err := checkChoice(*p, c); err != nil {
		return err
	}
	c.Subtotal, c.PriceID = baseAmount(p.Prices, c.Currency, c.CustomSum, c.SeatCount)
	c.TrialEnd = x.trialEnd(*p, *c)
	c.Discount = 0
	if d, ok := x.discounts.rows[c.DiscountID]; ok && d.fits(c.ProductID) {
		c.Discount = d.off(c.Subtotal)
	}
	c.Total = c.Subtotal - c.Discount + c.Tax
	c.CardForLater = x.cardForLater(*p, *c)
	return nil
}

// SuccessAddress is where the buyer goes after paying: {CHECKOUT_ID} replaced and customer_session_token
// appended when there is one. A checkout without a success URL goes to pageURL + "/confirmation".
func (c Checkout) SuccessAddress(pageURL, token string) string {
	address := c.SuccessURLFilled(pageURL)
	if token == "" {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	query := u.Query()
	query.Set("customer_session_token", token)
	u.RawQuery = query.Encode()
	return u.String()
}

// SuccessURLFilled is the success URL as the API shows it.
func (c Checkout) SuccessURLFilled(pageURL string) string {
	if c.SuccessURL == "" {
		return pageURL + "/confirmation"
	}
	return strings.ReplaceAll(c.SuccessURL, "{CHECKOUT_ID}", c.ID)
}
