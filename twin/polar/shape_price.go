package polar

import "counterfoil/twin"

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
