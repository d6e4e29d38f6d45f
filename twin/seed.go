package twin

import (
	"context"
	"fmt"
	"time"
)

// Seed fills a new engine with the shop of Lumen and the history of two of its customers, by playing the
// engine's own operations from more than a year ago up to now. Everything is relative to the present and
// otherwise the same every time.
func (e *Engine) Seed(ctx context.Context) error {
	now := e.RealNow().UTC()
	s := &seeder{e: e, ctx: ctx, now: now}
	begin := addMonths(now, -13).AddDate(0, 0, -20)
	s.check("set clock", e.StartAt(ctx, begin.AddDate(0, 0, -10)))
	s.shop()
	s.playSamAndPat(begin)
	s.check("come back to the present", e.ToPresent(ctx))
	return s.err
}

// seeder plays history and stops at the first error.
type seeder struct {
	e       *Engine
	ctx     context.Context
	now     time.Time
	err     error
	credits Meter
	uploads Meter
	pro     Product
	pack    Product
}

// check keeps the first error.
func (s *seeder) check(what string, err error) {
	if s.err == nil && err != nil {
		s.err = fmt.Errorf("seed: %s: %w", what, err)
	}
}

// at moves the clock forward to t, and never back.
func (s *seeder) at(t time.Time) {
	if s.err == nil && t.After(s.e.Now()) {
		s.check("move clock", s.e.AdvanceTo(s.ctx, t))
	}
}

// shop makes meters, benefits, products and the discount.
func (s *seeder) shop() {
	s.credits = s.meter(Meter{Name: "AI credits", Filter: named("ai_usage"), Func: "sum", Property: "credits"})
	s.uploads = s.meter(Meter{Name: "File uploads", Filter: named("file_uploaded"), Func: "count"})
	support := s.benefit(Benefit{Type: BenefitCustom, Description: "Priority support", Note: "Write to priority@lumen.example; we answer within four hours."})
	models := s.benefit(Benefit{Type: BenefitFeatureFlag, Description: "Custom models"})
	s.product("Free", "free", "For trying things out: enough for a few drafts a week.", Month, 0,
		s.units("100 AI credits a month", 100, false, s.credits), s.units("10 file uploads a month", 10, false, s.uploads))
	s.pro = s.product("Pro", "pro", "For people who write every day. Unused credits roll over.", Month, 2400,
		s.units("2,000 AI credits a month", 2000, true, s.credits), s.units("500 file uploads a month", 500, false, s.uploads), support, models)
	s.product("Pro yearly", "pro-yearly", "Pro for a year: two months cheaper and a thousand credits more.", Year, 24000,
		s.units("25,000 AI credits a year", 25000, false, s.credits), s.units("6,000 file uploads a year", 6000, false, s.uploads), support, models)
	s.pack = s.product("1,000 AI credits", "credits-1000", "A top-up that does not expire.", "", 1200,
		s.units("1,000 AI credits", 1000, true, s.credits))
	_, err := s.e.CreateDiscount(s.ctx, DiscountInput{Discount{
		Name: "Launch offer", Code: "LAUNCH20", Kind: "percentage", BasisPoints: 2000, Duration: "once",
	}})
	s.check("discount", err)
}

// named is the filter for one event name.
func named(name string) Filter {
	return Filter{Conjunction: "and", Clauses: []Clause{{Property: "name", Operator: "eq", Value: name}}}
}

func (s *seeder) meter(m Meter) Meter {
	made, err := s.e.CreateMeter(s.ctx, m)
	s.check("meter "+m.Name, err)
	return made
}

func (s *seeder) benefit(b Benefit) string {
	made, err := s.e.CreateBenefit(s.ctx, b)
	s.check("benefit "+b.Description, err)
	return made.ID
}

// units makes a meter_credit benefit.
func (s *seeder) units(description string, units int64, rollover bool, m Meter) string {
	return s.benefit(Benefit{Type: BenefitMeterCredit, Description: description, Units: units, Rollover: rollover, MeterID: m.ID})
}

// product makes a product with one fixed price and its benefits.
func (s *seeder) product(name, slug, description string, every Interval, amount int64, benefits ...string) Product {
	p, err := s.e.CreateProduct(s.ctx, ProductInput{
		Name: &name, Description: &description, Interval: every, Metadata: Metadata{"slug": slug},
		Prices: []Price{{Kind: Fixed, Currency: "usd", Amount: amount}},
	})
	s.check("product "+name, err)
	p, err = s.e.SetBenefits(s.ctx, p.ID, benefits)
	s.check("benefits of "+name, err)
	return p
}
