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
	out := product{productFlat: shapeProductFlat(v, p), Benefits: none, Medias: medias(v, p), AttachedCustomFields: attachedFields(v, p)}
	out.Prices = shapePrices(v, p.Prices, true)
	for _, id := range p.BenefitIDs {
		if b, err := v.Benefit(id); err == nil {
			out.Benefits = append(out.Benefits, shapeBenefit(v, b))
		}
	}
	return out
}

func shapeProductPublic(v *twin.View, p *twin.Product) productPublic {
	out := productPublic{productCore: shapeProductCore(v, p), Medias: medias(v, p), Benefits: []benefitPublic{}}
	out.Prices = shapePrices(v, p.Prices, true)
	for _, id := range p.BenefitIDs {
		if b, err := v.Benefit(id); err == nil {
			out.Benefits = append(out.Benefits, shapeBenefitPublic(v, b))
		}
	}
	return out
}

// medias are the pictures of a product.
func medias(v *twin.View, p *twin.Product) []any {
	out := []any{}
	for _, id := range p.MediaIDs {
		if f, err := v.File(id); err == nil {
			out = append(out, file{fileCore: shapeFileCore(v, f), CreatedAt: instant(f.CreatedAt), PublicURL: text(f.Base + "/_twin/files/" + f.Secret)})
		}
	}
	return out
}
