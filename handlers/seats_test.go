package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"counterfoil/billing"
	"counterfoil/twin"
)

// openCrew is Acme with two seats of a plan, bought on the plans page.
func openCrew(t *testing.T) *acme {
	t.Helper()
	a := openAcme(t)
	e, name, text, ctx := a.twin.Engine, "Team", "For people who write together.", t.Context()
	benefit, err := e.CreateBenefit(ctx, twin.Benefit{Type: twin.BenefitCustom, Description: "Shared library", Note: "Ask for the key."})
	if err != nil {
		t.Fatal(err)
	}
	product, err := e.CreateProduct(ctx, twin.ProductInput{
		Name: &name, Description: &text, Interval: twin.Month, Metadata: twin.Metadata{"slug": "team"},
		Prices: []twin.Price{{Kind: twin.Seats, TierType: "volume", Currency: "usd", Tiers: []twin.SeatTier{{Min: 2, Price: 1000}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.SetBenefits(ctx, product.ID, []string{benefit.ID}); err != nil {
		t.Fatal(err)
	}
	a.until("the plan is for sale, and the provider knows the organisation", func() bool {
		_, known := a.store.ProviderCustomer(ctx, "polar", a.id)
		return known == nil && a.owner.get("/plans").Find(`[data-plan="team"] form`).Length() > 0
	})
	a.owner.wants(a.owner.get("/plans"), http.StatusOK, "$10", "for each seat, from 2 seats on")
	bought := a.owner.settled(a.owner.pay(a.owner.submit(a.owner.get("/plans"), `[data-plan="team"] form`, nil), cardWorks))
	a.owner.wants(bought, http.StatusOK, "Team")
	return a
}

// seat is the row of an address on the organisation's page, once it says a text.
func (a *acme) seat(email, says string) {
	a.t.Helper()
	a.until(email+" "+says, func() bool {
		return strings.Contains(a.owner.get(a.page).Find(`li[data-seat="`+email+`"]`).Text(), says)
	})
}

// TestSeatsOnTheOrganizationsPage: give to a member, who sees the benefits of the plan;
// give to an invited address, which has its seat when it joins; take back; and nobody else
// does any of it.
func TestSeatsOnTheOrganizationsPage(t *testing.T) {
	a := openCrew(t)
	sub, err := a.store.Subscriptions(t.Context(), a.id)
	if err != nil || len(sub) != 1 {
		t.Fatalf("%v, %v", sub, err)
	}
	give := url.Values{"subscription": {sub[0].ProviderID}, "email": {"pat@example.com"}}
	a.owner.wants(a.owner.get(a.page), http.StatusOK, "Seats of Team", "0 of 2 seats are given", "Nobody has a seat yet")
	a.member.wants(a.member.get(a.page), http.StatusOK, "You have no seat")
	if page := a.member.post(a.page+"/seats", give); page.status != http.StatusNotFound {
		t.Errorf("a member gives himself a seat: %d", page.status)
	}
	if text := a.member.get("/portal/benefits").Text(); strings.Contains(text, "Shared library") {
		t.Error("a member without a seat has the benefits")
	}
	a.owner.wants(a.owner.submit(a.owner.get(a.page), `form[action$="/seats"]`, map[string]string{"email": "pat@example.com"}), http.StatusOK)
	a.seat("pat@example.com", "Given")
	a.until("the member has the benefits", func() bool { return strings.Contains(a.member.get("/portal/benefits").Text(), "Shared library") })
	if text := a.owner.get("/portal/benefits").Text(); strings.Contains(text, "Shared library") {
		t.Error("the owner has the benefits of another's seat")
	}
	own := a.member.wants(a.member.get(a.page), http.StatusOK, "Given")
	if own.Find("[data-seat]").Length() != 1 || own.Find(`form[action*="/seats"]`).Length() != 0 {
		t.Error("a member sees others' seats, or buttons")
	}
	// An address that is not a member's nor invited gets none, whatever the form says.
	give.Set("email", "eve@example.com")
	a.owner.wants(a.owner.post(a.page+"/seats", give), http.StatusConflict, "cannot be given")

	a.owner.wants(a.owner.submit(a.owner.get(a.page), `form[action$="/invitations"]`, map[string]string{"email": "kim@example.com", "role": "member"}), http.StatusOK)
	a.owner.wants(a.owner.submit(a.owner.get(a.page), `form[action$="/seats"]`, map[string]string{"email": "kim@example.com"}), http.StatusOK)
	a.seat("kim@example.com", "Invited")
	a.owner.wants(a.owner.get(a.page), http.StatusOK, "2 of 2 seats are given", "All seats are given")
	give.Set("email", "noor@example.com")
	a.owner.wants(a.owner.post(a.page+"/seats", give), http.StatusConflict, "cannot be given")
	a.owner.wants(a.owner.submit(a.owner.get(a.page), `li[data-seat="kim@example.com"] form[action$="/resend"]`, nil), http.StatusOK)

	kim, link := a.browser(), ""
	a.until("the invitation is mailed", func() bool {
		for _, found := range invitationLink.FindAllString(a.mailbox(), -1) {
			if strings.Contains(a.owner.get(found).Text(), "kim@example.com") {
				link = found
			}
		}
		return link != ""
	})
	kim.signIn("kim@example.com")
	kim.wants(kim.submit(kim.get(link), `form[action="/invitations"]`, nil), http.StatusOK, "You belong to it now")
	a.seat("kim@example.com", "Given")

	a.owner.wants(a.owner.submit(a.owner.get(a.page), `li[data-seat="pat@example.com"] form[action$="/revoke"]`, nil), http.StatusOK)
	a.until("the seat is free", func() bool { return strings.Contains(a.owner.get(a.page).Text(), "1 of 2 seats are given") })
	a.until("so are its benefits", func() bool { return !strings.Contains(strip(a.member.get("/portal")), "Shared library") })
	kim.wants(kim.submit(kim.get(a.page), `form[action$="/leave"]`, nil), http.StatusOK)
	a.until("who left has freed hers", func() bool { return strings.Contains(a.owner.get(a.page).Text(), "0 of 2 seats are given") })
}

// TestTheNumberOfSeats: its price is stated before it is bought, a page that is behind buys
// nothing, and fewer than are given cannot be had.
func TestTheNumberOfSeats(t *testing.T) {
	a := openCrew(t)
	subs, err := a.store.Subscriptions(t.Context(), a.id)
	if err != nil || len(subs) != 1 {
		t.Fatalf("%v, %v", subs, err)
	}
	path := "/portal/subscriptions/" + subs[0].ProviderID
	a.owner.wants(a.owner.get(path), http.StatusOK, "2 seats", "Change the number")
	a.member.wants(a.member.get(path+"/seats"), http.StatusNotFound)
	a.owner.wants(a.owner.get(path+"/seats?seats=1"), http.StatusBadRequest, "At least 2 seats")
	a.owner.wants(a.owner.get(path+"/seats?seats=many"), http.StatusBadRequest, "whole number")
	stale := a.owner.get(path + "/seats?seats=4")
	stated := a.owner.wants(a.owner.get(path+"/seats?seats=5"), http.StatusOK, "Today", "$50.00 a month", "instead of $20.00", "Buy 5 seats")
	a.owner.wants(a.owner.submit(stated, `form[method="post"][action$="/seats"]`, nil), http.StatusOK)
	a.until("there are five", func() bool { return strings.Contains(a.owner.get(path).Text(), "5 seats") })
	a.owner.wants(a.owner.submit(stale, `form[method="post"][action$="/seats"]`, nil), http.StatusConflict, "has changed since")
	fewer := a.owner.wants(a.owner.get(path+"/seats?seats=3"), http.StatusOK, "Nothing to pay", "off your next bill", "Go down to 3 seats")
	a.owner.wants(a.owner.submit(fewer, `form[method="post"][action$="/seats"]`, nil), http.StatusOK)
	a.until("there are three", func() bool {
		sub, err := a.store.Subscription(t.Context(), a.id, subs[0].ProviderID)
		return err == nil && sub.Seats == 3 && sub.Status == billing.Active
	})
	// A person alone is told who buys by the seat, and a form of his own making buys nothing.
	stranger := a.browser()
	stranger.signIn("eve@example.com")
	if stranger.get("/plans").Find(`[data-plan="team"] form`).Length() > 0 {
		t.Error("a person is offered a plan by the seat")
	}
	stranger.wants(stranger.post("/checkout", url.Values{"plan": {"team"}}), http.StatusConflict, "to organisations")
	// The provider's portal knows who opens it.
	a.owner.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if page := a.owner.post("/portal/provider", nil); page.status != http.StatusSeeOther || !strings.Contains(page.header.Get("Location"), "polar_mst_") {
		t.Errorf("the provider's portal: %d %s", page.status, page.header.Get("Location"))
	}
}

// TestNoWrongPriceOfSeats: a preview from before a renewal buys nothing, since more of a period
// would be paid than it says; and a plan whose price is not the listed one has no preview.
func TestNoWrongPriceOfSeats(t *testing.T) {
	a := openCrew(t)
	subs, err := a.store.Subscriptions(t.Context(), a.id)
	if err != nil || len(subs) != 1 {
		t.Fatalf("%v, %v", subs, err)
	}
	sub, path := subs[0], "/portal/subscriptions/"+subs[0].ProviderID+"/seats"
	stated := a.owner.wants(a.owner.get(path+"?seats=5"), http.StatusOK, "Buy 5 seats")
	change := func() {
		t.Helper()
		sub.Version += 1_000_000
		if _, err := a.store.Apply(t.Context(), billing.Change{Object: sub}, a.now()); err != nil {
			t.Fatal(err)
		}
	}
	sub.PeriodStart, sub.PeriodEnd = sub.PeriodEnd, sub.PeriodEnd.AddDate(0, 1, 0)
	change()
	a.owner.wants(a.owner.submit(stated, `form[method="post"][action$="/seats"]`, nil), http.StatusConflict, "the period has changed", "Buy 5 seats")
	sub.Amount = 1600 // bought while a seat was $8
	change()
	a.owner.wants(a.owner.get(path+"?seats=5"), http.StatusConflict, "a discount or an older price", "Nothing was changed")
	if there, err := a.twin.Engine.SeatingOf(sub.ProviderID); err != nil || there.Total != 2 {
		t.Errorf("the provider has %d seats (%v), want 2", there.Total, err)
	}
}
