package auth

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"counterfoil/billing"
)

// beginLink lets the visitor begin to link an identity.
func (b *browser) beginLink(provider string) (string, error) {
	var target string
	err := b.do(b.request("POST", "/account/identities/"+provider), func(w http.ResponseWriter, r *http.Request) error {
		var err error
		target, err = b.w.auth.StartLink(w, r, ProviderStart{Provider: provider, Next: "/account/identities"})
		return err
	})
	return target, err
}

// link goes all the way.
func (b *browser) link(is *issuer) (Arrival, error) {
	target, err := b.beginLink("oidc")
	if err != nil {
		return Arrival{}, err
	}
	code, state := is.authorize(target)
	return b.back("oidc", url.Values{"code": {code}, "state": {state}})
}

func (b *browser) identities() []LinkedIdentity {
	b.w.t.Helper()
	list, err := b.w.auth.Identities(b.w.t.Context(), b.who())
	if err != nil {
		b.w.t.Fatal(err)
	}
	return list
}

func TestLinkAnIdentity(t *testing.T) {
	w, is := openIDWorld(t)
	is.claims = func(c map[string]any) { c["email"], c["email_verified"] = "else@example.com", false }
	ada := w.browser()
	who := ada.signIn("ada@example.com")
	for range 2 { // a second time changes nothing
		if arrival, err := ada.link(is); err != nil || !arrival.Linking || arrival.Next != "/account/identities" {
			t.Fatalf("link: %+v, %v", arrival, err)
		}
	}
	list := ada.identities()
	if len(list) != 1 || list[0].Provider != "oidc" || list[0].Name != "Example" || list[0].Subject != "subject-1" || list[0].Email != "else@example.com" {
		t.Fatalf("identities: %+v", list)
	}
	if now := ada.who(); now.SessionID != who.SessionID || now.Email != "ada@example.com" {
		t.Errorf("linking changed who is signed in: %+v", now)
	}
	other := w.browser()
	if _, err := other.through(is); err != nil || other.who().UserID != who.UserID {
		t.Errorf("the linked identity signs in %+v, %v", other.who(), err)
	}

	eve := w.browser()
	eve.signIn("eve@example.com")
	_, err := eve.link(is)
	wantReason(t, err, IdentityTaken)
	if len(eve.identities()) != 0 || len(ada.identities()) != 1 {
		t.Error("an identity moved to another user")
	}
	err = w.auth.Unlink(eve.request("POST", "/"), eve.who(), list[0].ID)
	if !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("unlinking another's identity: %v", err)
	}
}

func TestLinkingIsBoundToTheSession(t *testing.T) {
	w, is := openIDWorld(t)
	nobody := w.browser()
	if _, err := nobody.beginLink("oidc"); !errors.Is(err, billing.ErrDenied) {
		t.Errorf("nobody began to link: %v", err)
	}
	ada := w.browser()
	ada.signIn("ada@example.com")
	target, err := ada.beginLink("oidc")
	if err != nil {
		t.Fatal(err)
	}
	code, state := is.authorize(target)
	answer := url.Values{"code": {code}, "state": {state}}

	eve := w.browser()
	eve.signIn("eve@example.com")
	_, err = eve.back("oidc", answer)
	wantReason(t, err, ForeignBrowser)

	// The same browser, signed in anew in between: it is another session.
	ada.signIn("ada@example.com")
	_, err = ada.back("oidc", answer)
	wantReason(t, err, ForeignBrowser)
	if w.count(`SELECT COUNT(*) FROM identities`) != 0 {
		t.Error("an identity was linked from another session")
	}
}

func TestNothingIsLinkedToAnAddressNobodyHasProven(t *testing.T) {
	w, is := openIDWorld(t)
	b := w.browser()
	b.signIn("ada@example.com")
	target, err := b.beginLink("oidc")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.raw.Exec(`UPDATE users SET email_verified_at = NULL`); err != nil {
		t.Fatal(err)
	}
	code, state := is.authorize(target)
	_, err = b.back("oidc", url.Values{"code": {code}, "state": {state}})
	wantReason(t, err, IdentityTaken)
	_, err = b.beginLink("oidc")
	wantReason(t, err, UnprovenAddress)
	if w.count(`SELECT COUNT(*) FROM identities`) != 0 {
		t.Error("an identity was linked")
	}
}

func TestUnlinkNeverTakesTheLastWayIn(t *testing.T) {
	is := newIssuer(t)
	w := newWorld(t, func(c *Config) { c.Providers, c.Ways = []ProviderConfig{is.config()}, []Way{} })
	b := w.browser()
	if _, err := b.through(is); err != nil {
		t.Fatal(err)
	}
	unlink := func(id string) error { return w.auth.Unlink(b.request("POST", "/"), b.who(), id) }
	first := b.identities()[0].ID
	wantReason(t, unlink(first), LastWayIn)
	is.claims = func(c map[string]any) { c["sub"] = "subject-2" }
	if _, err := b.link(is); err != nil {
		t.Fatal(err)
	}
	if err := unlink(first); err != nil {
		t.Errorf("one of two: %v", err)
	}
	if left := b.identities(); len(left) != 1 || left[0].Subject != "subject-2" || !b.who().SignedIn() {
		t.Errorf("left: %+v", left)
	}
	if err := unlink(first); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
}

func TestUnlinkWhereMailLetsIn(t *testing.T) {
	w, is := openIDWorld(t)
	b := w.browser()
	if _, err := b.through(is); err != nil {
		t.Fatal(err)
	}
	if err := w.auth.Unlink(b.request("POST", "/"), b.who(), b.identities()[0].ID); err != nil {
		t.Error(err)
	}
}

// The callback is reached only where the sign-in began for.
func TestCallbackOfAnotherPathIsRefused(t *testing.T) {
	w, is := openIDWorld(t)
	b := w.browser()
	var target string
	err := b.do(b.request("POST", "/api/auth/sign-in/social"), func(rw http.ResponseWriter, r *http.Request) error {
		var err error
		target, err = w.auth.StartProvider(rw, r, ProviderStart{Provider: "oidc", Callback: "/api/auth/callback/oidc"})
		return err
	})
	if err != nil || queryOf(t, target).Get("redirect_uri") != base+"/api/auth/callback/oidc" {
		t.Fatalf("%s, %v", target, err)
	}
	code, state := is.authorize(target)
	answer := url.Values{"code": {code}, "state": {state}}
	_, err = b.back("oidc", answer)
	wantReason(t, err, ForeignBrowser)
	if b.who().SignedIn() {
		t.Error("it signed in")
	}
}
