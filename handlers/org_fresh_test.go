package handlers_test

import (
	"net/url"
	"testing"
)

// TestAnInvitationNeedsAFreshProof (SEC-06): who has taken over a session must not let
// himself into an organisation by inviting an address of his own, as he may not by giving
// somebody another role.
func TestAnInvitationNeedsAFreshProof(t *testing.T) {
	a := openAcme(t)
	invite := url.Values{"email": {"mallory@example.com"}, "role": {"billing_manager"}}
	a.age()
	if page := a.owner.post(a.page+"/invitations", invite); page.url.Path != "/account/confirm" {
		t.Errorf("an old proof led to %s", page.url)
	}
	if n := a.one(`SELECT COUNT(*) FROM invitations WHERE email = 'mallory@example.com'`); n != "0" {
		t.Errorf("%s invitations were sent on an old proof", n)
	}
}
