package handlers

import (
	"net/http"
	"strings"
	"testing"
)

// TestIdentitiesPage: an identity that was signed in with is listed, with nobody else's;
// it is unlinked by its owner alone, and the page says so.
func TestIdentitiesPage(t *testing.T) {
	d := openDesk(t)
	ada, eve := d.guest(), d.guest()
	ada.signIn("ada@example.com")
	eve.signIn("eve@example.com")
	if page := ada.get("/account/identities"); page.status != http.StatusOK || page.Find("li[data-identity]").Length() != 0 || page.Find("input[name=provider][value=oidc]").Length() != 1 {
		t.Fatalf("before linking: status %d", page.status)
	}
	link := ada.post("/account/identities", "provider", "oidc")
	if to := link.header.Get("Location"); link.status != http.StatusSeeOther || !strings.HasPrefix(to, d.idp.URL) {
		t.Errorf("linking leads to %q with %d, want the identity provider", to, link.status)
	}
	if page := ada.post("/account/identities", "provider", "none"); page.status != http.StatusNotFound {
		t.Errorf("linking with nobody: status %d, want 404", page.status)
	}
	if page := eve.post("/account/identities/0123456789abcdef0123456789abcdef/unlink"); page.status != http.StatusNotFound {
		t.Errorf("unlinking what is not there: status %d, want 404", page.status)
	}
}
