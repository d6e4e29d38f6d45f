package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// The organisation of the demo, so that a newcomer sees one at once: Northwind Studio
// belongs to Kim Castellan, who has given two of four seats of the plan Team.
const (
	demoOrganization = "0190d2d2-0000-7000-8000-00000000de30"
	demoOrgEmail     = "billing@northwind.example"
	demoOwner        = "kim@example.com"
	demoMember       = "lee@example.com"
)

// demoTeam makes the organisation here and at the twin, each unless it is there. Both keep
// what people did with it since, and either database can be deleted alone.
func (p *portal) demoTeam(ctx context.Context, now time.Time) error {
	people := map[string]string{} // address -> user id
	for email, name := range map[string]string{demoOwner: "Kim Castellan", demoMember: "Lee Ansah"} {
		user, err := p.demoUser(ctx, email, name, now)
		if err != nil {
			return err
		}
		people[email] = user
	}
	_, err := p.store.Customer(ctx, demoOrganization)
	if errors.Is(err, billing.ErrNotFound) {
		err = errors.Join(
			p.store.AddOrganization(ctx, db.Organization{ID: demoOrganization, Name: "Northwind Studio", Slug: "northwind"}, people[demoOwner], db.BillingAddress{Email: demoOrgEmail}, false, now),
			p.store.AddMember(ctx, demoOrganization, people[demoMember], billing.RoleMember, now))
	}
	if err == nil {
		err = p.demoSeats(ctx, people)
	}
	if err != nil {
		return fmt.Errorf("the demo's organisation: %w", err)
	}
	return nil
}

// demoUser finds or makes a user whose address counts as proven: the twin's identity
// provider vouches for it whenever he signs in.
func (p *portal) demoUser(ctx context.Context, email, name string, now time.Time) (string, error) {
	user, err := p.store.UserByEmail(ctx, email)
	if !errors.Is(err, billing.ErrNotFound) {
		return user.ID, err
	}
	entry, err := p.store.SignInWithIdentity(ctx, db.Identity{Provider: "demo", Subject: email, Email: email, EmailVerified: true, Name: name}, db.SignIn{
		Session: db.Session{ID: db.NewID(), TokenHash: db.NewID(), Data: "{}", CreatedAt: now, SeenAt: now, ExpiresAt: now}, // ended
		Now:     now,
	})
	return entry.User.ID, err
}

// demoSeats sells the plan Team to the organisation at the twin.
func (p *portal) demoSeats(ctx context.Context, people map[string]string) error {
	e := p.twin.Engine
	for _, c := range e.Customers() {
		if c.ExternalID == demoOrganization {
			return nil
		}
	}
	product, err := demoPlan(ctx, e)
	if err != nil {
		return err
	}
	name, email, id, seats := "Northwind Studio", demoOrgEmail, demoOrganization, int64(4)
	customer, err := e.CreateCustomer(ctx, twin.CustomerInput{Name: &name, Email: &email, ExternalID: &id, Team: true})
	if err != nil {
		return err
	}
	checkout, err := e.CreateCheckout(ctx, twin.CheckoutInput{ProductIDs: []string{product.ID}, CustomerID: customer.ID, Edit: twin.CheckoutEdit{SeatCount: &seats}})
	if err != nil {
		return err
	}
	done, err := e.ConfirmCheckout(ctx, checkout.ID, twin.CheckoutEdit{BillingName: &name, BillingAddress: &twin.Address{Line1: "7 Foundry Lane", City: "Leeds", PostalCode: "LS1 4AP", Country: "GB"}}, twin.CardSucceeds)
	if err != nil {
		return err
	}
	for _, seat := range []struct{ email, name, role string }{{demoOwner, "Kim Castellan", twin.RoleBilling}, {demoMember, "Lee Ansah", twin.RoleMember}} {
		m, err := e.CreateMember(ctx, customer.ID, twin.MemberInput{Email: seat.email, Name: seat.name, ExternalID: people[seat.email], Role: seat.role})
		if err == nil {
			_, err = e.AssignSeat(ctx, twin.SeatInput{CheckoutID: done.Checkout.ID, MemberID: m.ID, Immediate: true})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// demoPlan makes the plan that is sold by the seat.
func demoPlan(ctx context.Context, e *twin.Engine) (twin.Product, error) {
	for _, p := range e.Products() {
		if p.Metadata["slug"] == "team" {
			return p, nil
		}
	}
	benefit, err := e.CreateBenefit(ctx, twin.Benefit{
		Type: twin.BenefitCustom, Description: "Shared library", Note: "Everybody with a seat writes in one library: library.lumen.example.",
	})
	if err != nil {
		return twin.Product{}, err
	}
	name, text, most := "Team", "For people who write together. Each has a seat.", int64(9)
	p, err := e.CreateProduct(ctx, twin.ProductInput{
		Name: &name, Description: &text, Interval: twin.Month, Metadata: twin.Metadata{"slug": "team"},
		Prices: []twin.Price{{Kind: twin.Seats, TierType: "volume", Currency: "usd", Tiers: []twin.SeatTier{{Min: 2, Max: &most, Price: 3000}, {Min: 10, Price: 2700}}}},
	})
	if err != nil {
		return twin.Product{}, err
	}
	return e.SetBenefits(ctx, p.ID, []string{benefit.ID})
}
