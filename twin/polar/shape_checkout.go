package polar

import "counterfoil/twin"

// checkoutCore is what merchants and buyers both see.
type checkoutCore struct {
	ID string `json:"id"`
	stamp
	CustomFieldData          twin.Metadata     `json:"custom_field_data"`
	PaymentProcessor         string            `json:"payment_processor"`
	Status                   string            `json:"status"`
	ClientSecret             string            `json:"client_secret"`
	URL                      string            `json:"url"`
	ExpiresAt                instant           `json:"expires_at"`
	SuccessURL               string            `json:"success_url"`
	ReturnURL                text              `json:"return_url"`
	EmbedOrigin              text              `json:"embed_origin"`
	Amount                   int64             `json:"amount"`
	Seats                    count             `json:"seats"`
	MinSeats                 count             `json:"min_seats"`
	MaxSeats                 count             `json:"max_seats"`
	DiscountAmount           int64             `json:"discount_amount"`
	NetAmount                int64             `json:"net_amount"`
	TaxAmount                int64             `json:"tax_amount"`
	TaxBehavior              string            `json:"tax_behavior"`
	TotalAmount              int64             `json:"total_amount"`
	Currency                 string            `json:"currency"`
	AllowTrial               bool              `json:"allow_trial"`
	ActiveTrialInterval      text              `json:"active_trial_interval"`
	ActiveTrialIntervalCount count             `json:"active_trial_interval_count"`
	TrialEnd                 instant           `json:"trial_end"`
	OrganizationID           string            `json:"organization_id"`
	ProductID                text              `json:"product_id"`
	ProductPriceID           text              `json:"product_price_id"`
	DiscountID               text              `json:"discount_id"`
	AllowDiscountCodes       bool              `json:"allow_discount_codes"`
	RequireBillingAddress    bool              `json:"require_billing_address"`
	IsDiscountApplicable     bool              `json:"is_discount_applicable"`
	IsFreeProductPrice       bool              `json:"is_free_product_price"`
	IsPaymentRequired        bool              `json:"is_payment_required"`
	IsPaymentSetupRequired   bool              `json:"is_payment_setup_required"`
	IsPaymentFormRequired    bool              `json:"is_payment_form_required"`
	CustomerID               text              `json:"customer_id"`
	IsBusinessCustomer       bool              `json:"is_business_customer"`
	CustomerName             text              `json:"customer_name"`
	CustomerEmail            text              `json:"customer_email"`
	CustomerIPAddress        text              `json:"customer_ip_address"`
	CustomerBillingName      text              `json:"customer_billing_name"`
	CustomerBillingAddress   *address          `json:"customer_billing_address"`
	CustomerTaxID            text              `json:"customer_tax_id"`
	Locale                   text              `json:"locale"`
	PaymentProcessorMetadata map[string]string `json:"payment_processor_metadata"`
	BillingAddressFields     addressFields     `json:"billing_address_fields"`
	Products                 []productPublic   `json:"products"`
	Product                  *productPublic    `json:"product"`
	ProductPrice             any               `json:"product_price"`
	Prices                   map[string][]any  `json:"prices"`
	Discount                 any               `json:"discount"`
	AttachedCustomFields     []any             `json:"attached_custom_fields"`
}

// addressFields says which parts of the address the form asks for.
type addressFields struct {
	Country    string `json:"country"`
	State      string `json:"state"`
	City       string `json:"city"`
	PostalCode string `json:"postal_code"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2"`
}

// checkout is the merchant's form.
type checkout struct {
	checkoutCore
	TrialInterval      text          `json:"trial_interval"`
	TrialIntervalCount count         `json:"trial_interval_count"`
	Metadata           twin.Metadata `json:"metadata"`
	ExternalCustomerID text          `json:"external_customer_id"`
	SubscriptionID     text          `json:"subscription_id"`
	CustomerMetadata   twin.Metadata `json:"customer_metadata"`
}

// checkoutPublic is the buyer's form.
type checkoutPublic struct {
	checkoutCore
	Organization checkoutOrganization `json:"organization"`
}

// checkoutConfirmed answers a confirmation.
type checkoutConfirmed struct {
	checkoutPublic
	CustomerSessionToken text `json:"customer_session_token"`
}

type checkoutOrganization struct {
	stamp
	ID                   string `json:"id"`
	Name                 string `json:"name"`
	Slug                 string `json:"slug"`
	AvatarURL            text   `json:"avatar_url"`
	ProrationBehavior    string `json:"proration_behavior"`
	AllowCustomerUpdates bool   `json:"allow_customer_updates"`
}

func shapeCheckoutOrganization(o twin.Organization) checkoutOrganization {
	return checkoutOrganization{
		stamp: stamped(o.Stamp), ID: o.ID, Name: o.Name, Slug: o.Slug, ProrationBehavior: o.Proration,
		AllowCustomerUpdates: o.AllowCustomerUpdates,
	}
}

// checkoutURL is the hosted page of a checkout.
func (s *Server) checkoutURL(c *twin.Checkout) string {
	return s.baseURL + "/checkout/" + c.ClientSecret
}

func (s *Server) shapeCheckoutCore(v *twin.View, c *twin.Checkout) checkoutCore {
	url := s.checkoutURL(c)
	out := checkoutCore{
		ID: c.ID, stamp: stamped(c.Stamp), CustomFieldData: c.CustomFieldData, PaymentProcessor: "stripe",
		Status: string(c.Status), ClientSecret: c.ClientSecret, URL: url, ExpiresAt: instant(c.ExpiresAt),
		SuccessURL: c.SuccessURLFilled(url), ReturnURL: text(c.ReturnURL), EmbedOrigin: text(c.EmbedOrigin),
		Amount: c.Subtotal, Seats: count(c.SeatCount), DiscountAmount: c.Discount, NetAmount: c.Subtotal - c.Discount,
		TaxAmount: c.Tax, TaxBehavior: "exclusive", TotalAmount: c.Total, Currency: c.Currency, AllowTrial: c.AllowTrial,
		TrialEnd: instant(c.TrialEnd), OrganizationID: v.Organization().ID, ProductID: text(c.ProductID),
		ProductPriceID: text(c.PriceID), DiscountID: text(c.DiscountID), AllowDiscountCodes: c.AllowDiscountCodes,
		RequireBillingAddress: c.RequireBillingAddress, IsDiscountApplicable: c.Subtotal > 0,
		IsFreeProductPrice: c.Subtotal == 0, IsPaymentRequired: c.DueToday() > 0,
		IsPaymentFormRequired: c.NeedsCard(), CustomerID: text(c.CustomerID),
		IsBusinessCustomer: c.Business, CustomerName: text(c.CustomerName), CustomerEmail: text(c.CustomerEmail),
		CustomerIPAddress: text(c.IPAddress), CustomerBillingName: text(c.BillingName),
		CustomerBillingAddress: shapeAddress(c.BillingAddress), CustomerTaxID: text(c.TaxID), Locale: text(c.Locale),
		PaymentProcessorMetadata: map[string]string{}, BillingAddressFields: addressForm(c),
		Products: []productPublic{}, Prices: map[string][]any{}, AttachedCustomFields: none, MinSeats: count(c.MinSeats), MaxSeats: count(c.MaxSeats),
	}
	s.fillChoice(v, c, &out)
	return out
}

// fillChoice adds the products, their prices and the discount.
func (s *Server) fillChoice(v *twin.View, c *twin.Checkout, out *checkoutCore) {
	for _, id := range c.ProductIDs {
		p, err := v.Product(id)
		if err != nil {
			continue
		}
		shape := shapeProductPublic(v, p)
		out.Products = append(out.Products, shape)
		out.Prices[id] = shape.Prices
		if id != c.ProductID {
			continue
		}
		out.Product, out.AttachedCustomFields = &shape, attachedFields(v, p)
		if !c.TrialEnd.IsZero() {
			out.ActiveTrialInterval, out.ActiveTrialIntervalCount = text(p.TrialInterval), count(p.TrialCount)
			if c.TrialInterval != "" {
				out.ActiveTrialInterval, out.ActiveTrialIntervalCount = text(c.TrialInterval), count(c.TrialCount)
			}
		}
		out.IsPaymentSetupRequired = p.Recurring() && c.NeedsCard()
		for _, price := range p.Prices {
			if price.ID == c.PriceID {
				out.ProductPrice = shapePrice(v, price)
			}
		}
	}
	if d, ok := v.AnyDiscount(c.DiscountID); ok {
		out.Discount = shapeDiscountCore(d)
	}
}

// addressForm is what the page asks of the address.
func addressForm(c *twin.Checkout) addressFields {
	if c.RequireBillingAddress {
		return addressFields{"required", "optional", "required", "required", "required", "optional"}
	}
	return addressFields{"required", "disabled", "disabled", "disabled", "disabled", "disabled"}
}

func (s *Server) shapeCheckout(v *twin.View, c *twin.Checkout) checkout {
	out := checkout{
		checkoutCore: s.shapeCheckoutCore(v, c), TrialInterval: text(c.TrialInterval), TrialIntervalCount: count(c.TrialCount),
		Metadata: c.Metadata, ExternalCustomerID: text(c.ExternalCustomerID), SubscriptionID: text(c.SubscriptionID),
		CustomerMetadata: c.CustomerMetadata,
	}
	if out.SubscriptionID == "" {
		out.SubscriptionID = text(c.UpgradeID)
	}
	return out
}

func (s *Server) shapeCheckoutPublic(v *twin.View, c *twin.Checkout) checkoutPublic {
	return checkoutPublic{s.shapeCheckoutCore(v, c), shapeCheckoutOrganization(v.Organization())}
}
