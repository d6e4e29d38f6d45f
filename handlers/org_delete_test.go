package handlers_test

import (
	"net/http"
	"net/url"
	"testing"
)

// TestAnOrganizationIsDeletedOnlyByItsName: a page says what is lost before anything is, and
// only the name, typed, and a fresh proof delete an organisation.
func TestAnOrganizationIsDeletedOnlyByItsName(t *testing.T) {
	a := openAcme(t)
	if page := a.owner.get(a.page); page.Find(`form[action$="/delete"]`).Length() > 0 || page.Find(`a[href$="/delete"]`).Length() != 1 {
		t.Error("the page of an organisation deletes it by one press")
	}
	there := func() bool {
		return a.one(`SELECT COUNT(*) FROM customer_organizations WHERE deleted_at IS NULL`) == "1"
	}
	for _, typed := range []url.Values{nil, {"confirm": {""}}, {"confirm": {"Acm"}}} {
		a.owner.wants(a.owner.post(a.page+"/delete", typed), http.StatusBadRequest, "That is not its name", "Nothing has happened")
	}
	a.age()
	if page := a.owner.post(a.page+"/delete", url.Values{"confirm": {"Acme"}}); page.url.Path != "/account/confirm" {
		t.Errorf("an old proof led to %s", page.url)
	}
	if page := a.owner.get(a.page + "/delete"); page.url.Path != "/account/confirm" {
		t.Errorf("an old proof reads %s", page.url)
	}
	if page := a.member.get(a.page + "/delete"); page.url.Path != "/account/confirm" && page.status != http.StatusNotFound {
		t.Errorf("a mere member reads %s: %d", page.url, page.status)
	}
	if !there() {
		t.Fatal("it is deleted without its name and a fresh proof")
	}
	again := a.browser()
	again.signIn("noor@example.com")
	page := again.wants(again.get(a.page+"/delete"), http.StatusOK, "Delete Acme", "2 people", "cannot be undone", "orders and receipts", "Type Acme to confirm")
	again.wants(again.submit(page, `form[action$="/delete"]`, map[string]string{"confirm": " acme "}), http.StatusOK, "The organisation is deleted")
	if there() {
		t.Error("it is still there")
	}
}
