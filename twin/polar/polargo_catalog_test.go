package polar_test

import (
	"errors"
	"testing"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/apierrors"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"
)

// The tests named ...ByPolarGo call every operation that the twin serves through Polar's own Go client.

func TestCatalogByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	meter := ok(w.api.Meters.Create(ctx, components.MeterCreate{
		Name: "Tokens", Aggregation: components.CreateMeterCreateAggregationSum(components.PropertyAggregation{Func: components.FuncSum, Property: "tokens"}),
		Filter: components.Filter{Conjunction: components.FilterConjunctionAnd, Clauses: []components.Clauses{
			components.CreateClausesFilterClause(components.FilterClause{Property: "name", Operator: components.FilterOperatorEq, Value: components.CreateValueStr("chat")}),
		}},
	}))(t).Meter
	credit := ok(w.api.Benefits.Create(ctx, components.CreateBenefitCreateMeterCredit(components.BenefitMeterCreditCreate{
		Description: "500 tokens", Properties: components.BenefitMeterCreditCreateProperties{Units: 500, Rollover: true, MeterID: meter.ID},
	})))(t).Benefit.BenefitMeterCredit
	custom := ok(w.api.Benefits.Create(ctx, components.CreateBenefitCreateCustom(components.BenefitCustomCreate{
		Description: "Thanks", Properties: components.BenefitCustomCreateProperties{Note: polargo.String("Thank you")},
	})))(t).Benefit.BenefitCustom
	key := ok(w.api.Benefits.Create(ctx, components.CreateBenefitCreateLicenseKeys(components.BenefitLicenseKeysCreate{
		Description: "Desktop key", Properties: components.BenefitLicenseKeysCreateProperties{Prefix: polargo.String("LMN")},
	})))(t).Benefit.BenefitLicenseKeys
	product := ok(w.api.Products.Create(ctx, components.CreateProductCreateProductCreateRecurring(components.ProductCreateRecurring{
		Name: "Team", RecurringInterval: components.SubscriptionRecurringIntervalMonth,
		Metadata: map[string]components.ProductCreateRecurringMetadata{"slug": components.CreateProductCreateRecurringMetadataStr("team")},
		Prices: []components.ProductCreateRecurringPrices{
			components.CreateProductCreateRecurringPricesSeatBased(components.ProductPriceSeatBasedCreate{
				SeatTiers: components.ProductPriceSeatTiersInput{Tiers: []components.ProductPriceSeatTier{{MinSeats: 1, PricePerSeat: 900}}},
			}),
			components.CreateProductCreateRecurringPricesMeteredUnit(components.ProductPriceMeteredUnitCreate{
				MeterID: meter.ID, UnitAmount: components.CreateUnitAmountStr("0.35"),
			}),
		},
	})))(t).Product
	if len(product.Prices) != 2 || !product.IsRecurring || product.Metadata["slug"].Str == nil {
		t.Errorf("created product %+v", product)
	}
	withBenefits := ok(w.api.Products.UpdateBenefits(ctx, product.ID, components.ProductBenefitsUpdate{Benefits: []string{custom.ID, credit.ID, key.ID}}))(t)
	if len(withBenefits.Product.Benefits) != 3 {
		t.Errorf("benefits %+v", withBenefits.Product.Benefits)
	}
	ok(w.api.Products.Update(ctx, product.ID, components.ProductUpdate{Name: polargo.String("Teams"), IsArchived: polargo.Bool(true)}))(t)
	if got := ok(w.api.Products.Get(ctx, product.ID))(t).Product; got.Name != "Teams" || !got.IsArchived || len(got.Prices) != 2 {
		t.Errorf("updated product %+v", got)
	}
	all := ok(w.api.Products.List(ctx, operations.ProductsListRequest{IsArchived: polargo.Bool(false)}))(t).ListResourceProduct
	if all.Pagination.TotalCount != 4 || all.Pagination.MaxPage != 1 {
		t.Errorf("products not archived: %+v", all.Pagination)
	}
	ok(w.api.Meters.Get(ctx, meter.ID))(t)
	ok(w.api.Meters.List(ctx, operations.MetersListRequest{}))(t)
	ok(w.api.Meters.Update(ctx, meter.ID, components.MeterUpdate{Name: polargo.String("All tokens")}))(t)
	ok(w.api.Benefits.Get(ctx, credit.ID))(t)
	ok(w.api.Benefits.List(ctx, operations.BenefitsListRequest{}))(t)
	ok(w.api.Benefits.Update(ctx, custom.ID, operations.CreateBenefitsUpdateBenefitUpdateBenefitCustomUpdate(components.BenefitCustomUpdate{Description: polargo.String("Many thanks")})))(t)
	ok(w.api.Benefits.Delete(ctx, custom.ID))(t)
	var missing *apierrors.ResourceNotFound
	if _, err := w.api.Benefits.Get(ctx, custom.ID); !errors.As(err, &missing) {
		t.Errorf("a deleted benefit: %v", err)
	}
}

func TestDiscountsAndOrganizationByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	made := ok(w.api.Discounts.Create(ctx, components.CreateDiscountCreateDiscountPercentageOnceForeverDurationCreate(components.DiscountPercentageOnceForeverDurationCreate{
		Duration: components.DiscountDurationForever, Type: components.DiscountTypePercentage, BasisPoints: 1000, Name: "Friends", Code: polargo.String("FRIENDS"),
		Products: []string{w.product("pro").ID},
	})))(t).Discount.DiscountPercentageOnceForeverDuration
	repeating := components.DiscountFixedRepeatDurationCreate{
		Duration: components.DiscountDurationRepeating, DurationInMonths: 3, Type: components.DiscountTypeFixed, Name: "Three months",
	}
	//lint:ignore SA1019 the old field is still what clients send, so it must be served
	repeating.Amount = polargo.Int64(500)
	ok(w.api.Discounts.Create(ctx, components.CreateDiscountCreateDiscountFixedRepeatDurationCreate(repeating)))(t)
	ok(w.api.Discounts.Update(ctx, made.ID, components.DiscountUpdate{Name: polargo.String("Good friends")}))(t)
	ok(w.api.Discounts.Get(ctx, made.ID))(t)
	if got := ok(w.api.Discounts.List(ctx, operations.DiscountsListRequest{}))(t).ListResourceDiscount; got.Pagination.TotalCount != 3 {
		t.Errorf("discounts %+v", got.Pagination)
	}
	ok(w.api.Discounts.Delete(ctx, made.ID))(t)
	organizations := ok(w.api.Organizations.List(ctx, nil, nil, nil, nil))(t).ListResourceOrganization.Items
	if got := ok(w.api.Organizations.Get(ctx, organizations[0].ID))(t).Organization; got.Slug != "lumen" {
		t.Errorf("organization %+v", got)
	}
}
