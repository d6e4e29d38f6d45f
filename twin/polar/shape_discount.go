package polar

import "counterfoil/twin"

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
