package betterauth

import (
	"errors"
	"testing"
	"time"

	"counterfoil/billing"
)

// TestDeleteUser: with the password or a proof of the last quarter of an hour, and not
// without; then nobody of that address is left, in any browser.
func TestDeleteUser(t *testing.T) {
	g := newRig(t)
	b, phone := g.signUp("robin@example.com"), g.browser()
	phone.ask("POST", "/sign-in/email", `{"email":"robin@example.com","password":"`+secret+`"}`, nil)
	g.pass(20 * time.Minute)
	g.refused(g.browser().ask("POST", "/delete-user", `{}`, nil), 401, "UNAUTHORIZED")
	g.refused(b.ask("POST", "/delete-user", `{}`, nil), 400, "SESSION_EXPIRED")
	g.refused(b.ask("POST", "/delete-user", `{"password":"wrong"}`, nil), 400, "INVALID_PASSWORD")
	g.refused(b.ask("POST", "/delete-user", `{"token":"x"}`, nil), 400, "INVALID_TOKEN")
	if w := b.ask("POST", "/delete-user", `{"password":"`+secret+`"}`, nil); w.Body.String() != `{"message":"User deleted","success":true}` {
		t.Fatalf("deleted: %d %s", w.Code, w.Body)
	}
	for _, browser := range []*browser{b, phone} {
		if w := browser.ask("GET", "/get-session", "", nil); w.Body.String() != "null" {
			t.Errorf("a session goes on: %s", w.Body)
		}
	}
	if _, err := g.store.UserByEmail(t.Context(), "robin@example.com"); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("the user is still there (%v)", err)
	}
	fresh := g.browser()
	fresh.signIn("sam@example.com")
	g.refused(fresh.ask("POST", "/delete-user", `{"password":"x"}`, nil), 400, "CREDENTIAL_ACCOUNT_NOT_FOUND")
	if w := fresh.ask("POST", "/delete-user", `{}`, nil); w.Code != 200 {
		t.Errorf("freshly proven: %d %s", w.Code, w.Body)
	}
}

// TestDeleteUserIsHindered: while a subscription runs nothing is erased, and the answer
// says where to look.
func TestDeleteUserIsHindered(t *testing.T) {
	g := newRig(t)
	b := g.browser()
	b.signIn("sam@example.com")
	user, err := g.store.UserByEmail(t.Context(), "sam@example.com")
	if err != nil {
		t.Fatal(err)
	}
	source := func(id string) billing.Source {
		return billing.Source{Provider: "polar", ProviderID: id, Version: 1, CreatedAt: g.clock()}
	}
	for _, object := range []billing.Object{
		billing.Customer{Source: source("cus"), ExternalID: user.ID, Email: "sam@example.com"},
		billing.Subscription{Source: source("sub"), ProviderCustomerID: "cus", ProviderProductID: "pro", Status: billing.Active, Currency: "usd"},
	} {
		if _, err := g.store.Apply(t.Context(), billing.Change{Object: object}, g.clock()); err != nil {
			t.Fatal(err)
		}
	}
	g.refused(b.ask("POST", "/delete-user", `{}`, nil), 409, "ACCOUNT_IN_USE")
	if w := b.ask("GET", "/get-session", "", nil); w.Body.String() == "null" {
		t.Error("he is signed out all the same")
	}
}
