package auth

import (
	"net/http"
	"testing"
)

// A provider's word for an address is a first step like any other: who cannot do the
// second one ties no identity of his to the account, where it would outlive his hold on
// the mailbox.
func TestAnIdentityIsLinkedByTheSecondStep(t *testing.T) {
	is := newIssuer(t)
	w := noticed(t, func(c *Config) { c.Providers = []ProviderConfig{is.config()} })
	ada := w.browser()
	who := ada.signIn("ada@example.com")
	a, _ := ada.enrol(t)

	b := w.browser()
	arrival, err := b.through(is)
	if err != nil || !arrival.Second {
		t.Fatalf("first step: %+v, %v", arrival, err)
	}
	if n := w.count(`SELECT COUNT(*) FROM identities`); n != 0 {
		t.Errorf("%d identities are linked by the first step alone", n)
	}
	if w.count(`SELECT COUNT(*) FROM users WHERE name <> ''`) != 0 {
		t.Error("the first step alone named the user")
	}
	if _, err := b.second(a.shows(t, 0)); err != nil || b.who().UserID != who.UserID {
		t.Fatalf("second step: %+v, %v", b.who(), err)
	}
	if list := b.identities(); len(list) != 1 || list[0].Subject != "subject-1" {
		t.Errorf("linked by both steps: %+v", list)
	}
	if got := w.told(EventIdentityLinked, "ada@example.com"); got != 1 {
		t.Errorf("%d mails say that an identity was linked, want 1", got)
	}
}

// What waited for the second step is gone when another took the identity meanwhile.
func TestAnIdentityThatWaitsForTheSecondStepMovesToNobody(t *testing.T) {
	w, is := openIDWorld(t)
	ada := w.browser()
	ada.signIn("ada@example.com")
	a, _ := ada.enrol(t)
	b := w.browser()
	if _, err := b.through(is); err != nil {
		t.Fatal(err)
	}
	bob := w.browser()
	bob.signIn("bob@example.com")
	if _, err := bob.link(is); err != nil {
		t.Fatal(err)
	}
	if _, err := b.second(a.shows(t, 0)); err != nil || b.who().Email != "ada@example.com" {
		t.Fatalf("second step: %+v, %v", b.who(), err)
	}
	if len(b.identities()) != 0 || len(bob.identities()) != 1 {
		t.Error("the identity moved")
	}
}

// The owner of an account hears of every identity that comes to it, also of one that was
// linked because its provider, or a mailed code, proved his address.
func TestTheOwnerIsToldOfAnIdentityThatIsLinkedByHisAddress(t *testing.T) {
	is := newIssuer(t)
	w := noticed(t, func(c *Config) { c.Providers = []ProviderConfig{is.config()} })
	ada := w.browser()
	ada.signIn("ada@example.com")
	for range 2 {
		if _, err := w.browser().through(is); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.told(EventIdentityLinked, "ada@example.com"); got != 1 {
		t.Errorf("by the provider's word: %d mails, want 1", got)
	}

	is.claims = func(c map[string]any) { c["sub"], c["email_verified"] = "subject-2", false }
	b := w.browser()
	_, err := b.through(is)
	wantReason(t, err, UnverifiedEmail)
	err = b.do(b.request("POST", "/login/prove"), func(rw http.ResponseWriter, r *http.Request) error {
		return w.auth.AskProof(rw, r, "ada@example.com")
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.enter("", w.mailed("ada@example.com")); err != nil {
		t.Fatal(err)
	}
	if got := w.told(EventIdentityLinked, "ada@example.com"); got != 2 {
		t.Errorf("by a mailed code: %d mails in all, want 2", got)
	}
	is.claims = func(c map[string]any) { c["sub"], c["email"] = "subject-3", "new@example.com" }
	if _, err := w.browser().through(is); err != nil {
		t.Fatal(err)
	}
	if w.told(EventIdentityLinked, "new@example.com") != 0 {
		t.Error("who signs up by an identity is told of it")
	}
}
