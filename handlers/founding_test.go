package handlers_test

import (
	"net/http"
	"net/url"
	"testing"
)

// codeTo is the code in the newest mail to an address.
func (s *stack) codeTo(email string) string {
	s.t.Helper()
	var codes []string
	s.until("a code is mailed to "+email, func() bool { codes = s.codes(email); return len(codes) > 0 })
	return codes[0]
}

// organizations counts them.
func (s *stack) organizations() string { return s.one("SELECT COUNT(*) FROM customer_organizations") }

// found has somebody make an organisation and act for it, and returns its page.
func (b *browser) found(name, email string) *sheet {
	b.t.Helper()
	asked := b.wants(b.submit(b.get("/orgs"), `form[action="/orgs"]`, map[string]string{"name": name, "email": email}), http.StatusOK, "We mailed a code to "+email)
	return b.submit(asked, `form[action="/orgs/code"]`, map[string]string{"code": b.stack.codeTo(email)})
}

// TestNobodyTakesAnAddressThatHeDoesNotRead: an organisation is made by the code that was
// mailed to its address and by nothing else, since a provider keeps one customer to an
// address: its owner could never be one.
func TestNobodyTakesAnAddressThatHeDoesNotRead(t *testing.T) {
	s := start(t)
	eve, victim := s.browser(), s.browser()
	eve.signIn("eve@example.com")
	asked := eve.submit(eve.get("/orgs"), `form[action="/orgs"]`, map[string]string{"name": "Evil", "email": "victim@example.com"})
	eve.wants(asked, http.StatusOK, "We mailed a code to victim@example.com", "Nothing is created before")
	code := s.codeTo("victim@example.com")
	if again := eve.wants(eve.submit(asked, `form[action="/orgs/code"]`, map[string]string{"code": "2222-2222"}), http.StatusBadRequest, "4 tries"); again.Find(`form[action="/orgs/code"] [aria-invalid]`).Length() != 1 {
		t.Error("the field is not marked")
	}
	eve.wants(eve.post("/orgs/code", url.Values{"code": {"none"}}), http.StatusBadRequest, "eight letters and digits")
	if n := s.organizations(); n != "0" {
		t.Errorf("%s organisations were made without a code", n)
	}
	victim.signIn("victim@example.com") // by a code of his own
	if page := victim.post("/orgs/code", url.Values{"code": {code}}); page.status != http.StatusForbidden {
		t.Errorf("somebody else's code: %d", page.status)
	}
	// Even with the code the address stays his, who has an account.
	eve.wants(eve.post("/orgs/code", url.Values{"code": {code}}), http.StatusConflict, "somebody with an account here")
	eve.wants(eve.submit(eve.get("/orgs"), `form[action="/orgs/code/drop"]`, nil), http.StatusOK, "Billing e-mail")
	eve.wants(eve.post("/orgs/code", url.Values{"code": {code}}), http.StatusForbidden, "No organisation waits")
	if n := s.organizations(); n != "0" {
		t.Errorf("%s organisations were made", n)
	}
}

// TestACodeMakesOneOrganization: sent twice, by a double click or after a lost answer, it
// makes one, and the list shows it.
func TestACodeMakesOneOrganization(t *testing.T) {
	s := start(t)
	ada := s.browser()
	ada.signIn("ada@example.com")
	asked := ada.wants(ada.submit(ada.get("/orgs"), `form[action="/orgs"]`, map[string]string{"name": "Works", "email": "bills@works.example"}), http.StatusOK)
	code := s.codeTo("bills@works.example")
	ada.wants(ada.submit(asked, `form[action="/orgs/code"]`, map[string]string{"code": code}), http.StatusOK, "Works", "You act for")
	ada.wants(ada.submit(asked, `form[action="/orgs/code"]`, map[string]string{"code": code}), http.StatusForbidden, "Works")
	if n := s.organizations(); n != "1" {
		t.Errorf("%s organisations", n)
	}
}
