package polar

import (
	"counterfoil/twin"
)

// productCore is what every form of a product has.
type productCore struct {
	ID string `json:"id"`
	stamp
	TrialInterval          text   `json:"trial_interval"`
	TrialIntervalCount     count  `json:"trial_interval_count"`
	Name                   string `json:"name"`
	Description            text   `json:"description"`
	Visibility             string `json:"visibility"`
	RecurringInterval      text   `json:"recurring_interval"`
	RecurringIntervalCount count  `json:"recurring_interval_count"`
	MeterInterval          text   `json:"meter_interval"`
	MeterIntervalCount     count  `json:"meter_interval_count"`
	IsRecurring            bool   `json:"is_recurring"`
	IsArchived             bool   `json:"is_archived"`
	OrganizationID         string `json:"organization_id"`
}

// productFlat is the product inside orders and discounts.
type productFlat struct {
	productCore
	Metadata twin.Metadata `json:"metadata"`
}

// product is the merchant's form.
type product struct {
	productFlat
	Prices               []any `json:"prices"`
	Benefits             []any `json:"benefits"`
	Medias               []any `json:"medias"`
	AttachedCustomFields []any `json:"attached_custom_fields"`
}

// productPublic is the form inside checkouts.
type productPublic struct {
	productCore
	Prices   []any           `json:"prices"`
	Benefits []benefitPublic `json:"benefits"`
	Medias   []any           `json:"medias"`
}

func shapeProductCore(v *twin.View, p *twin.Product) productCore {
	return productCore{
		ID: p.ID, stamp: stamped(p.Stamp), TrialInterval: text(p.TrialInterval), TrialIntervalCount: count(p.TrialCount),
		Name: p.Name, Description: text(p.Description), Visibility: p.Visibility, RecurringInterval: text(p.Interval),
		RecurringIntervalCount: count(p.IntervalCount), IsRecurring: p.Recurring(), IsArchived: p.Archived,
		OrganizationID: v.Organization().ID,
	}
}

func shapeProductFlat(v *twin.View, p *twin.Product) productFlat {
	return productFlat{shapeProductCore(v, p), p.Metadata}
}

// shapeProduct shows a product with its current prices and benefits.
func shapeProduct(v *twin.View, p *twin.Product) product {
	out := product{productFlat: shapeProductFlat(v, p), Benefits: none, Medias: none, AttachedCustomFields: none}
	out.Prices = shapePrices(v, p.Prices, true)
	for _, id := range p.BenefitIDs {
		if b, err := v.Benefit(id); err == nil {
			out.Benefits = append(out.Benefits, shapeBenefit(v, b))
		}
	}
	return out
}

func shapeProductPublic(v *twin.View, p *twin.Product) productPublic {
	out := productPublic{productCore: shapeProductCore(v, p), Medias: none, Benefits: []benefitPublic{}}
	out.Prices = shapePrices(v, p.Prices, true)
	for _, id := range p.BenefitIDs {
		if b, err := v.Benefit(id); err == nil {
			out.Benefits = append(out.Benefits, shapeBenefitPublic(v, b))
		}
	}
	return out
}

// priceCore is what all prices have.
type priceCore struct {
	stamp
	ID            string `json:"id"`
	Source        string `json:"source"`
	AmountType    string `json:"amount_type"`
	PriceCurrency string `json:"price_currency"`
	TaxBehavior   text   `json:"tax_behavior"`
	IsArchived    bool   `json:"is_archived"`
	ProductID     string `json:"product_id"`
}

type fixedPrice struct {
	priceCore
	PriceAmount int64 `json:"price_amount"`
}

type customPrice struct {
	priceCore
	MinimumAmount int64  `json:"minimum_amount"`
	MaximumAmount *int64 `json:"maximum_amount"`
	PresetAmount  *int64 `json:"preset_amount"`
}

type meteredPrice struct {
	priceCore
	UnitAmount string     `json:"unit_amount"`
	CapAmount  *int64     `json:"cap_amount"`
	MeterID    string     `json:"meter_id"`
	Meter      priceMeter `json:"meter"`
}

type priceMeter struct {
	ID               string `json:"id"`
	Name             string `json:"name"`
	Unit             string `json:"unit"`
	CustomLabel      text   `json:"custom_label"`
	CustomMultiplier count  `json:"custom_multiplier"`
}

type seatPrice struct {
	priceCore
	SeatTiers seatTiers `json:"seat_tiers"`
}

type seatTiers struct {
	SeatTierType string          `json:"seat_tier_type"`
	Tiers        []twin.SeatTier `json:"tiers"`
	MinimumSeats int64           `json:"minimum_seats"`
	MaximumSeats *int64          `json:"maximum_seats"`
}

// shapePrices shows prices; with current set, archived ones are left out.
func shapePrices(v *twin.View, prices []twin.Price, current bool) []any {
	out := []any{}
	for _, p := range prices {
		if !p.Archived || !current {
			out = append(out, shapePrice(v, p))
		}
	}
	return out
}

func shapePrice(v *twin.View, p twin.Price) any {
	core := priceCore{
		stamp: stamped(p.Stamp), ID: p.ID, Source: "catalog", AmountType: string(p.Kind), PriceCurrency: p.Currency,
		TaxBehavior: "exclusive", IsArchived: p.Archived, ProductID: p.ProductID,
	}
	if p.AdHoc {
		core.Source = "ad_hoc"
	}
	switch p.Kind {
	case twin.Custom:
		return customPrice{core, p.MinimumAmount, p.MaximumAmount, p.PresetAmount}
	case twin.Metered:
		meter := priceMeter{ID: p.MeterID, Unit: "scalar"}
		if m, err := v.Meter(p.MeterID); err == nil {
			meter.Name = m.Name
		}
		return meteredPrice{core, p.UnitAmount, p.CapAmount, p.MeterID, meter}
	case twin.Seats:
		tiers := seatTiers{SeatTierType: p.TierType, Tiers: list(p.Tiers), MinimumSeats: 1}
		if n := len(p.Tiers); n > 0 {
			tiers.MinimumSeats, tiers.MaximumSeats = p.Tiers[0].Min, p.Tiers[n-1].Max
		}
		return seatPrice{core, tiers}
	default:
		return fixedPrice{core, p.Amount}
	}
}

// discountCore is what every form of a discount has; the money depends on its kind.
type discountCore struct {
	Duration         string           `json:"duration"`
	DurationInMonths *int             `json:"duration_in_months,omitempty"`
	Type             string           `json:"type"`
	Amount           *int64           `json:"amount,omitempty"`
	Currency         *string          `json:"currency,omitempty"`
	Amounts          map[string]int64 `json:"amounts,omitempty"`
	BasisPoints      *int64           `json:"basis_points,omitempty"`
	ID               string           `json:"id"`
	Name             string           `json:"name"`
	Code             text             `json:"code"`
}

// discountBase is the discount inside orders and subscriptions.
type discountBase struct {
	discountCore
	stamp
	Metadata         twin.Metadata `json:"metadata"`
	StartsAt         instant       `json:"starts_at"`
	EndsAt           instant       `json:"ends_at"`
	MaxRedemptions   count         `json:"max_redemptions"`
	RedemptionsCount int           `json:"redemptions_count"`
	OrganizationID   string        `json:"organization_id"`
}

// discount is the merchant's form.
type discount struct {
	discountBase
	Products []productFlat `json:"products"`
}

func shapeDiscountCore(d *twin.Discount) discountCore {
	out := discountCore{Duration: d.Duration, Type: d.Kind, ID: d.ID, Name: d.Name, Code: text(d.Code)}
	if d.Duration == "repeating" {
		out.DurationInMonths = &d.Months
	}
	if d.Kind == "percentage" {
		out.BasisPoints = &d.BasisPoints
	} else {
		out.Amount, out.Currency, out.Amounts = &d.Amount, &d.Currency, map[string]int64{d.Currency: d.Amount}
	}
	return out
}

func shapeDiscountBase(v *twin.View, d *twin.Discount) discountBase {
	return discountBase{
		discountCore: shapeDiscountCore(d), stamp: stamped(d.Stamp), Metadata: d.Metadata, StartsAt: instant(d.StartsAt),
		EndsAt: instant(d.EndsAt), MaxRedemptions: count(d.MaxRedemptions), RedemptionsCount: d.Redemptions,
		OrganizationID: v.Organization().ID,
	}
}

func shapeDiscount(v *twin.View, d *twin.Discount) discount {
	out := discount{discountBase: shapeDiscountBase(v, d), Products: []productFlat{}}
	for _, id := range d.ProductIDs {
		if p, err := v.Product(id); err == nil {
			out.Products = append(out.Products, shapeProductFlat(v, p))
		}
	}
	return out
}

// discountOf is the base form of a discount by id, or nil.
func discountOf(v *twin.View, id string) any {
	if d, ok := v.AnyDiscount(id); ok {
		return shapeDiscountBase(v, d)
	}
	return nil
}
