package handlers_test

import (
	"net/http"
	"net/url"
	"testing"
)

// TestAPlanThatAStrangerChoseIsKeptWhileHeSignsIn: who chooses a plan and has to sign in
// first comes back to that plan, and one press more leads to its checkout. Until then
// nothing is opened.
func TestAPlanThatAStrangerChoseIsKeptWhileHeSignsIn(t *testing.T) {
	s := start(t)
	b := s.browser()
	login := b.wants(b.submit(b.get("/plans"), "[data-plan=pro] form", nil), http.StatusOK)
	if next := login.url.Query().Get("next"); next != "/checkout?plan=pro" {
		t.Fatalf("a stranger who chose a plan was sent to sign in on the way to %q", next)
	}
	before := len(s.codes("noor@example.com"))
	code := b.submit(login, `form[action="/login"]`, map[string]string{"email": "noor@example.com"})
	s.until("the code is mailed", func() bool { return len(s.codes("noor@example.com")) > before })
	chosen := b.submit(code, `form[action="/login/code"]`, map[string]string{"code": s.codes("noor@example.com")[0]})
	b.wants(chosen, http.StatusOK, "You chose Pro", "$24", "Nothing is bought yet")
	if at := chosen.url.RequestURI(); at != "/checkout?plan=pro" {
		t.Errorf("signed in, he is at %s", at)
	}
	if chosen.Find("[data-plan]").Length() != 1 {
		t.Error("the page of a chosen plan shows others")
	}
	user, err := s.store.UserByEmail(t.Context(), "noor@example.com")
	if err != nil {
		t.Fatal(err)
	}
	product, err := s.store.ProductBySlug(t.Context(), "pro")
	if err != nil {
		t.Fatal(err)
	}
	if open, err := s.store.OpenCheckout(t.Context(), user.ID, product.ProviderID, s.now()); err == nil {
		t.Errorf("to read the page opened checkout %s", open.ProviderID)
	}
	b.wants(b.settled(b.pay(b.submit(chosen, "[data-plan=pro] form", nil), cardWorks)), http.StatusOK, "$24.00")
	again := b.wants(b.get("/checkout?plan=pro"), http.StatusOK, "You have Pro", "Manage in the portal")
	if again.Find(`form[action="/checkout"]`).Length() > 0 {
		t.Error("a plan that he has is offered again")
	}
}

// TestAChosenPlanLeadsNowhereElse: what a stranger's form names as its plan is a plan's name
// and no address: the way after the sign-in stays one page of ours.
func TestAChosenPlanLeadsNowhereElse(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, trap := range append(traps(s.url), "pro&next=//evil.example", "pro#//evil.example") {
		for _, path := range []string{"/checkout", "/checkout/for"} {
			to := b.post(path, url.Values{"plan": {trap}}).header.Get("Location")
			login, err := url.Parse(to)
			if err != nil || login.Path != "/login" || login.Host != "" {
				t.Fatalf("the plan %.60q leads to %q", trap, to)
			}
			next, err := url.Parse(login.Query().Get("next"))
			if err != nil || next.Host != "" || next.Fragment != "" || next.Path != "/checkout" && next.Path != "/plans" {
				t.Errorf("the plan %.60q leads to %q after the sign-in", trap, login.Query().Get("next"))
			}
			if got := next.Query(); next.Path == "/checkout" && (len(got) != 1 || got.Get("plan") != trap) {
				t.Errorf("the plan %.60q became %v", trap, got)
			}
		}
	}
	in := s.browser()
	in.signIn("noor@example.com")
	in.wants(in.get("/checkout?plan="+url.QueryEscape("//evil.example")), http.StatusNotFound, "Choose one from the list of plans")
	if at := in.get("/checkout").url.Path; at != "/plans" {
		t.Errorf("no plan leads to %q", at)
	}
}
