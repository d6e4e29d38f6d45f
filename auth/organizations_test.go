package auth

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// acme is an organisation and the browser of its owner.
func acme(t *testing.T, w *world) (db.Organization, *browser) {
	t.Helper()
	b := w.browser()
	b.signIn("ada@example.com")
	o, err := b.found("Acme & Söhne", "billing@example.com")
	if err != nil {
		t.Fatal(err)
	}
	return o, b
}

// found has the browser's user make an organisation, and the browser act for it.
func (b *browser) found(name, email string) (db.Organization, error) {
	if err := b.askOrg(name, email); err != nil {
		return db.Organization{}, err
	}
	return b.proveOrg(b.w.mailed(email))
}

// askOrg has a code mailed to the address of a new organisation.
func (b *browser) askOrg(name, email string) error {
	return b.do(b.request("POST", "/orgs"), func(w http.ResponseWriter, r *http.Request) error {
		return b.w.auth.AskOrganization(w, r, b.who(), name, email)
	})
}

// proveOrg makes the organisation that waits, by its code.
func (b *browser) proveOrg(code string) (o db.Organization, err error) {
	_ = b.do(b.request("POST", "/orgs/code"), func(w http.ResponseWriter, r *http.Request) error {
		o, err = b.w.auth.CreateOrganization(w, r, b.who(), code)
		return err
	})
	return o, err
}

// actFor has the browser act for an organisation.
func (b *browser) actFor(id string) error {
	return b.do(b.request("POST", "/orgs/act"), func(w http.ResponseWriter, r *http.Request) error {
		_, err := b.w.auth.ActFor(w, r, b.who(), id)
		return err
	})
}

// accept has the browser's user take up an invitation.
func (b *browser) accept(token string) error {
	return b.do(b.request("POST", "/invitations"), func(w http.ResponseWriter, r *http.Request) error {
		_, err := b.w.auth.Accept(w, r, b.who(), token)
		return err
	})
}

// invited is the token in the newest mail to an address.
func (w *world) invited(b *browser, o db.Organization, email string, role billing.Role) string {
	w.t.Helper()
	if err := w.auth.Invite(httptest.NewRequest("POST", "/", nil), b.who(), o, email, role); err != nil {
		w.t.Fatal(err)
	}
	return tokenIn(w.mailed(email))
}

func tokenIn(link string) string { return link[strings.Index(link, "token=")+len("token="):] }

func TestWhoActsForAnOrganizationPaysAsIt(t *testing.T) {
	w := newWorld(t)
	o, b := acme(t, w)
	if o.Slug != "acme-sohne" {
		t.Errorf("slug %q", o.Slug)
	}
	who := b.who()
	if who.CustomerID != o.ID || who.OrganizationID != o.ID || who.OrganizationName != "Acme & Söhne" || who.Role != billing.RoleOwner || !who.Bills() {
		t.Errorf("the owner is %+v", who)
	}
	if err := b.actFor(""); err != nil {
		t.Fatal(err)
	}
	if who = b.who(); who.CustomerID != who.UserID || who.Role != "" || !who.Bills() {
		t.Errorf("for himself he is %+v", who)
	}
	stranger := w.browser()
	stranger.signIn("eve@example.com")
	if err := stranger.actFor(o.ID); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("a stranger acts for it: %v", err)
	}
	same, err := stranger.found("Acme, Söhne", "billing@example.com")
	if err != nil || same.Slug == o.Slug || !strings.HasPrefix(same.Slug, "acme-sohne-") {
		t.Errorf("another of the same name: slug %q (%v)", same.Slug, err)
	}
}

// TestARemovedMemberLosesAccess (SEC-05, SEC-06): at his very next request.
func TestARemovedMemberLosesAccess(t *testing.T) {
	w := newWorld(t)
	o, owner := acme(t, w)
	b := w.browser()
	bob := b.signIn("bob@example.com")
	if err := b.accept(w.invited(owner, o, "bob@example.com", billing.RoleBillingManager)); err != nil {
		t.Fatal(err)
	}
	if who := b.who(); who.CustomerID != o.ID || !who.Bills() {
		t.Fatalf("a billing manager is %+v", who)
	}
	if err := w.store.ChangeRole(t.Context(), o.ID, bob.UserID, billing.RoleMember, owner.who().UserID, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if who := b.who(); who.CustomerID != o.ID || who.Bills() {
		t.Errorf("a member is %+v", who)
	}
	if err := w.store.RemoveMember(t.Context(), o.ID, bob.UserID, owner.who().UserID, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if who := b.who(); who.CustomerID != bob.UserID || who.OrganizationID != "" {
		t.Errorf("who was removed is %+v", who)
	}
}

func TestAnInvitationIsForOneAddressAndOneUse(t *testing.T) {
	tests := []struct {
		name string
		as   string // who accepts
		do   func(t *testing.T, w *world, o db.Organization, owner *browser)
		want error
	}{
		{"by whom it was sent to", "bob@example.com", nil, nil},
		{"by somebody else", "eve@example.com", nil, billing.ErrDenied},
		{"too late", "bob@example.com", func(_ *testing.T, w *world, _ db.Organization, _ *browser) { w.clock.pass(invitationLife) }, billing.ErrNotFound},
		{"revoked", "bob@example.com", func(t *testing.T, w *world, o db.Organization, owner *browser) {
			open, err := w.store.Invitations(t.Context(), o.ID, w.clock.Now())
			if err != nil || len(open) != 1 {
				t.Fatalf("%d open (%v)", len(open), err)
			}
			if err := w.store.RevokeInvitation(t.Context(), o.ID, open[0].ID, owner.who().UserID, w.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}, billing.ErrNotFound},
		{"sent again since", "bob@example.com", func(_ *testing.T, w *world, o db.Organization, owner *browser) {
			w.invited(owner, o, "bob@example.com", billing.RoleMember)
		}, billing.ErrNotFound},
		{"its sender was removed", "bob@example.com", func(t *testing.T, w *world, o db.Organization, owner *browser) {
			second := w.browser().signIn("second@example.com")
			if err := w.store.AddMember(t.Context(), o.ID, second.UserID, billing.RoleOwner, w.clock.Now()); err != nil {
				t.Fatal(err)
			}
			if err := w.store.RemoveMember(t.Context(), o.ID, owner.who().UserID, second.UserID, w.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}, billing.ErrNotFound},
		{"the organisation is gone", "bob@example.com", func(t *testing.T, w *world, o db.Organization, owner *browser) {
			if err := w.store.DeleteOrganization(t.Context(), o.ID, owner.who().UserID, w.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}, billing.ErrNotFound},
		{"by an address that was never proven", "bob@example.com", func(t *testing.T, w *world, _ db.Organization, _ *browser) {
			if _, err := w.raw.Exec(`UPDATE users SET email_verified_at = NULL WHERE email = 'bob@example.com'`); err != nil {
				t.Fatal(err)
			}
		}, billing.ErrDenied},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			o, owner := acme(t, w)
			token := w.invited(owner, o, "bob@example.com", billing.RoleMember)
			guest := w.browser()
			guest.signIn(test.as)
			if test.do != nil {
				test.do(t, w, o, owner)
			}
			err := guest.accept(token)
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if belongs := guest.who().OrganizationID == o.ID; belongs != (test.want == nil) {
				t.Errorf("he belongs to it: %v", belongs)
			}
			if test.want != nil {
				return
			}
			if err := guest.accept(token); !errors.Is(err, billing.ErrNotFound) {
				t.Errorf("used twice: %v", err)
			}
		})
	}
}

func TestAnInvitationAcceptedManyTimesAtOnce(t *testing.T) {
	w := newWorld(t)
	o, owner := acme(t, w)
	token := w.invited(owner, o, "bob@example.com", billing.RoleMember)
	b := w.browser()
	bob := b.signIn("bob@example.com")
	var mu sync.Mutex
	var all sync.WaitGroup
	accepted := 0
	for range 16 {
		all.Go(func() {
			if _, err := w.auth.Accept(httptest.NewRecorder(), b.request("POST", "/invitations"), bob, token); err == nil {
				mu.Lock()
				accepted++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if accepted != 1 {
		t.Errorf("accepted %d times, want once", accepted)
	}
}

func TestInvitationsAreLimited(t *testing.T) {
	w := newWorld(t)
	o, owner := acme(t, w)
	request := httptest.NewRequest("POST", "/", nil)
	for range invitationsToAddress {
		w.invited(owner, o, "bob@example.com", billing.RoleMember)
	}
	other, err := owner.found("Other", "billing@example.com")
	if err != nil {
		t.Fatal(err)
	}
	wantReason(t, w.auth.Invite(request, owner.who(), other, "Bob@Example.com", billing.RoleMember), TooMany)
	for i := range invitationsEach - invitationsToAddress {
		w.invited(owner, o, strings.Repeat("x", i+1)+"@example.com", billing.RoleMember)
	}
	wantReason(t, w.auth.Invite(request, owner.who(), o, "one-more@example.com", billing.RoleMember), TooMany)
	if open, err := w.store.Invitations(t.Context(), o.ID, w.clock.Now()); err != nil || len(open) != invitationsEach-invitationsToAddress+1 {
		t.Errorf("%d open (%v): one for each address", len(open), err)
	}
	w.clock.pass(invitationWindow + time.Minute)
	w.invited(owner, o, "bob@example.com", billing.RoleMember)
}

func TestWhatCannotBeInvited(t *testing.T) {
	w := newWorld(t)
	o, owner := acme(t, w)
	guest := w.browser()
	bob := guest.signIn("bob@example.com")
	if err := guest.accept(w.invited(owner, o, "bob@example.com", billing.RoleMember)); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, email string
		role        billing.Role
		by          Visitor
		want        error
	}{
		{"by a member", "x@example.com", billing.RoleMember, bob, billing.ErrDenied},
		{"a member", "bob@example.com", billing.RoleMember, owner.who(), billing.ErrConflict},
		{"as an owner", "x@example.com", billing.RoleOwner, owner.who(), billing.ErrInvalid},
		{"as nothing", "x@example.com", "admin", owner.who(), billing.ErrInvalid},
		{"no address", "x@example", billing.RoleMember, owner.who(), billing.ErrInvalid},
	}
	for _, test := range tests {
		err := w.auth.Invite(httptest.NewRequest("POST", "/", nil), test.by, o, test.email, test.role)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	for _, name := range []string{"", "  ", "Pay at https://evil.example", "www.evil.example", "a@b.example", "a\u202eb", strings.Repeat("x", 101)} {
		if _, err := owner.found(name, "billing@example.com"); !errors.Is(err, billing.ErrInvalid) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	if err := owner.askOrg("Mine", "Ada@example.com"); ReasonOf(err) == nil || ReasonOf(err).Reason != SameEmail {
		t.Errorf("with the owner's own address: %v", err)
	}
	unproven := bob
	unproven.EmailVerified = false
	if err := w.auth.AskOrganization(httptest.NewRecorder(), guest.request("POST", "/orgs"), unproven, "Mine", "billing@example.com"); !errors.Is(err, billing.ErrDenied) {
		t.Errorf("by an address that was never proven: %v", err)
	}
}

// TestActingForAnotherRenewsTheToken (SEC-06): whoever holds a copy of the cookie from
// before is nobody afterwards, in each direction, and by every way of beginning to act.
func TestActingForAnotherRenewsTheToken(t *testing.T) {
	w := newWorld(t)
	o, owner := acme(t, w)
	guest := w.browser()
	guest.signIn("bob@example.com")
	token := w.invited(owner, o, "bob@example.com", billing.RoleMember)
	tests := []struct {
		name  string
		b     *browser
		do    func() error
		actAs string
	}{
		{"back to himself", owner, func() error { return owner.actFor("") }, ""},
		{"to an organisation", owner, func() error { return owner.actFor(o.ID) }, o.ID},
		{"by making one", owner, func() error { made, err := owner.found("Other", "other@example.com"); o = made; return err }, "made"},
		{"by joining one", guest, func() error { return guest.accept(token) }, o.ID},
	}
	for _, test := range tests {
		before, signedIn := maps.Clone(test.b.cookies), test.b.who()
		if err := test.do(); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		want := test.actAs
		if want == "made" {
			want = o.ID
		}
		now := test.b.who()
		if now.SessionID != signedIn.SessionID || now.UserID != signedIn.UserID || now.OrganizationID != want || !now.ProvenAt.Equal(signedIn.ProvenAt) {
			t.Errorf("%s: went on as %+v", test.name, now)
		}
		thief := w.browser()
		thief.cookies = before
		if who := thief.who(); who.SignedIn() {
			t.Errorf("%s: the old token still counts, for %q", test.name, who.OrganizationID)
		}
	}
	// A refusal changes nothing.
	stranger := w.browser()
	stranger.signIn("eve@example.com")
	before := maps.Clone(stranger.cookies)
	if err := stranger.actFor(o.ID); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("a stranger acts for it: %v", err)
	}
	if !maps.Equal(before, stranger.cookies) || !stranger.who().SignedIn() {
		t.Error("a refused switch took the session away")
	}
}
