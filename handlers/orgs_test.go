package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
)

var invitationLink = regexp.MustCompile(`/invitations\?token=[A-Za-z0-9_-]{43}`)

// acme is an organisation of Noor's to which Pat belongs as a mere member, and for which
// both act.
type acme struct {
	*stack
	owner, member *browser
	page          string // of the organisation
	id            string
}

func openAcme(t *testing.T) *acme {
	t.Helper()
	s := start(t)
	a := &acme{stack: s, owner: s.browser(), member: s.browser()}
	a.owner.signIn("noor@example.com")
	made := a.owner.wants(a.owner.found("Acme", "billing@acme.example"), http.StatusOK, "Acme", "You act for", "Owner")
	a.page = made.url.Path
	a.owner.wants(a.owner.submit(made, `form[action$="/invitations"]`, map[string]string{"email": "pat@example.com", "role": "member"}), http.StatusOK, "on its way", "pat@example.com")
	link := ""
	s.until("the invitation is mailed", func() bool {
		link = invitationLink.FindString(s.mailbox())
		return link != ""
	})
	nobody := s.browser()
	nobody.wants(nobody.get(link), http.StatusOK, "Join Acme?", "Sign in as pat@example.com")
	stranger := s.browser()
	stranger.signIn("eve@example.com")
	stranger.wants(stranger.get(link), http.StatusOK, "another address")
	if page := stranger.post("/invitations", url.Values{"token": {link[strings.Index(link, "=")+1:]}}); page.status != http.StatusForbidden {
		t.Errorf("somebody else accepted: %d", page.status)
	}
	a.member.signIn("pat@example.com")
	joined := a.member.wants(a.member.submit(a.member.get(link), `form[action="/invitations"]`, nil), http.StatusOK, "You belong to it now", "Member")
	if joined.url.Path != a.page {
		t.Errorf("led to %s", joined.url)
	}
	a.member.wants(a.member.get(link), http.StatusNotFound, "no longer works")
	user, err := s.store.UserByEmail(t.Context(), "noor@example.com")
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.store.Organizations(t.Context(), user.ID)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d organisations (%v)", len(list), err)
	}
	a.id = list[0].ID
	return a
}

// TestAMemberSeesNoBilling (SEC-05): what is about billing is a missing page for a mere
// member, whatever the path names, and for who was removed the organisation is.
func TestAMemberSeesNoBilling(t *testing.T) {
	a := openAcme(t)
	a.member.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	missing := strip(a.member.get("/nowhere"))
	for _, path := range []string{
		"/portal/orders", "/portal/orders/" + unknownID, "/portal/subscriptions", "/portal/subscriptions/" + unknownID,
		"/portal/subscriptions/" + unknownID + "/cancel", "/checkout/success?checkout_id=" + unknownID, "/checkout/stream?checkout_id=" + unknownID,
	} {
		if page := a.member.get(path); page.status != http.StatusNotFound || strip(page) != missing {
			t.Errorf("GET %s answered a member with %d", path, page.status)
		}
	}
	for _, path := range []string{"/checkout", "/portal/provider", "/portal/subscriptions/" + unknownID + "/cancel", "/portal/subscriptions/" + unknownID + "/resume"} {
		if page := a.member.post(path, url.Values{"plan": {"pro"}}); page.status != http.StatusNotFound {
			t.Errorf("POST %s answered a member with %d", path, page.status)
		}
	}
	for _, path := range []string{"/portal", "/usage", "/credits", "/portal/benefits"} {
		if page := a.member.get(path); page.status != http.StatusOK {
			t.Errorf("GET %s answered a member with %d", path, page.status)
		}
	}
	if page := a.member.get("/plans"); page.Find(`form[action="/checkout"]`).Length() > 0 {
		t.Error("the plans offer a member what he may not buy")
	}
	for _, form := range []string{"/name", "/invitations", "/transfer", "/delete", "/members/" + unknownID + "/role", "/members/" + unknownID + "/remove", "/invitations/" + unknownID + "/revoke", "/invitations/" + unknownID + "/resend"} {
		page := a.member.post(a.page+form, url.Values{"name": {"Mine"}, "email": {"x@example.com"}, "role": {"owner"}})
		none := a.member.post("/orgs/none"+form, url.Values{"name": {"Mine"}, "email": {"x@example.com"}, "role": {"owner"}})
		if page.status != http.StatusNotFound || strip(page) != strip(none) {
			t.Errorf("POST %s answered a member with %d", a.page+form, page.status)
		}
	}
	stranger := a.browser()
	stranger.signIn("eve@example.com")
	if page, none := stranger.get(a.page), stranger.get("/orgs/none"); page.status != http.StatusNotFound || strip(page) != strip(none) {
		t.Errorf("a stranger tells it from what is not there: %d", page.status)
	}
	if page := stranger.post("/orgs/act", url.Values{"organization": {a.id}}); page.status != http.StatusNotFound {
		t.Errorf("a stranger acts for it: %d", page.status)
	}
	a.owner.submit(a.owner.get(a.page), `form[action$="/remove"]`, nil)
	if page := a.member.get("/portal"); page.Find(".acting").Length() > 0 {
		t.Error("who was removed still acts for it")
	}
	if page := a.member.get(a.page); page.status != http.StatusNotFound {
		t.Errorf("who was removed sees it: %d", page.status)
	}
	if page := a.member.get("/portal/orders"); page.status != http.StatusOK {
		t.Errorf("who was removed sees his own orders with %d", page.status)
	}
}

// TestAnOrganizationPays: what is bought while acting for it is its own, and it cannot be
// deleted while that runs.
func TestAnOrganizationPays(t *testing.T) {
	a := openAcme(t)
	a.until("the provider knows the organisation", func() bool {
		_, err := a.store.ProviderCustomer(t.Context(), "polar", a.id)
		return err == nil
	})
	bought := a.owner.settled(a.owner.pay(a.owner.submit(a.owner.get("/plans"), `[data-plan="pro"] form`, nil), cardWorks))
	a.owner.wants(bought, http.StatusOK, "Pro")
	subs, err := a.store.Subscriptions(t.Context(), a.id)
	if err != nil || len(subs) != 1 || subs[0].Status != billing.Active {
		t.Fatalf("its subscriptions: %v (%v)", subs, err)
	}
	a.owner.wants(a.owner.get("/portal/orders"), http.StatusOK, "Pro")
	ending := a.owner.wants(a.owner.get(a.page+"/delete"), http.StatusOK, "cannot be deleted yet", "A subscription is still running")
	if ending.Find(`form[action$="/delete"]`).Length() > 0 {
		t.Error("to be deleted is offered while a plan runs")
	}
	if page := a.owner.post(a.page+"/delete", url.Values{"confirm": {"Acme"}}); page.status != http.StatusConflict {
		t.Errorf("deleted while a plan runs: %d", page.status)
	}
	a.until("a member sees its meters", func() bool {
		return a.member.get("/portal").Find("article[data-meter]").Length() > 0
	})
	if page := a.member.get("/portal"); strings.Contains(page.Text(), "$24") {
		t.Error("a member sees what it costs")
	}
	own := a.owner.submit(a.owner.get("/portal"), `.acting form`, nil)
	if own.Find("[data-subscription]").Length() > 0 || own.Find(".acting").Length() > 0 {
		t.Error("for herself she has the plan of the organisation")
	}
}

// TestAStaleTabBuysForNobody: a form that was made for another than the one whom the
// browser acts for now opens no checkout; it asks, and each answer is carried out.
func TestAStaleTabBuysForNobody(t *testing.T) {
	a := openAcme(t)
	a.until("the provider knows the organisation", func() bool {
		_, err := a.store.ProviderCustomer(t.Context(), "polar", a.id)
		return err == nil
	})
	forAcme := a.owner.get("/plans") // in one tab
	own := a.owner.submit(a.owner.get("/portal"), `.acting form`, nil)
	if own.Find(".acting").Length() > 0 {
		t.Fatal("she still acts for it")
	}
	forSelf := a.owner.get("/plans")
	asked := a.owner.wants(a.owner.submit(forAcme, `[data-plan="pro"] form`, nil), http.StatusConflict, "Whom is Pro for?", "was for Acme", "act for yourself", "For Acme", "For yourself")
	if open := a.openCheckouts(); open != 0 {
		t.Fatalf("%d checkouts were opened by a stale tab", open)
	}
	a.owner.wants(a.owner.submit(asked, `form[action="/checkout/for"]:has(input[value="`+a.id+`"])`, nil), http.StatusOK, "Pro")
	if _, err := a.store.OpenCheckout(t.Context(), a.id, a.pro(), time.Now()); err != nil {
		t.Errorf("no checkout of the organisation: %v", err)
	}
	// The choice is for whom the browser acts from then on.
	a.owner.wants(a.owner.get("/portal"), http.StatusOK, "You act for", "Acme")
	asked = a.owner.wants(a.owner.submit(forSelf, `[data-plan="pro"] form`, nil), http.StatusConflict, "was for yourself", "act for Acme")
	noor, err := a.store.UserByEmail(t.Context(), "noor@example.com")
	if err != nil {
		t.Fatal(err)
	}
	a.owner.wants(a.owner.submit(asked, `form[action="/checkout/for"]:has(input[value="`+noor.ID+`"])`, nil), http.StatusOK, "Pro")
	if _, err := a.store.OpenCheckout(t.Context(), noor.ID, a.pro(), time.Now()); err != nil {
		t.Errorf("no checkout of her own: %v", err)
	}
	// Nobody may buy for whom he has no say for, be it by a form of his own making.
	a.member.wants(a.member.post("/checkout/for", url.Values{"plan": {"pro"}, "for": {a.id}}), http.StatusNotFound)
	a.member.wants(a.member.post("/checkout/for", url.Values{"plan": {"pro"}, "for": {noor.ID}}), http.StatusNotFound)
	pat := a.member.post("/checkout", url.Values{"plan": {"pro"}, "for": {a.id}})
	a.member.wants(pat, http.StatusNotFound)
}

// openCheckouts counts the checkouts that can be paid.
func (a *acme) openCheckouts() int {
	a.t.Helper()
	open, err := a.store.UnsettledCheckouts(a.t.Context(), time.Now().Add(time.Hour), "", 10, time.Now())
	if err != nil {
		a.t.Fatal(err)
	}
	return len(open)
}

// pro is the provider's id of the plan.
func (a *acme) pro() string {
	a.t.Helper()
	product, err := a.store.ProductBySlug(a.t.Context(), "pro")
	if err != nil {
		a.t.Fatal(err)
	}
	return product.ProviderID
}
