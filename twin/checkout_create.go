package twin

import (
	"context"
	"time"
)

// checkoutLife is how long a checkout stays open.
const checkoutLife = 24 * time.Hour

// CheckoutInput opens a checkout. ProductIDs needs at least one entry; the first is pre-selected.
type CheckoutInput struct {
	ProductIDs                     []string
	CustomerID, ExternalCustomerID string
	SuccessURL, ReturnURL          string
	EmbedOrigin                    string
	AllowDiscountCodes             bool
	RequireBillingAddress          bool
	AllowTrial                     bool
	TrialInterval                  Interval
	TrialCount                     int
	UpgradeID                      string // free subscription to upgrade
	Currency                       string
	CustomerMetadata               Metadata
	IPAddress                      string
	MinSeats, MaxSeats             int64        // 0: as the price says
	Edit                           CheckoutEdit // the fields that can also be changed later
}

// CreateCheckout opens a checkout. Errors: *Invalid.
func (e *Engine) CreateCheckout(ctx context.Context, in CheckoutInput) (Checkout, error) {
	var made Checkout
	err := e.write(ctx, func(x *tx) (err error) {
		made, err = x.createCheckout(in)
		return err
	})
	return made, err
}

// createCheckout checks, prices, stores and tells.
func (x *tx) createCheckout(in CheckoutInput) (Checkout, error) {
	if err := x.sellable(in.ProductIDs); err != nil {
		return Checkout{}, err
	}
	c := Checkout{
		ID: newID(), Stamp: x.made(), Status: CheckoutOpen, ClientSecret: newToken("polar_c_"),
		ExpiresAt: x.now.Add(checkoutLife), SuccessURL: in.SuccessURL, ReturnURL: in.ReturnURL,
		EmbedOrigin: in.EmbedOrigin, ProductIDs: in.ProductIDs, ProductID: in.ProductIDs[0],
		Currency: in.Currency, AllowDiscountCodes: in.AllowDiscountCodes, SeatCount: pick(in.Edit.SeatCount, 0),
		RequireBillingAddress: in.RequireBillingAddress, AllowTrial: in.AllowTrial,
		TrialInterval: in.TrialInterval, TrialCount: in.TrialCount, ExternalCustomerID: in.ExternalCustomerID,
		Metadata: Metadata{}, CustomerMetadata: in.CustomerMetadata, UpgradeID: in.UpgradeID, IPAddress: in.IPAddress,
		MinSeats: in.MinSeats, MaxSeats: in.MaxSeats,
	}
	if c.Currency == "" {
		c.Currency = x.Organization().Currency
	}
	if err := x.identify(&c, in); err != nil {
		return c, err
	}
	if err := x.upgradable(in.UpgradeID); err != nil {
		return c, err
	}
	if err := x.editCheckout(&c, in.Edit); err != nil {
		return c, err
	}
	put(x, x.checkouts, c)
	x.record("checkout.created", c.CustomerID, Metadata{
		"checkout_id": c.ID, "checkout_status": string(c.Status), "product_id": c.ProductID,
	})
	x.emit("checkout.created", c.ID)
	return c, nil
}

// sellable checks the products of a checkout.
func (v *View) sellable(ids []string) error {
	if len(ids) == 0 {
		return invalid("List should have at least 1 item after validation, not 0", "products")
	}
	for i, id := range ids {
		p, err := v.products.get(id)
		switch {
		case err != nil:
			return invalid("Product does not exist.", "products", i)
		case p.Archived:
			return invalid("Product is archived.", "products", i)
		case p.Visibility == "draft":
			return invalid("Product is a draft.", "products", i)
		}
	}
	return nil
}

// identify fills in a customer that the merchant named. An unknown external id is kept for later.
func (v *View) identify(c *Checkout, in CheckoutInput) error {
	if in.CustomerID == "" && in.ExternalCustomerID == "" {
		return nil
	}
	c.Identified = true
	customer, err := v.named(in.CustomerID, in.ExternalCustomerID)
	if err != nil {
		if in.ExternalCustomerID != "" {
			return nil
		}
		return err
	}
	c.CustomerID, c.ExternalCustomerID = customer.ID, customer.ExternalID
	c.CustomerEmail, c.CustomerName = customer.Email, customer.Name
	c.BillingName, c.BillingAddress = customer.BillingName, customer.BillingAddress
	return nil
}

// upgradable checks that the subscription a checkout upgrades is a live free one.
func (v *View) upgradable(id string) error {
	if id == "" {
		return nil
	}
	sub, err := v.subscriptions.get(id)
	if err != nil || sub.Ended() {
		return invalid("Subscription does not exist.", "subscription_id")
	}
	if sub.Amount > 0 {
		return invalid("Only free subscriptions can be upgraded.", "subscription_id")
	}
	return nil
}
